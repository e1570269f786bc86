import { sql } from "kysely";
import type { Call } from "../core/call.ts";
import { reviveDetails } from "../core/call-details.ts";
import type { StoredFact } from "../core/call-fact.ts";
import { type CallRow, fromCallRow } from "../core/call-row.ts";
import type { RemoteRecord } from "../core/delivery-outcome.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";
import type { SilentCall } from "./lost-calls.ts";
import type { CallDeliveryItem } from "./schema.ts";

/** The call log reads; it never writes a call: only `accept` does, and retention deletes. */

export interface StoredCall extends CallRow {
  tenant_id: TenantId;
  id: RowId;
  call_uuid: string;
  revision: number;
  created_at: Date;
}

export const COLUMNS = sql.raw(
  `c.tenant_id, c.id, c.call_uuid, c.revision, c.created_at, c.direction, c.from_text, c.to_text, c.from_party, c.to_party,
   c.outcome, c.phase, c.started_at, c.answered_at, c.ended_at, c.ring_seconds, c.talk_seconds, c.agent_extension, c.trunk,
   c.pbx, c.recording_url, c.details, c.sources`,
);

export const reviveCall = (row: StoredCall): StoredCall => ({
  ...row,
  details: row.details && reviveDetails(row.details),
});

export async function hasCall(database: Sql, tenantId: TenantId, callUuid: string): Promise<boolean> {
  const { rows } = await sql`
    select from calls where tenant_id = ${tenantId} and call_uuid = ${callUuid}`.execute(database);
  return rows.length > 0;
}

/** How calls ended, as far as anybody told, by call_uuid. */
export async function loadCallEnds(
  database: Sql,
  tenantId: TenantId,
  callUuids: readonly string[],
): Promise<Map<string, { outcome: string; answeredAt: Date | null; endedAt: Date | null }>> {
  const { rows } = await sql<{ call_uuid: string; outcome: string; answered_at: Date | null; ended_at: Date | null }>`
    select call_uuid, outcome, answered_at, ended_at from calls
     where tenant_id = ${tenantId} and call_uuid = any(${[...callUuids]}::text[])`.execute(database);
  return new Map(
    rows.map((row) => [row.call_uuid, { outcome: row.outcome, answeredAt: row.answered_at, endedAt: row.ended_at }]),
  );
}

export interface CallSubjectParts {
  tenantId: TenantId;
  callId: RowId;
  callUuid: string;
  revision: number;
  call: Call;
}

/** The calls as they are now, for delivery. Those that are gone are missing from the answer; the order is free. */
export async function loadCallSubjects(
  database: Sql,
  refs: readonly { tenantId: number; callId: string }[],
): Promise<CallSubjectParts[]> {
  const { rows } = await sql<StoredCall>`
    select ${COLUMNS}
      from unnest(${refs.map(({ tenantId }) => tenantId)}::integer[], ${refs.map(({ callId }) => callId)}::bigint[])
           as r(tenant_id, id)
      join calls c using (tenant_id, id)`.execute(database);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    callId: row.id,
    callUuid: row.call_uuid,
    revision: row.revision,
    call: fromCallRow(row),
  }));
}

type ShownAlone = "remote_id" | "url" | "last_attempt_at" | `${"reason" | "review"}_${"code" | "values"}`;
export interface StoredDelivery extends Omit<CallDeliveryItem, ShownAlone> {
  call_id: RowId;
  /** As kept beside the texts; see core/sentence.ts. */
  review_words: unknown;
  reason_words: unknown;
  remote: RemoteRecord | null;
  last_attempt_at: Date | null;
}

/** Record deliveries of these calls, the oldest connection first. Months are named so that no other is looked at. */
export async function loadCallDeliveries(
  database: Sql,
  tenantId: TenantId,
  calls: readonly StoredCall[],
): Promise<StoredDelivery[]> {
  if (calls.length === 0) return [];
  const { rows } = await sql<StoredDelivery>`
    select d.subject_id as call_id, d.id, d.connection_id, n.name as connection, n.connector, d.state, d.remote, d.review, d.review_words,
           case when d.state <> 'delivered' then d.reason end as reason, d.reason_words, d.last_attempt_at
      from deliveries d join connections n on n.tenant_id = d.tenant_id and n.id = d.connection_id
     where d.tenant_id = ${tenantId} and d.subject_kind = 'call' and d.kind = 'record'
       and d.subject_id = any(${calls.map(({ id }) => id)}::bigint[])
       and d.subject_created_at = any(${calls.map((call) => call.created_at.toISOString())}::timestamptz[])
     order by d.connection_id, d.id`.execute(database);
  return rows;
}

export interface StoredTelling {
  fact: StoredFact;
  source: string;
  at: Date;
  received_at: Date;
  raw: unknown;
}

export interface StoredAttempt {
  delivery_id: RowId;
  connection: string;
  number: number;
  started_at: Date;
  duration_ms: number;
  outcome: string;
  reason: string | null;
  reason_words: unknown;
}

const FACTS_MAX = 500;
const RAW_BYTES_MAX = 8 * 1024;
const ATTEMPTS_MAX = 200;

/** The latest facts of a call, raw text included as long as it is short. */
export async function loadTellings(database: Sql, call: StoredCall): Promise<StoredTelling[]> {
  const { rows } = await sql<StoredTelling>`
    select fact, source, at, received_at, case when octet_length(raw::text) <= ${RAW_BYTES_MAX} then raw end as raw
      from facts
     where tenant_id = ${call.tenant_id} and call_id = ${call.id} and call_created_at = ${call.created_at}
     order by at desc, received_at desc, key desc limit ${FACTS_MAX}`.execute(database);
  return rows;
}

/** The latest attempts to deliver a call anywhere. */
export async function loadAttempts(database: Sql, call: StoredCall): Promise<StoredAttempt[]> {
  const { rows } = await sql<StoredAttempt>`
    select a.delivery_id, n.name as connection, a.number, a.started_at, a.duration_ms, a.outcome, a.reason, a.reason_words
      from deliveries d
      join attempts a on a.tenant_id = d.tenant_id and a.delivery_id = d.id and a.started_at >= ${call.created_at}
      join connections n on n.tenant_id = d.tenant_id and n.id = d.connection_id
     where d.tenant_id = ${call.tenant_id} and d.subject_kind = 'call' and d.subject_id = ${call.id}
       and d.subject_created_at = ${call.created_at}
     order by a.started_at desc, a.number desc limit ${ATTEMPTS_MAX}`.execute(database);
  return rows;
}

const SILENT_CALLS_MAX = 500;

/** Calls in progress of all tenants of which no fact was received since `since`, the oldest of each tenant first. */
export async function listSilentCalls(database: Database, since: Date): Promise<SilentCall[]> {
  const { rows } = await sql<{ tenant_id: TenantId; id: RowId; call_uuid: string; heard_at: Date }>`
    select c.tenant_id, c.id, c.call_uuid, h.heard_at
      from tenants t
      cross join lateral (
        select * from calls
         where tenant_id = t.id and outcome = 'in_progress' and started_at < ${since} and updated_at < ${since}
         order by started_at limit ${SILENT_CALLS_MAX}) c
      cross join lateral (
        select max(f.received_at) as heard_at from facts f
         where f.tenant_id = c.tenant_id and f.call_id = c.id and f.call_created_at = c.created_at) h
     where h.heard_at < ${since}
     limit ${SILENT_CALLS_MAX}`.execute(database.sql);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    callId: row.id,
    callUuid: row.call_uuid,
    heardAt: row.heard_at,
  }));
}
