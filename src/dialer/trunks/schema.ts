import { isIP } from "node:net";
import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { toWording } from "../../core/sentence.ts";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import { toWireWords, toWordFields } from "../../kit/word-fields.ts";
import type { TrunkFile } from "./file-store.ts";
import { isConfigValue } from "./pjsip.ts";
import type { StoredTrunk } from "./store.ts";
import type { NewTrunkFields, TrunkFields } from "./trunks.ts";

/** Stands for a stored secret in an answer; sent back it means the stored one. */
export const MASK = "••••";
const DEFAULT_TEMPLATE = "PJSIP/$" + "{number}@$" + "{trunk}";

const name = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, "may have 40 letters, digits, _ and -")
  .meta({ description: "As Asterisk knows its endpoint or peer" });
const host = z
  .string()
  .refine((text) => isIP(text) !== 0 || /^(?!-)[A-Za-z0-9.-]{1,253}$/.test(text), FIELD_SENTENCES.host);
const username = z.string().regex(/^[A-Za-z0-9._+-]{1,80}$/, "may have 80 letters, digits and . _ + -");
const password = z
  .string()
  .min(1)
  .max(200)
  .refine((text) => text === MASK || isConfigValue(text), "must be one line of ASCII without brackets")
  .nullable()
  .meta({ description: "Never shown" });
const context = z.string().regex(/^[A-Za-z0-9_.-]{1,79}$/, FIELD_SENTENCES.context);
const account = z
  .strictObject({
    host,
    port: z.int().min(1).max(65_535).default(5060),
    username: username.nullable().default(null),
    register: z.boolean().default(false).meta({ description: "Whether the PBX logs in at the carrier" }),
    context: context.default("from-trunk").meta({ description: "Where calls from the carrier arrive" }),
  })
  .nullable()
  .meta({
    description: "Enlace writes the trunk's PJSIP objects (docs/trunks.md); null: the PBX has the trunk already",
  });

const fields = {
  name,
  dial_template: z
    .string()
    .max(200)
    .meta({ description: "Channel that dials: placeholders number, trunk, prefix", examples: [DEFAULT_TEMPLATE] }),
  per_second: z
    .number()
    .min(0.001)
    .max(1000)
    .nullable()
    .meta({ description: "Calls started; null: no limit of its own" }),
  channels_max: z.int().min(1).max(100_000).meta({ description: "Calls at once" }),
  caller_id: z
    .string()
    .regex(/^\+?\d{2,20}$/, FIELD_SENTENCES.digits)
    .nullable(),
  enabled: z.boolean(),
  account,
  password,
};

export const newTrunk = z.strictObject({
  ...fields,
  pbx_id: rowIdField.optional().meta({ description: "By default the tenant's only PBX" }),
  dial_template: fields.dial_template.default(DEFAULT_TEMPLATE),
  per_second: fields.per_second.default(null),
  channels_max: fields.channels_max.default(20),
  caller_id: fields.caller_id.default(null),
  enabled: fields.enabled.default(true),
  account: account.default(null),
  password: password.default(null),
});

export const trunkChange = z.strictObject(fields).partial();

export const trunkAnswer = z
  .object({
    id: z.string(),
    pbx_id: z.string(),
    name: z.string(),
    dial_template: z.string(),
    per_second: z.number().nullable(),
    channels_max: z.int(),
    caller_id: z.string().nullable(),
    enabled: z.boolean(),
    account: z
      .object({
        host: z.string(),
        port: z.int(),
        username: z.string().nullable(),
        register: z.boolean(),
        context: z.string(),
      })
      .nullable(),
    password: z.literal(MASK).nullable().meta({ description: "Never shown; sent back it means the stored one" }),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Trunk" });

export function toTrunkAnswer(trunk: StoredTrunk): z.infer<typeof trunkAnswer> {
  const { id, name, enabled, account } = trunk;
  return {
    ...{ id, name, enabled, account },
    pbx_id: trunk.pbxId,
    dial_template: trunk.dialTemplate,
    per_second: trunk.perSecond,
    channels_max: trunk.channelsMax,
    caller_id: trunk.callerId,
    password: trunk.sealedPassword === null ? null : MASK,
    created_at: toInstant(trunk.createdAt),
    updated_at: toInstant(trunk.updatedAt),
  };
}

export function toNewFields(body: z.output<typeof newTrunk>): NewTrunkFields {
  const { pbx_id, dial_template, per_second, channels_max, caller_id, ...rest } = body;
  return {
    ...rest,
    pbxId: pbx_id ?? null,
    dialTemplate: dial_template,
    perSecond: per_second,
    channelsMax: channels_max,
    callerId: caller_id,
  };
}

/** Only what was sent: a field left out stays as it is, and so does a password that comes back masked. */
export function toChangedFields(body: z.output<typeof trunkChange>): Partial<Omit<TrunkFields, "pbxId">> {
  const { dial_template, per_second, channels_max, caller_id, password, ...rest } = body;
  const changed = {
    ...rest,
    dialTemplate: dial_template,
    perSecond: per_second,
    channelsMax: channels_max,
    callerId: caller_id,
    password: password === MASK ? undefined : password,
  };
  return Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
}

/** A path without `..` and other surprises. */
const folder = z
  .string()
  .max(500)
  .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[^/\p{Cc}]+)+$/u, FIELD_SENTENCES.path);

export const trunkFileBody = z.strictObject({
  folder: folder
    .nullable()
    .meta({ description: "Folder of Enlace's machine that the PBX's pjsip.conf includes; null: nothing is written" }),
  reload: z
    .enum(["ami", "pbx"])
    .default("ami")
    .meta({ description: "Who has the PBX read it: Enlace over AMI, or the PBX watches the file by itself" }),
});

export const trunkFileAnswer = z
  .object({
    folder: z.string().nullable(),
    file: z.string().nullable().meta({ description: "Its name in the folder" }),
    reload: z.enum(["ami", "pbx"]),
    state: z.enum(["none", "due", "settled"]),
    changed_at: instantField.nullable(),
    published_at: instantField.nullable(),
    problem: z
      .string()
      .nullable()
      .meta({ description: "Why the last try failed; it is tried again every half minute" }),
    ...toWordFields("problem"),
  })
  .meta({ id: "PbxTrunkFile" });

export function toTrunkFileAnswer(file: TrunkFile | null, fileName: string): z.infer<typeof trunkFileAnswer> {
  if (!file)
    return {
      ...{
        folder: null,
        file: null,
        reload: "ami",
        state: "none",
        changed_at: null,
        published_at: null,
        problem: null,
        ...toWireWords("problem", null),
      },
    };
  const { folder, reload, changedAt, publishedAt, problem, problemWords } = file;
  const isSettled = publishedAt !== null && publishedAt >= changedAt;
  return {
    ...{ folder, file: fileName, reload, problem },
    ...toWireWords("problem", toWording(problem, problemWords)),
    state: isSettled ? "settled" : "due",
    changed_at: toInstant(changedAt),
    published_at: toInstant(publishedAt),
  };
}
