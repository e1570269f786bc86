import { z } from "zod";
import { pageQuery } from "../http/paging.ts";
import { instantField, rowIdField, toInstant } from "../http/wire.ts";
import { toWireWords, toWordFields } from "../kit/word-fields.ts";
import { type DeliveryFilter, STATES, type StoredAttempt, type StoredDelivery } from "./store.ts";

/** As many as a search finds. */
export const IDS_MAX = 100;

const filterFields = {
  connection_id: rowIdField.optional(),
  kind: z.enum(["record", "signal"]).optional(),
  call_id: rowIdField.optional(),
  since: z.iso.datetime({ offset: true }).optional().meta({ description: "Planned at or after this instant" }),
  until: z.iso.datetime({ offset: true }).optional().meta({ description: "Planned before this instant" }),
};

export const deliveryQuery = z.object({ ...pageQuery, state: z.enum(STATES).optional(), ...filterFields });

export const bulkBody = z.strictObject({
  state: z.enum(["dead", "discarded", "pending"]).default("dead").meta({ description: "Which deliveries" }),
  ...filterFields,
  ids: z.array(rowIdField).min(1).max(IDS_MAX).optional().meta({ description: "Only of these, found by a search" }),
  dry_run: z.boolean().default(false).meta({ description: "Only count" }),
});

export const bulkAnswer = z.object({
  matched: z.int().meta({ description: "Deliveries the filter names; counted up to 100,000" }),
  changed: z.int().meta({ description: "Changed now, at most 10,000; ask again for the rest" }),
});

const remoteRecord = z.object({
  id: z.string(),
  url: z.string().optional(),
  refs: z.record(z.string(), z.string()).optional(),
});

export const deliveryAnswer = z
  .object({
    id: z.string(),
    connection_id: z.string(),
    connection: z.string().meta({ description: "Its name" }),
    connector: z.string(),
    call_id: z.string(),
    kind: z.enum(["record", "signal"]),
    name: z.string().meta({ description: "Of a signal: ringing, answered …" }),
    state: z.enum(STATES),
    revision: z.int().meta({ description: "Of the call, as it is wanted over there" }),
    delivered_revision: z.int().meta({ description: "Of the call, as it is over there; 0: not yet" }),
    attempts: z.int().meta({ description: "That count, since the last success or replay" }),
    tries: z.int().meta({ description: "All attempts there ever were" }),
    due_at: instantField,
    expires_at: instantField.nullable(),
    remote: remoteRecord.nullable().meta({ description: "The record over there" }),
    reason: z.string().nullable().meta({ description: "Why the last attempt did not succeed" }),
    ...toWordFields("reason"),
    review: z.string().nullable().meta({ description: "What a person should look at over there" }),
    ...toWordFields("review"),
    last_attempt_at: instantField.nullable(),
    delivered_at: instantField.nullable(),
    created_at: instantField,
    updated_at: instantField,
  })
  .meta({ id: "Delivery" });

export const attemptAnswer = z
  .object({
    number: z.int(),
    started_at: instantField,
    duration_ms: z.int(),
    revision: z.int(),
    outcome: z.enum(["delivered", "retry", "rejected", "hold", "lost"]),
    reason: z.string().nullable(),
    ...toWordFields("reason"),
    exchanges: z
      .array(
        z.object({
          method: z.string(),
          url: z.string(),
          request_headers: z.record(z.string(), z.string()),
          request_body: z.string().nullable(),
          status: z.int().nullable(),
          answer_headers: z.record(z.string(), z.string()),
          answer_body: z.string().nullable(),
          failure: z.string().nullable(),
          duration_ms: z.number(),
          at: instantField,
        }),
      )
      .meta({ description: "What was sent and answered; secrets masked, 8 KiB of each part" }),
  })
  .meta({ id: "Attempt" });

type FilterFields = Pick<z.infer<typeof deliveryQuery>, keyof typeof filterFields> & {
  state?: StoredDelivery["state"] | undefined;
  ids?: readonly string[] | undefined;
};

export function toFilter({ state, connection_id, kind, call_id, since, until, ids }: FilterFields): DeliveryFilter {
  return {
    states: state && [state],
    connectionId: connection_id,
    kind,
    callId: call_id,
    ids,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
  };
}

export function toDeliveryAnswer(delivery: StoredDelivery): z.infer<typeof deliveryAnswer> {
  const { id, connection, connector, kind, name, state, revision, attempts, tries, reason, review } = delivery;
  const { remote } = delivery;
  return {
    ...{ id, connection, connector, kind, name, state, revision, attempts, tries, reason, review },
    connection_id: delivery.connectionId,
    call_id: delivery.callId,
    ...toWireWords("reason", delivery.reasonWords),
    ...toWireWords("review", delivery.reviewWords),
    delivered_revision: delivery.deliveredRevision,
    remote: remote && {
      id: remote.id,
      ...(remote.url && { url: remote.url }),
      ...(remote.refs && { refs: remote.refs }),
    },
    due_at: toInstant(delivery.dueAt),
    expires_at: toInstant(delivery.expiresAt),
    last_attempt_at: toInstant(delivery.lastAttemptAt),
    delivered_at: toInstant(delivery.deliveredAt),
    created_at: toInstant(delivery.createdAt),
    updated_at: toInstant(delivery.updatedAt),
  };
}

export function toAttemptAnswer(attempt: StoredAttempt): z.infer<typeof attemptAnswer> {
  const { number, revision, outcome, reason } = attempt;
  return {
    ...{ number, revision, outcome, reason },
    ...toWireWords("reason", attempt.reasonWords),
    started_at: toInstant(attempt.startedAt),
    duration_ms: attempt.durationMs,
    exchanges: attempt.exchanges.map((exchange) => ({
      method: exchange.method,
      url: exchange.url,
      request_headers: exchange.requestHeaders,
      request_body: exchange.requestBody,
      status: exchange.status,
      answer_headers: exchange.answerHeaders,
      answer_body: exchange.answerBody,
      failure: exchange.failure,
      duration_ms: exchange.durationMs,
      at: new Date(exchange.at).toISOString(),
    })),
  };
}
