import { sql } from "kysely";
import type pg from "pg";
import type { FactSource } from "../../core/call-fact.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";

/** Where a recording is: below the PBX's folder, at an address, or below our own folder. */
export interface RecordingPlace {
  kind: "folder" | "url" | "copy";
  place: string;
}

export interface StoredRecording {
  state: "waiting" | "ready" | "missing" | "expired";
  pbxId: string;
  /** `null` until it was found. */
  kind: RecordingPlace["kind"] | null;
  place: string | null;
}

export interface AwaitedRecording {
  tenantId: TenantId;
  callId: RowId;
  pbxId: string;
  endedAt: Date;
}

const AWAIT = {
  name: "recordings.await",
  text: `
insert into recordings (tenant_id, call_id, pbx_id, state, due_at, call_ended_at, created_at)
select tenant_id, call_id, pbx_id, 'waiting', $2::timestamptz + $3 * interval '1 millisecond', call_ended_at, $2
  from jsonb_to_recordset($1::jsonb) as r(tenant_id int, call_id bigint, pbx_id bigint, call_ended_at timestamptz)
 order by tenant_id, call_id
on conflict do nothing`,
} as const;

/** Inside the transaction in which the calls ended; of a call that is awaited already nothing changes. */
export async function saveAwaited(
  client: pg.PoolClient,
  awaited: readonly AwaitedRecording[],
  { now, delayMs }: { now: Date; delayMs: number },
): Promise<void> {
  const rows = awaited.map(({ tenantId, callId, pbxId, endedAt }) => ({
    ...{ tenant_id: tenantId, call_id: callId, pbx_id: pbxId, call_ended_at: endedAt },
  }));
  await client.query({ ...AWAIT, values: [JSON.stringify(rows), now, delayMs] });
}

/** The same for calls that are being made, as part of that statement: `opened` has their ids, `$1` is now. */
export const toAwaitNewSql = (first: number): string => `
awaited as (
  insert into recordings (tenant_id, call_id, pbx_id, state, due_at, call_ended_at, created_at)
  select o.tenant_id, o.id, r.pbx_id, 'waiting', $1 + $${first + 1}::integer * interval '1 millisecond', r.call_ended_at, $1
    from opened o
    join jsonb_to_recordset($${first}::jsonb) as r(tenant_id int, call_uuid text, pbx_id bigint, call_ended_at timestamptz)
         using (tenant_id, call_uuid)
   order by o.tenant_id, o.id
)`;

export function toAwaitNewValues(
  awaited: readonly (Omit<AwaitedRecording, "callId"> & { callUuid: string })[],
  delayMs: number,
): [string, number] {
  const rows = awaited.map(({ tenantId, callUuid, pbxId, endedAt }) => ({
    ...{ tenant_id: tenantId, call_uuid: callUuid, pbx_id: pbxId, call_ended_at: endedAt },
  }));
  return [JSON.stringify(rows), delayMs];
}

export async function loadRecording(from: Sql, tenantId: TenantId, callId: RowId): Promise<StoredRecording | null> {
  const { rows } = await sql<StoredRecording>`
    select state, pbx_id as "pbxId", kind, place from recordings
     where tenant_id = ${tenantId} and call_id = ${callId}`.execute(from);
  return rows[0] ?? null;
}

/** Calls of these tenants whose recording is ready. */
export async function loadReadyCalls(
  from: Sql,
  calls: readonly { tenantId: TenantId; callId: RowId }[],
): Promise<Set<RowId>> {
  const { rows } = await sql<{ id: RowId }>`
    select call_id as id from recordings
     where (tenant_id, call_id) in (select * from unnest(${calls.map(({ tenantId }) => tenantId)}::int[],
                                                         ${calls.map(({ callId }) => callId)}::bigint[]))
       and state = 'ready'`.execute(from);
  return new Set(rows.map(({ id }) => id));
}

/** A recording to look for, or to tell of, with what its call says of it. */
export interface DueRecording {
  tenantId: TenantId;
  callId: RowId;
  pbxId: string;
  state: "waiting" | "ready";
  kind: RecordingPlace["kind"] | null;
  place: string | null;
  sizeBytes: string | null;
  looks: number;
  endedAt: Date;
  /** Since when it is looked for. */
  awaitedAt: Date;
  /** All `null` when the call is gone. */
  callUuid: string | null;
  startedAt: Date | null;
  sources: readonly FactSource[] | null;
  /** As the PBX named them. */
  files: readonly string[] | null;
}

/** Takes those that are due; nobody else takes them before `leaseUntil`. */
export async function claimDue(
  database: Database,
  { now, leaseUntil, rowsMax }: { now: Date; leaseUntil: Date; rowsMax: number },
): Promise<DueRecording[]> {
  const { rows } = await sql<DueRecording>`
    with due as (
      update recordings r set due_at = ${leaseUntil}, looks = r.looks + 1
       where (r.tenant_id, r.call_id) in (
             select tenant_id, call_id from recordings
              where told_at is null and state in ('waiting', 'ready') and due_at <= ${now}
              order by due_at limit ${rowsMax} for update skip locked)
      returning r.*)
    select d.tenant_id as "tenantId", d.call_id as "callId", d.pbx_id as "pbxId", d.state, d.kind, d.place,
           d.size_bytes as "sizeBytes", d.looks, d.call_ended_at as "endedAt", d.created_at as "awaitedAt", c.call_uuid as "callUuid",
           c.started_at as "startedAt", c.sources,
           (select array_agg(f ->> 'file') from jsonb_array_elements(c.details -> 'recordings') f) as files
      from due d left join calls c on c.tenant_id = d.tenant_id and c.id = d.call_id`.execute(database.sql);
  return rows;
}

export interface RecordingChange {
  state?: StoredRecording["state"];
  found?: RecordingPlace;
  sizeBytes?: number | null;
  dueAt?: Date;
  toldAt?: Date;
}

export async function saveRecording(
  on: Sql,
  { tenantId, callId }: { tenantId: TenantId; callId: RowId },
  change: RecordingChange,
): Promise<void> {
  const { state = null, found, sizeBytes, dueAt = null, toldAt = null } = change;
  await sql`
    update recordings set state = coalesce(${state}, state), kind = coalesce(${found?.kind ?? null}, kind),
           place = coalesce(${found?.place ?? null}, place),
           size_bytes = case when ${sizeBytes === undefined} then size_bytes else ${sizeBytes ?? null}::bigint end,
           due_at = coalesce(${dueAt}, due_at), told_at = coalesce(${toldAt}, told_at)
     where tenant_id = ${tenantId} and call_id = ${callId}`.execute(on);
}

export async function removeRecording(
  on: Sql,
  { tenantId, callId }: { tenantId: TenantId; callId: RowId },
): Promise<void> {
  await sql`delete from recording_links where tenant_id = ${tenantId} and call_id = ${callId}`.execute(on);
  await sql`delete from recordings where tenant_id = ${tenantId} and call_id = ${callId}`.execute(on);
}

export interface KeptRecording {
  tenantId: TenantId;
  callId: RowId;
  kind: RecordingPlace["kind"] | null;
  place: string | null;
}

/** Ready ones past their tenant's time. */
export async function loadPastKeeping(
  database: Database,
  { now, daysByDefault, rowsMax }: { now: Date; daysByDefault: number; rowsMax: number },
): Promise<KeptRecording[]> {
  const { rows } = await sql<KeptRecording>`
    select r.tenant_id as "tenantId", r.call_id as "callId", r.kind, r.place
      from recordings r left join recording_settings s using (tenant_id)
     where r.state = 'ready'
       and r.call_ended_at < ${now}::timestamptz - coalesce(s.retention_days, ${daysByDefault}) * interval '1 day'
     limit ${rowsMax}`.execute(database.sql);
  return rows;
}

/** Those whose call is gone. */
export async function loadOrphans(database: Database, rowsMax: number): Promise<KeptRecording[]> {
  const { rows } = await sql<KeptRecording>`
    select r.tenant_id as "tenantId", r.call_id as "callId", r.kind, r.place from recordings r
     where not exists (select from calls c where c.tenant_id = r.tenant_id and c.id = r.call_id)
     limit ${rowsMax}`.execute(database.sql);
  return rows;
}

/** Links that nobody can use any more; a while after, so that a revocation still counts. */
export async function removeOldLinks(database: Database, expiredBefore: Date): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from recording_links where ctid = any(array(
      select ctid from recording_links where expires_at < ${expiredBefore} limit 5000))`.execute(database.sql);
  return Number(numAffectedRows ?? 0);
}
