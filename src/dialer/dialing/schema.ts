import { z } from "zod";
import { DISPOSITIONS, OUTCOME_SOURCES } from "../../core/disposition.ts";
import { pageQuery, toPageSchema } from "../../http/paging.ts";
import { instantField, rowIdField, toInstant } from "../../http/wire.ts";
import type { DialAttempt } from "../attempt.ts";
import type { DialerLimits } from "./limits-store.ts";
import type { LiveState } from "./live-state.ts";

const attemptId = z.string().regex(/^d[0-9a-f]{24}$/, "is not an attempt's id");
const nullableInstant = instantField.nullable();
const nullableSeconds = z.int().nullable();

export const attemptParams = z.object({ id: attemptId });

export const dialBody = z.object({
  project_id: rowIdField,
  number: z
    .string()
    .min(1)
    .max(40)
    .meta({ description: "As a person writes it", examples: ["+34 600 000 001"] }),
  variables: z
    .record(z.string(), z.string())
    .default({})
    .meta({ description: "For what is said, for the rules (`consent_basis`, `time_zone`) and for the webhook" }),
  test: z.boolean().default(false).meta({
    description: "A call to one's own phone: of the rules only the do-not-call list holds, and it is not tried again",
  }),
});

export const dialHeaders = z.object({
  "idempotency-key": z
    .string()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "The same key means the same call, however often it is sent; kept for two days" }),
});

export const dialAnswer = z.object({
  attempt_id: z.string(),
  is_new: z.boolean().meta({ description: "False: the key stands for a call that was asked for before" }),
});

export const attemptItem = z
  .object({
    id: z.string().meta({ description: "Also the call's Linkedid; behind the PBX's prefix its call_uuid" }),
    project_id: z.string(),
    campaign_id: z.string().nullable(),
    contact_id: z.string().nullable(),
    source: z.enum(["campaign", "api", "test"]),
    number: z.string(),
    variables: z.record(z.string(), z.string()),
    ordinal: z.int().meta({ description: "Which try at this person, from 1" }),
    first_id: z.string().nullable().meta({ description: "Of a further try: the attempt that was asked for" }),
    state: z.enum(["queued", "dialing", "talking", "ended"]),
    pbx_id: z.string().nullable(),
    trunk_id: z.string().nullable(),
    caller_id: z.string().nullable(),
    disposition: z.enum(DISPOSITIONS).nullable(),
    disposition_source: z.enum(OUTCOME_SOURCES).nullable(),
    cause: z.int().nullable().meta({ description: "Q.850" }),
    digit: z.string().nullable(),
    amd: z.object({ status: z.string(), cause: z.string() }).nullable(),
    queued_at: instantField,
    dialed_at: nullableInstant,
    answered_at: nullableInstant,
    ended_at: nullableInstant,
    transfer_wait_seconds: nullableSeconds,
    transfer_talk_seconds: nullableSeconds,
  })
  .meta({ id: "DialAttempt" });
export const attemptPage = toPageSchema(attemptItem);

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

export const attemptQuery = z.object({
  ...pageQuery,
  project_id: rowIdField.optional(),
  campaign_id: rowIdField.optional(),
  contact_id: rowIdField.optional(),
  state: z.enum(["queued", "dialing", "talking", "ended"]).optional(),
  disposition: z.enum(DISPOSITIONS).optional(),
  source: z.enum(["campaign", "api", "test"]).optional(),
  number: z.string().max(20).optional().meta({ description: "E.164" }),
  since: instant.optional().meta({ description: "Asked for at this instant or later" }),
  until: instant.optional().meta({ description: "Asked for before this instant" }),
});
export type AttemptQuery = z.output<typeof attemptQuery>;

export const attemptPosition = z.object({ at: instant, id: attemptId });

export function toAttemptItem(attempt: DialAttempt & { firstId: string | null }): z.input<typeof attemptItem> {
  return {
    ...{
      id: attempt.id,
      project_id: attempt.projectId,
      campaign_id: attempt.campaignId,
      contact_id: attempt.contactId,
    },
    ...{ source: attempt.source, number: attempt.number, variables: { ...attempt.variables } },
    ...{ ordinal: attempt.ordinal, first_id: attempt.firstId, state: attempt.state },
    ...{ pbx_id: attempt.pbxId, trunk_id: attempt.trunkId, caller_id: attempt.callerId },
    ...{ disposition: attempt.disposition, disposition_source: attempt.dispositionSource, cause: attempt.cause },
    ...{ digit: attempt.digit, amd: attempt.amd, queued_at: toInstant(attempt.queuedAt) },
    ...{ dialed_at: toInstant(attempt.dialedAt), answered_at: toInstant(attempt.answeredAt) },
    ended_at: toInstant(attempt.endedAt),
    transfer_wait_seconds: attempt.transferWaitSeconds,
    transfer_talk_seconds: attempt.transferTalkSeconds,
  };
}

const perSecond = z.number().min(0.001).max(9_999).nullable();
const channels = z.int().min(1).max(1_000_000).nullable();
const queueMax = z.int().min(1).max(1_000_000);

/** Null: no limit of its own. */
export const limitsBody = z.object({
  per_second: perSecond.meta({ description: "Calls started in any second" }),
  channels_max: channels.meta({ description: "Calls at once" }),
  channels_per_trunk: channels.meta({ description: "Calls at once over any trunk, beside the trunk's own limit" }),
  queue_max: queueMax.meta({ description: "Single calls that may wait" }),
});
export const installationLimitsBody = limitsBody.pick({ per_second: true, channels_max: true });

export const limitsAnswer = limitsBody.extend({
  installation: installationLimitsBody.nullable().meta({ description: "Of all tenants together; null: none is set" }),
});

export function toLimitsItem(limits: DialerLimits): z.input<typeof limitsBody> {
  return {
    ...{ per_second: limits.perSecond, channels_max: limits.channelsMax },
    ...{ channels_per_trunk: limits.channelsPerTrunk, queue_max: limits.queueMax },
  };
}

export function fromLimitsBody(body: z.output<typeof limitsBody>): DialerLimits {
  return {
    ...{ perSecond: body.per_second, channelsMax: body.channels_max },
    ...{ channelsPerTrunk: body.channels_per_trunk, queueMax: body.queue_max },
  };
}

export const liveAnswer = z
  .object({
    calls: z.int(),
    per_second: z.int().meta({ description: "Calls started within the last second" }),
    queued: z.int().meta({ description: "Single calls that wait, due or not" }),
    trunks: z.array(
      z.object({
        trunk_id: z.string(),
        calls: z.int(),
        per_second: z.int(),
        health: z
          .enum(["closed", "open", "half_open"])
          .nullable()
          .meta({ description: "`open`: it failed too often and rests; null: another process dials over it" }),
      }),
    ),
    campaigns: z.array(z.object({ campaign_id: z.string(), dialing: z.int(), talking: z.int() })),
  })
  .meta({ id: "DialerLive", description: "Calls that are going on, as the store knows them" });

export function toLiveItem(state: LiveState): z.input<typeof liveAnswer> {
  return {
    ...{ calls: state.calls, per_second: state.perSecond, queued: state.queued },
    trunks: state.trunks.map(({ trunkId, calls, perSecond: rate, phase }) => ({
      ...{ trunk_id: trunkId, calls, per_second: rate, health: phase },
    })),
    campaigns: state.campaigns.map(({ campaignId, dialing, talking }) => ({
      ...{ campaign_id: campaignId, dialing, talking },
    })),
  };
}
