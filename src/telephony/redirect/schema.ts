import { z } from "zod";
import { pageQuery } from "../../http/paging.ts";
import { instantField, rowIdField } from "../../http/wire.ts";
import { ALGORITHMS, DEFAULT_DIAL_PLAN, REDIRECT_MODES, type RedirectLine, type RedirectSettings } from "./settings.ts";

const LINES_MAX = 500;
const INTERNAL_IDS_MAX = 10_000;
const extensionKey = z.string().regex(/^\d{2,10}$/, "must be an extension");
const order = z.int().min(0).max(99);
const text = z.string().trim().max(60).default("");

const line = z
  .strictObject({
    enabled: z.boolean().default(true).meta({ description: "Otherwise neither names nor routing" }),
    do_routing: z.boolean().default(true).meta({ description: "Whether calls are sent to a person" }),
    algorithm: z
      .enum(ALGORITHMS)
      .default("last_call")
      .meta({ description: "Who talked with the number first or last, or who is responsible in the CRM" }),
    send_customer_name: z.boolean().default(true),
    send_line_name: z.boolean().default(false),
    send_shop_name: z.boolean().default(false),
    customer_name_order: order.default(1),
    line_name_order: order.default(2),
    shop_name_order: order.default(3),
    line_name: text,
    shop_name: text,
    fallback: z
      .string()
      .regex(/^\d{2,10}$/, "must be an extension or a queue")
      .nullable()
      .default(null)
      .meta({ description: "Extension or queue for callers whom nobody is responsible for" }),
  })
  .meta({ id: "RedirectLine" });

const dialPlan = z
  .string()
  .max(100)
  .regex(/^(?:[A-Za-z0-9_.@-]|\$\{(?:internal_id|extension|trunk)\})+$/, "is not a context with known placeholders")
  .refine((value) => /\$\{(internal_id|extension)\}/.test(value), "must name internal_id or extension");

export const settingsBody = z
  .strictObject({
    mode: z.enum(REDIRECT_MODES).default("routing+name"),
    dial_plan: dialPlan.default(DEFAULT_DIAL_PLAN).meta({
      description: "What getcustomerdata answers as DialPlan, with the placeholders internal_id, extension and trunk",
    }),
    internal_ids: z
      .record(extensionKey, z.int().min(0).max(2_147_483_647))
      .refine((ids) => Object.keys(ids).length <= INTERNAL_IDS_MAX, `at most ${INTERNAL_IDS_MAX}`)
      .default({})
      .meta({ description: "Extension → number in generated contexts; an extension not listed goes by itself" }),
    connection_id: rowIdField
      .nullable()
      .default(null)
      .meta({ description: "Connection that is asked for customers; null: the first that can tell" }),
    lines: z
      .record(
        z.string().regex(/^(?:gsm:\d{1,20}|sip:[A-Za-z0-9_.-]{1,64})$/, "must be gsm:<digits> or sip:<name>"),
        line,
      )
      .refine((lines) => Object.keys(lines).length <= LINES_MAX, `at most ${LINES_MAX}`)
      .default({})
      .meta({ description: "By TrunkId: gsm:0009001 when it is all digits, else sip:sip-line-1" }),
    default_line: line
      .nullable()
      .default(null)
      .meta({ description: "For lines not listed; null: they are left alone" }),
  })
  .meta({ id: "SmartRedirect" });
export type SettingsBody = z.output<typeof settingsBody>;

/** What is on the wire and in the store, in our words. */
export function toSettings(body: SettingsBody): RedirectSettings {
  return {
    mode: body.mode,
    dialPlan: body.dial_plan,
    internalIds: body.internal_ids,
    connectionId: body.connection_id,
    lines: Object.fromEntries(Object.entries(body.lines).map(([key, value]) => [key, toLine(value)])),
    defaultLine: body.default_line && toLine(body.default_line),
  };
}

function toLine(body: z.output<typeof line>): RedirectLine {
  return {
    enabled: body.enabled,
    doRouting: body.do_routing,
    algorithm: body.algorithm,
    customerName: { send: body.send_customer_name, order: body.customer_name_order },
    lineName: { send: body.send_line_name, order: body.line_name_order, text: body.line_name },
    shopName: { send: body.send_shop_name, order: body.shop_name_order, text: body.shop_name },
    fallback: body.fallback,
  };
}

const phone = z.string().trim().min(1).max(40);
const trunk = z.string().trim().max(64).default("");
const step = z.object({
  step: z.string().meta({ description: "What was looked at" }),
  said: z.string().meta({ description: "What came of it" }),
});

export const testBody = z.strictObject({
  phone,
  trunk: trunk.meta({ description: "TrunkId, as the dialplan sends it" }),
  fresh: z.boolean().default(false).meta({ description: "Ask anew instead of taking what is remembered" }),
});

const decisionFields = {
  mode: z.string(),
  reason: z.string().meta({ description: "off, line_disabled, responsible, last_call, fallback, nobody …" }),
  name: z.string(),
  extension: z.string().nullable(),
  dial_plan: z.string().nullable(),
  duration_ms: z.int(),
  steps: z.array(step),
};
export const testAnswer = z.object(decisionFields).meta({ id: "RedirectTest" });

export const decisionItem = z
  .object({
    id: z.string(),
    at: instantField,
    source: z.string().meta({ description: "Who asked: getcustomerdata, smart-redirect or agi" }),
    unique_id: z.string(),
    phone: z.string(),
    trunk: z.string(),
    ...decisionFields,
  })
  .meta({ id: "RedirectDecision" });
export type DecisionItem = z.output<typeof decisionItem>;

export const decisionQuery = z.object({
  ...pageQuery,
  phone: z.string().max(40).optional(),
  reason: z.string().max(40).optional(),
});

export const redirectBody = z.object({
  unique_id: z
    .string()
    .regex(/^[A-Za-z0-9._:@-]{1,100}$/, "is not the id of a call")
    .meta({ description: "Uniqueid, or call_uuid" }),
  phone: phone.optional().meta({ description: "By default the call's caller" }),
  trunk: trunk.meta({ description: "By default the call's trunk" }),
});

export const redirectAnswer = z.object({
  redirected: z.boolean(),
  extension: z.string().nullable(),
  name: z.string(),
  reason: z.string(),
});
