import type pg from "pg";
import type { Call } from "../core/call.ts";
import type { NewCall } from "../core/call-change.ts";
import { type CallFact, type StoredFact, toFactText } from "../core/call-fact.ts";
import { type CallRow, toCallRow } from "../core/call-row.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { type Column, toColumnArrays, toUnnest } from "./column-arrays.ts";

/**
 * The statements of `accept`, each over a whole batch: one plan, any size. Calls that are new are made by the first, all by
 * itself; those that exist are locked, extended and saved inside one transaction.
 */

export interface ToldFact {
  tenantId: TenantId;
  callUuid: string;
  fact: CallFact;
  /** Valid JSON text as received; it is kept letter by letter. */
  raw: string;
}

const FACT_COLUMNS: readonly Column<ToldFact>[] = [
  { name: "tenant_id", type: "integer", of: ({ tenantId }) => tenantId },
  { name: "call_uuid", type: "text", of: ({ callUuid }) => callUuid },
  { name: "key", type: "text", of: ({ fact }) => fact.key },
  { name: "source", type: "text", of: ({ fact }) => fact.source },
  { name: "at", type: "timestamptz", of: ({ fact }) => fact.at },
  { name: "fact", type: "json", of: ({ fact }) => toFactText(fact) },
  { name: "raw", type: "json", of: ({ raw }) => raw },
];

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
const CALL_COLUMNS: readonly Column<CallRow>[] = [
  { name: "direction", type: "text", of: (row) => row.direction },
  { name: "from_text", type: "text", of: (row) => row.from_text },
  { name: "to_text", type: "text", of: (row) => row.to_text },
  { name: "from_party", type: "jsonb", of: (row) => json(row.from_party) },
  { name: "to_party", type: "jsonb", of: (row) => json(row.to_party) },
  { name: "outcome", type: "text", of: (row) => row.outcome },
  { name: "phase", type: "text", of: (row) => row.phase },
  { name: "started_at", type: "timestamptz", of: (row) => row.started_at },
  { name: "answered_at", type: "timestamptz", of: (row) => row.answered_at },
  { name: "ended_at", type: "timestamptz", of: (row) => row.ended_at },
  { name: "ring_seconds", type: "integer", of: (row) => row.ring_seconds },
  { name: "talk_seconds", type: "integer", of: (row) => row.talk_seconds },
  { name: "agent_extension", type: "text", of: (row) => row.agent_extension },
  { name: "trunk", type: "text", of: (row) => row.trunk },
  { name: "pbx", type: "text", of: (row) => row.pbx },
  { name: "recording_url", type: "text", of: (row) => row.recording_url },
  { name: "details", type: "jsonb", of: (row) => json(row.details) },
  // A list inside a column: as the text of an array, since arrays of PostgreSQL do not nest.
  { name: "sources", type: "text", of: (row) => `{${row.sources.join(",")}}` },
];
const CALL_NAMES = CALL_COLUMNS.map(({ name }) => name).join(", ");
const CALL_VALUES = CALL_COLUMNS.map(({ name }) => (name === "sources" ? "r.sources::text[]" : `r.${name}`)).join(", ");

interface NewCallRow extends CallRow {
  tenant_id: TenantId;
  call_uuid: string;
}
const NEW_CALL_COLUMNS: readonly Column<NewCallRow>[] = [
  { name: "tenant_id", type: "integer", of: (row) => row.tenant_id },
  { name: "call_uuid", type: "text", of: (row) => row.call_uuid },
  ...CALL_COLUMNS,
];

interface ChangedCall extends CallRow {
  tenant_id: TenantId;
  id: RowId;
  revision: number;
}
const CHANGED_CALL_COLUMNS: readonly Column<ChangedCall>[] = [
  { name: "tenant_id", type: "integer", of: (row) => row.tenant_id },
  { name: "id", type: "bigint", of: (row) => row.id },
  { name: "revision", type: "integer", of: (row) => row.revision },
  ...CALL_COLUMNS,
];

/**
 * Makes the calls nobody has heard of, with their facts and deliveries, in key order: that order is why two batches never
 * wait for each other in a circle. One statement, so it is a transaction by itself, and one round trip.
 */
const toOpenCalls = (planNew: string): string => `
with opened as (
  insert into calls (tenant_id, call_uuid, revision, ${CALL_NAMES}, created_at, updated_at)
  select tenant_id, call_uuid, 1, ${CALL_VALUES}, $1, $1
    from ${toUnnest(NEW_CALL_COLUMNS, "r", 2)}
   order by tenant_id, call_uuid
  on conflict (tenant_id, call_uuid) do nothing
  returning tenant_id, id, call_uuid
), told as (
  insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
  select o.tenant_id, o.id, $1, f.key, f.source, f.at, f.fact, f.raw, $1
    from opened o join ${toUnnest(FACT_COLUMNS, "f", 2 + NEW_CALL_COLUMNS.length)} using (tenant_id, call_uuid)
  on conflict do nothing
), ${planNew}
select tenant_id, id, call_uuid, (select count(payload) from announced) from opened`;

/** Locks calls that exist, in key order. By a statement of its own: the next one then sees all that was told before. */
const LOCK_CALLS = `
select from calls
 where (tenant_id, call_uuid) in (select * from unnest($1::integer[], $2::text[]))
 order by tenant_id, call_uuid
   for no key update`;

/** Adds facts to calls locked before. Answers what was known of each call and which keys are new. */
const EXTEND_CALLS = `
with given as materialized (
  select * from ${toUnnest(FACT_COLUMNS, "f", 3)}
), known as materialized (
  select c.tenant_id, c.id, c.call_uuid, c.revision, c.created_at, c.outcome, c.phase from calls c
   where (c.tenant_id, c.call_uuid) in (select tenant_id, call_uuid from given)
), added as (
  insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
  select k.tenant_id, k.id, k.created_at, g.key, g.source, g.at, g.fact, g.raw, $1
    from known k join given g using (tenant_id, call_uuid)
  on conflict do nothing
  returning tenant_id, call_id, key
)
select k.*,
       coalesce(a.keys, '{}') as added,
       (select coalesce(json_agg(f.fact), '[]')
          from (select f.fact from facts f
                 where f.tenant_id = k.tenant_id and f.call_id = k.id and f.call_created_at = k.created_at
                 limit $2) f) as facts
  from known k
  left join (select tenant_id, call_id, array_agg(key) as keys from added group by tenant_id, call_id) a
    on a.tenant_id = k.tenant_id and a.call_id = k.id`;

const SAVE_CALLS = `
update calls c
   set (revision, ${CALL_NAMES}, updated_at) = (r.revision, ${CALL_VALUES}, $1)
  from ${toUnnest(CHANGED_CALL_COLUMNS, "r", 2)}
 where c.tenant_id = r.tenant_id and c.id = r.id`;

export interface OpenedCall {
  tenant_id: TenantId;
  id: RowId;
  call_uuid: string;
}

/** What a way out adds to the statement that makes calls; see `FanOut`. */
export interface WithNew {
  parameters: number;
  /** Expressions for the `with` list, which may read `opened(tenant_id, id, call_uuid)`. `$1` is now, `$<first>` … theirs. */
  toSql(first: number): string;
  toValues(on: pg.Pool, calls: readonly NewCall[]): Promise<readonly unknown[]>;
}

export type OpenCalls = (
  calls: readonly NewCall[],
  told: { facts: readonly ToldFact[]; now: Date },
) => Promise<OpenedCall[]>;

/** Answers the calls that are new, durable now; the others exist. */
export function createOpenCalls(pool: pg.Pool, ways: readonly WithNew[]): OpenCalls {
  let next = 2 + NEW_CALL_COLUMNS.length + FACT_COLUMNS.length;
  const expressions = ways.map(({ toSql, parameters }) => {
    next += parameters;
    return toSql(next - parameters);
  });
  const text = toOpenCalls(expressions.join(", "));
  return async (calls, { facts, now }) => {
    const planned = (await Promise.all(ways.map(({ toValues }) => toValues(pool, calls)))).flat();
    const rows = calls.map(({ tenantId, callUuid, call }) => ({
      tenant_id: tenantId,
      call_uuid: callUuid,
      ...toCallRow(call),
    }));
    const columns = [...toColumnArrays(NEW_CALL_COLUMNS, rows), ...toColumnArrays(FACT_COLUMNS, facts)];
    const values = [now, ...columns, ...planned];
    const result = await pool.query<OpenedCall>({ name: "intake-open-calls", text, values });
    return result.rows;
  };
}

export async function lockCalls(
  client: pg.PoolClient,
  calls: Iterable<{ tenantId: TenantId; callUuid: string }>,
): Promise<void> {
  const all = [...calls];
  const values = [all.map(({ tenantId }) => tenantId), all.map(({ callUuid }) => callUuid)];
  await client.query({ name: "intake-lock-calls", text: LOCK_CALLS, values });
}

export interface ExtendedCall extends OpenedCall {
  revision: number;
  created_at: Date;
  /** As they were. */
  outcome: string;
  phase: string;
  /** Keys of the facts that were not known yet. */
  added: string[];
  /** Facts known before, at most `factsMax`. */
  facts: StoredFact[];
}

export async function extendCalls(
  client: pg.PoolClient,
  facts: readonly ToldFact[],
  { now, factsMax }: { now: Date; factsMax: number },
): Promise<ExtendedCall[]> {
  const values = [now, factsMax, ...toColumnArrays(FACT_COLUMNS, facts)];
  const result = await client.query<ExtendedCall>({ name: "intake-extend-calls", text: EXTEND_CALLS, values });
  return result.rows;
}

export interface SavedCall {
  tenantId: TenantId;
  callId: RowId;
  revision: number;
  call: Call;
}

export async function saveCalls(client: pg.PoolClient, calls: readonly SavedCall[], now: Date): Promise<void> {
  const rows = calls.map(({ tenantId, callId, revision, call }) => ({
    tenant_id: tenantId,
    id: callId,
    revision,
    ...toCallRow(call),
  }));
  const values = [now, ...toColumnArrays(CHANGED_CALL_COLUMNS, rows)];
  await client.query({ name: "intake-save-calls", text: SAVE_CALLS, values });
}
