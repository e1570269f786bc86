import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { pageQuery } from "../../http/paging.ts";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import { BLOCK_RULES } from "./decision.ts";
import { ANY_COUNTRY, CONSENT_BASES, type PolicyPack, PURPOSES, type Weekday } from "./pack.ts";
import { findTemplate } from "./packs/templates.ts";
import type { Policy } from "./store.ts";

const MINUTE = /^([01]\d|2[0-3]):[0-5]\d$/;
const range = z
  .strictObject({
    from: z.string().regex(MINUTE, FIELD_SENTENCES.clock),
    to: z.union([z.literal("24:00"), z.string().regex(MINUTE, FIELD_SENTENCES.clock)]),
  })
  .refine(({ from, to }) => from < to, { message: FIELD_SENTENCES.hoursBackwards, path: ["to"] })
  .meta({ id: "PolicyHours" });
const dayRanges = z.array(range).max(6);
const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
const windowFields = z.strictObject({
  monday: dayRanges,
  tuesday: dayRanges,
  wednesday: dayRanges,
  thursday: dayRanges,
  friday: dayRanges,
  saturday: dayRanges,
  sunday: dayRanges,
});
const date = z.iso.date();
const cap = z
  .strictObject({
    per: z.enum(["number", "debt"]),
    max: z.int().min(1).max(100),
    within_days: z.int().min(1).max(30).optional().meta({ description: "Any so many days running" }),
    within_calendar: z.enum(["day", "week", "month"]).optional().meta({ description: "Of the callee's calendar" }),
  })
  .refine((given) => (given.within_days === undefined) !== (given.within_calendar === undefined), {
    message: "takes either within_days or within_calendar",
    path: ["within_days"],
  });
const line = z.string().trim().min(1).max(300);

const packFields = z.strictObject({
  title: line,
  sources: z.array(line).max(50).meta({ description: "Where the rules were read" }),
  countries: z
    .array(z.union([z.literal(ANY_COUNTRY), z.string().regex(/^[A-Z]{2}$/, "must be an ISO 3166 country")]))
    .min(1)
    .max(250)
    .meta({ description: "Numbers of other countries are not called; `*` is any" }),
  windows: windowFields.meta({ description: "In every zone where the callee may be" }),
  holidays: z.strictObject({
    dates: z.array(date).max(1_000),
    windows: dayRanges.meta({ description: "What holds on them in place of the weekday's" }),
    known_until: date
      .nullable()
      .meta({ description: "After it nobody is called until the calendar goes on; null: never" }),
  }),
  margin_minutes: z.int().min(0).max(120).meta({ description: "Kept from both ends of every window" }),
  caps: z.array(cap).max(20).meta({ description: "Over all campaigns and single calls of the tenant" }),
  after_conversation_days: z.int().min(1).max(30).nullable(),
  after_abandoned_hours: z.int().min(1).max(720).nullable(),
  ring_seconds_min: z.int().min(5).max(60),
  consent: z.enum(CONSENT_BASES).meta({ description: "The weakest grounds that suffice" }),
  recording_notice: z.boolean(),
  caller_id: z.strictObject({ required: z.boolean(), mobile_allowed: z.boolean(), rotation_allowed: z.boolean() }),
  abandoned_share_max: z.number().min(0).max(0.1),
  holds_by_hand: z.boolean().meta({ description: "Whether its hours hold for click-to-call, whatever the project" }),
});
const packChanges = packFields.partial();

const nameField = z.string().trim().min(1).max(120);

export const newPolicy = z.strictObject({
  name: nameField,
  template: z.string().max(40).meta({ description: "A key of GET /api/v1/dialer/policy-templates" }),
  pack: packChanges.default({}).meta({ description: "What is to be otherwise than in the template" }),
});
export const policyChange = z.strictObject({ name: nameField.optional(), pack: packChanges.optional() });
export const acknowledgement = z.strictObject({
  version: z.int().min(1).meta({ description: "The version that was read" }),
  name: z.string().trim().min(3).max(200).meta({ description: "Of the person who has reviewed it and answers for it" }),
  reviewed: z.literal(true).meta({ description: "Said outright" }),
});
export const consentBody = z.strictObject({
  basis: z.enum(CONSENT_BASES),
  evidence: z.string().trim().min(3).max(2_000).meta({ description: "Where and when it was given, in words" }),
});
export const consentAnswer = z
  .object({ basis: z.enum(CONSENT_BASES), evidence: z.string(), stated_by: z.string(), stated_at: instantField })
  .meta({ id: "ProjectConsent" });

const packAnswer = packFields
  .extend({ jurisdiction: z.string(), purpose: z.enum(PURPOSES) })
  .meta({ id: "PolicyPack" });

const titleCode = z.string().nullable().meta({
  description: "Which sentence the pack's title is, for consoles in other languages; null: somebody's own words",
});

export const templateAnswer = z
  .object({ key: z.string(), status: z.literal("unreviewed"), title_code: titleCode, pack: packAnswer })
  .meta({ id: "PolicyTemplate" });
export const templateList = z.object({ items: z.array(templateAnswer) });

export const policyAnswer = z
  .object({
    id: z.string(),
    name: z.string(),
    template: z.string(),
    version: z.int(),
    status: z.enum(["unreviewed", "acknowledged"]).meta({ description: "Nobody is called under an unreviewed one" }),
    acknowledged_by: z.string().nullable(),
    acknowledged_name: z.string().nullable(),
    acknowledged_at: instantField.nullable(),
    title_code: titleCode,
    pack: packAnswer,
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Policy" });

export const whyQuery = z.object({
  number: z.string().trim().min(3).max(40),
  project_id: rowIdField
    .optional()
    .meta({ description: "Also say what would be decided now for a call of this project" }),
  campaign_id: rowIdField.optional(),
  limit: pageQuery.limit,
});

const ruleField = z.enum(BLOCK_RULES);
const inputs = z.record(z.string(), z.unknown()).meta({ description: "What the rule looked at" });
const policyVersion = z
  .string()
  .nullable()
  .meta({ description: "`<policy>@<version>`; see /api/v1/dialer/policies/{id}/versions/{version}" });
const where = {
  project_id: z.string(),
  campaign_id: z.string().nullable(),
  contact_id: z.string().nullable(),
  source: z.string(),
};

export const whyAnswer = z
  .object({
    number: z.string(),
    country: z.string().nullable(),
    zones: z.array(z.string()).meta({ description: "Where the callee may be, as far as the number tells" }),
    now: z
      .object({
        allowed: z.boolean(),
        rule: ruleField.nullable(),
        final: z.boolean(),
        next_at: instantField.nullable(),
        policy_version: policyVersion,
        checks: z.array(
          z.object({
            rule: ruleField,
            passed: z.boolean(),
            final: z.boolean(),
            next_at: instantField.nullable(),
            inputs,
          }),
        ),
      })
      .nullable()
      .meta({ description: "With project_id: what would be decided at this moment; nothing is counted by asking" }),
    calls: z.array(
      z.object({
        ...{ attempt_id: z.string(), at: instantField, ...where },
        ...{ caller_id: z.string().nullable(), policy_version: policyVersion, inputs },
        counted: z.boolean().meta({ description: "false: it never reached the person's line" }),
        disposition: z.string().nullable(),
      }),
    ),
    blocks: z.array(
      z.object({
        ...{
          rule: ruleField,
          final: z.boolean(),
          next_at: instantField.nullable(),
          ...where,
          policy_version: policyVersion,
          inputs,
        },
        ...{ times: z.int(), first_at: instantField, last_at: instantField },
      }),
    ),
  })
  .meta({ id: "Why" });

type PackBody = z.output<typeof packChanges>;

/** What is on the wire in the dialer's words; what is not said is not there. */
export function toPackChanges(body: PackBody): Partial<PolicyPack> {
  const given: Partial<Record<keyof PolicyPack, unknown>> = {
    ...{ title: body.title, sources: body.sources, countries: body.countries, marginMinutes: body.margin_minutes },
    ...{ afterConversationDays: body.after_conversation_days, afterAbandonedHours: body.after_abandoned_hours },
    ...{ ringSecondsMin: body.ring_seconds_min, consent: body.consent, recordingNotice: body.recording_notice },
    ...{ abandonedShareMax: body.abandoned_share_max, holdsByHand: body.holds_by_hand },
    windows:
      body.windows && Object.fromEntries(WEEKDAYS.map((name, weekday) => [weekday, body.windows?.[name].map(toRange)])),
    holidays: body.holidays && {
      dates: [...new Set(body.holidays.dates)].sort(),
      windows: body.holidays.windows.map(toRange),
      knownUntil: body.holidays.known_until,
    },
    caps: body.caps?.map(({ per, max, within_days: days, within_calendar: calendar }) => ({
      ...{ per, max, within: days === undefined ? { calendar } : { days } },
    })),
    callerId: body.caller_id && {
      required: body.caller_id.required,
      mobileAllowed: body.caller_id.mobile_allowed,
      rotationAllowed: body.caller_id.rotation_allowed,
    },
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Partial<PolicyPack>;
}

const toRange = ({ from, to }: z.output<typeof range>) => ({ from: toMinute(from), to: toMinute(to) });
const toMinute = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
const toClock = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
const toRangeAnswer = ({ from, to }: { from: number; to: number }) => ({ from: toClock(from), to: toClock(to) });

export function toPackAnswer(pack: PolicyPack): z.output<typeof packAnswer> {
  const day = (weekday: Weekday) => pack.windows[weekday].map(toRangeAnswer);
  return {
    ...{ jurisdiction: pack.jurisdiction, purpose: pack.purpose, title: pack.title, sources: [...pack.sources] },
    countries: [...pack.countries],
    windows: {
      ...{
        monday: day(1),
        tuesday: day(2),
        wednesday: day(3),
        thursday: day(4),
        friday: day(5),
        saturday: day(6),
        sunday: day(0),
      },
    },
    holidays: {
      dates: [...pack.holidays.dates],
      windows: pack.holidays.windows.map(toRangeAnswer),
      known_until: pack.holidays.knownUntil,
    },
    margin_minutes: pack.marginMinutes,
    caps: pack.caps.map(({ per, max, within }) =>
      "days" in within ? { per, max, within_days: within.days } : { per, max, within_calendar: within.calendar },
    ),
    after_conversation_days: pack.afterConversationDays,
    after_abandoned_hours: pack.afterAbandonedHours,
    ring_seconds_min: pack.ringSecondsMin,
    consent: pack.consent,
    recording_notice: pack.recordingNotice,
    caller_id: {
      required: pack.callerId.required,
      mobile_allowed: pack.callerId.mobileAllowed,
      rotation_allowed: pack.callerId.rotationAllowed,
    },
    abandoned_share_max: pack.abandonedShareMax,
    holds_by_hand: pack.holdsByHand ?? false,
  };
}

/** Of a title that is still the template's. */
export const toTitleCode = (template: string, { title }: PolicyPack): string | null =>
  findTemplate(template)?.pack.title === title ? `policy.${template}` : null;

export function toPolicyAnswer(policy: Policy): z.output<typeof policyAnswer> {
  const { id, name, template, version, acknowledgedAt } = policy;
  return {
    ...{ id, name, template, version, status: acknowledgedAt === null ? "unreviewed" : "acknowledged" },
    acknowledged_by: policy.acknowledgedBy,
    acknowledged_name: policy.acknowledgedName,
    acknowledged_at: toInstant(acknowledgedAt),
    title_code: toTitleCode(template, policy.pack),
    pack: toPackAnswer(policy.pack),
    created_at: toInstant(policy.createdAt),
    updated_at: toInstant(policy.updatedAt),
  };
}
