import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** The tables of posted events: as they came, and which calls they told of. */

export interface NewHookEvent {
  tenantId: TenantId;
  pbxId: string;
  type: string;
  uid: string;
  hash: Buffer;
  /** JSON text. */
  body: string;
  /** Why it is kept and not read. */
  problem: string | null;
  at: Date;
}

/** Which of them are new: the others are there already, or come twice in `events`. All are kept, or none. */
export async function saveHookEvents(on: Sql, events: readonly NewHookEvent[]): Promise<boolean[]> {
  const column = <T>(pick: (event: NewHookEvent) => T): T[] => events.map(pick);
  const { rows } = await sql<{ name: string }>`
    insert into hook_events (tenant_id, pbx_id, type, unique_id, hash, body, state, problem, received_at)
    select e.tenant_id, e.pbx_id, e.type, e.unique_id, e.hash, e.body, case when e.problem is null then 'new' else 'refused' end,
           e.problem, e.received_at
      from unnest(${column(({ tenantId }) => tenantId)}::int[], ${column(({ pbxId }) => pbxId)}::bigint[],
                  ${column(({ type }) => type)}::text[], ${column(({ uid }) => uid)}::text[],
                  ${column(({ hash }) => hash)}::bytea[], ${column(({ body }) => body)}::json[],
                  ${column(({ problem }) => problem)}::text[], ${column(({ at }) => at)}::timestamptz[])
           with ordinality as e(tenant_id, pbx_id, type, unique_id, hash, body, problem, received_at, place)
     order by e.place
    on conflict (tenant_id, pbx_id, type, unique_id, hash) do nothing
    returning tenant_id || ' ' || pbx_id || ' ' || type || ' ' || unique_id || ' ' || encode(hash, 'hex') as name`.execute(
    on,
  );
  const news = new Set(rows.map(({ name }) => name));
  return events.map((event) => news.delete(toEventName(event)));
}

const toEventName = ({ tenantId, pbxId, type, uid, hash }: NewHookEvent): string =>
  `${tenantId} ${pbxId} ${type} ${uid} ${hash.toString("hex")}`;

export interface StoredHookEvent {
  id: string;
  type: string;
  hash: Buffer;
  body: Record<string, unknown>;
  callUuid: string | null;
  receivedAt: Date;
}

const COLUMNS = sql.raw(`id, type, hash, body, call_uuid as "callUuid", received_at as "receivedAt"`);

export interface WaitingPbx {
  tenantId: TenantId;
  pbxId: string;
}

/** PBXs of which events wait. */
export async function listWaitingPbxs(from: Sql): Promise<WaitingPbx[]> {
  const { rows } = await sql<WaitingPbx>`
    select distinct tenant_id as "tenantId", pbx_id as "pbxId" from hook_events where state in ('new', 'held')`.execute(
    from,
  );
  return rows;
}

const LOCK = 3_004;
const HELD_MAX = 2_000;

/** Whoever puts a PBX's events together does it alone, until the transaction ends. */
export async function lockHooks(on: Sql, pbxId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(${LOCK}, (${pbxId}::bigint % 2147483647)::int)`.execute(on);
}

/** Events that wait, oldest first: up to `newMax` that nobody has looked at, and those that are held. */
export async function loadWaitingEvents(
  on: Sql,
  { tenantId, pbxId }: WaitingPbx,
  newMax: number,
): Promise<StoredHookEvent[]> {
  const where = sql`tenant_id = ${tenantId} and pbx_id = ${pbxId}`;
  const { rows } = await sql<StoredHookEvent>`
    select * from (
      (select ${COLUMNS} from hook_events where ${where} and state = 'new' order by id limit ${newMax})
      union all
      (select ${COLUMNS} from hook_events where ${where} and state = 'held' order by id desc limit ${HELD_MAX})
    ) e order by id`.execute(on);
  return rows;
}

/** Events of these calls that were told. */
export async function loadCallEvents(
  on: Sql,
  tenantId: TenantId,
  callUuids: readonly string[],
): Promise<StoredHookEvent[]> {
  const { rows } = await sql<StoredHookEvent>`
    select ${COLUMNS} from hook_events
     where tenant_id = ${tenantId} and call_uuid = any(${[...callUuids]}) order by id limit 5000`.execute(on);
  return rows;
}

export interface EventsSettled {
  tenantId: TenantId;
  ids: readonly string[];
  state: "told" | "held" | "kept" | "refused";
  callUuid?: string;
  problem?: string;
}

export async function settleEvents(on: Sql, { tenantId, ids, state, callUuid, problem }: EventsSettled): Promise<void> {
  await sql`
    update hook_events set state = ${state}, call_uuid = ${callUuid ?? null}, problem = ${problem ?? null}
     where tenant_id = ${tenantId} and id = any(${[...ids]}::bigint[])`.execute(on);
}

/** The call goes by another name now. */
export async function renameCall(on: Sql, tenantId: TenantId, from: readonly string[], to: string): Promise<void> {
  await sql`update hook_events set call_uuid = ${to} where tenant_id = ${tenantId} and call_uuid = any(${[...from]})`.execute(
    on,
  );
  await sql`delete from hook_calls where tenant_id = ${tenantId} and call_uuid = any(${[...from]})`.execute(on);
}

export interface HookCall {
  tenantId: TenantId;
  callUuid: string;
  pbxId: string;
  outside: string | null;
  rung: readonly string[];
  heardAt: Date;
  endedAt: Date | null;
}

export async function saveHookCall(on: Sql, call: HookCall): Promise<void> {
  await sql`
    insert into hook_calls (tenant_id, call_uuid, pbx_id, outside, rung, heard_at, ended_at)
    values (${call.tenantId}, ${call.callUuid}, ${call.pbxId}, ${call.outside}, ${[...call.rung]}, ${call.heardAt}, ${call.endedAt})
    on conflict (tenant_id, call_uuid) do update
       set outside = excluded.outside, rung = excluded.rung, heard_at = excluded.heard_at,
           ended_at = coalesce(excluded.ended_at, hook_calls.ended_at)`.execute(on);
}

/** Calls of the PBX with one of these numbers outside, which go on or were heard of since `since`; the latest, at most 50. */
export async function loadRecentCalls(
  on: Sql,
  { tenantId, pbxId, numbers, since }: WaitingPbx & { numbers: readonly string[]; since: Date },
): Promise<HookCall[]> {
  const { rows } = await sql<HookCall>`
    select tenant_id as "tenantId", call_uuid as "callUuid", pbx_id as "pbxId", outside, rung, heard_at as "heardAt",
           ended_at as "endedAt"
      from hook_calls
     where tenant_id = ${tenantId} and pbx_id = ${pbxId} and (outside = any(${[...numbers]}) or rung && ${[...numbers]})
       and (ended_at is null or heard_at > ${since})
     order by heard_at desc limit 50`.execute(on);
  return rows;
}

/** Forgets events, and what was noted of calls, of before `before`; at most `rowsMax` of each. Returns how many. */
export async function dropOldHooks(on: Sql, before: Date, rowsMax: number): Promise<number> {
  const events = await sql`
    delete from hook_events where ctid = any(array(
      select ctid from hook_events where received_at < ${before} and state not in ('new', 'held') limit ${rowsMax}))`.execute(
    on,
  );
  const calls = await sql`
    delete from hook_calls where ctid = any(array(
      select ctid from hook_calls where heard_at < ${before} limit ${rowsMax}))`.execute(on);
  return Number(events.numAffectedRows ?? 0n) + Number(calls.numAffectedRows ?? 0n);
}

/** Their PBX was removed: nobody knows any more how to read them. */
export async function settleOrphans(on: Sql, { tenantId, pbxId }: WaitingPbx): Promise<void> {
  await sql`update hook_events set state = 'kept'
             where tenant_id = ${tenantId} and pbx_id = ${pbxId} and state in ('new', 'held')`.execute(on);
}
