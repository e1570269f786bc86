import type pg from "pg";
import type { Call } from "../core/call.ts";
import type { CallFact, StoredFact } from "../core/call-fact.ts";
import { toCallRow } from "../core/call-row.ts";
import type { RowId, TenantId } from "../core/ids.ts";

/**
 * The three statements of `accept`, each over a whole batch that travels as JSON: one round trip, one plan, any size.
 * They run in this order inside one transaction.
 */

export interface ToldFact {
  tenantId: TenantId;
  callUuid: string;
  fact: CallFact;
  /** Valid JSON text as received; goes into the statement as it is. */
  raw: string;
}

export interface CallKey {
  tenantId: TenantId;
  callUuid: string;
}

const CALL_COLUMNS = `direction, from_text, to_text, from_party, to_party, outcome, phase, started_at, answered_at, ended_at,
  ring_seconds, talk_seconds, agent_extension, trunk, pbx, recording_url, sources`;
const CALL_TYPES = `direction text, from_text text, to_text text, from_party jsonb, to_party jsonb, outcome text, phase text,
  started_at timestamptz, answered_at timestamptz, ended_at timestamptz, ring_seconds integer, talk_seconds integer,
  agent_extension text, trunk text, pbx text, recording_url text, sources text[]`;
const FACT_TYPES = "tenant_id integer, call_uuid text, key text, source text, at timestamptz, fact jsonb, raw jsonb";

/**
 * Makes the calls nobody has heard of, with their facts, and locks the others, all in key order: that order is why two
 * batches never wait for each other in a circle. `where false` changes nothing but takes the lock.
 */
const OPEN_CALLS = `
with opened as (
  insert into calls (tenant_id, call_uuid, revision, ${CALL_COLUMNS}, created_at, updated_at)
  select tenant_id, call_uuid, 1, ${CALL_COLUMNS}, $3, $3
    from json_to_recordset($1::json) as r(tenant_id integer, call_uuid text, ${CALL_TYPES})
   order by tenant_id, call_uuid
  on conflict (tenant_id, call_uuid) do update set revision = calls.revision where false
  returning tenant_id, id, call_uuid
), told as (
  insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
  select o.tenant_id, o.id, $3, f.key, f.source, f.at, f.fact, f.raw, $3
    from opened o join json_to_recordset($2::json) as f(${FACT_TYPES}) using (tenant_id, call_uuid)
  on conflict do nothing
)
select tenant_id, id, call_uuid from opened`;

/** Adds facts to calls locked before. Answers what was known of each call and which keys are new. */
const EXTEND_CALLS = `
with given as materialized (
  select * from json_to_recordset($1::json) as f(${FACT_TYPES})
), known as materialized (
  select c.tenant_id, c.id, c.call_uuid, c.revision, c.created_at from calls c
   where (c.tenant_id, c.call_uuid) in (select tenant_id, call_uuid from given)
), added as (
  insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
  select k.tenant_id, k.id, k.created_at, g.key, g.source, g.at, g.fact, g.raw, $2
    from known k join given g using (tenant_id, call_uuid)
  on conflict do nothing
  returning tenant_id, call_id, key
)
select k.*,
       array(select a.key from added a where a.tenant_id = k.tenant_id and a.call_id = k.id) as added,
       array(select f.fact from facts f
              where f.tenant_id = k.tenant_id and f.call_id = k.id and f.call_created_at = k.created_at
              limit $3) as facts
  from known k`;

const SAVE_CALLS = `
update calls c
   set (revision, ${CALL_COLUMNS}, updated_at) = (r.revision, ${CALL_COLUMNS.replaceAll(/\w+/g, (name) => `r.${name}`)}, $2)
  from json_to_recordset($1::json) as r(tenant_id integer, id bigint, revision integer, ${CALL_TYPES})
 where c.tenant_id = r.tenant_id and c.id = r.id`;

export interface OpenedCall {
  tenant_id: TenantId;
  id: RowId;
  call_uuid: string;
}

/** Answers the calls that are new; the others exist and are locked now. */
export async function openCalls(
  client: pg.PoolClient,
  calls: readonly (CallKey & { call: Call })[],
  { facts, now }: { facts: readonly ToldFact[]; now: Date },
): Promise<OpenedCall[]> {
  const rows = calls.map(({ tenantId, callUuid, call }) => ({
    tenant_id: tenantId,
    call_uuid: callUuid,
    ...toCallRow(call),
  }));
  const values = [JSON.stringify(rows), toFactsJson(facts), now];
  const result = await client.query<OpenedCall>({ name: "intake-open-calls", text: OPEN_CALLS, values });
  return result.rows;
}

export interface ExtendedCall extends OpenedCall {
  revision: number;
  created_at: Date;
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
  const values = [toFactsJson(facts), now, factsMax];
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
  await client.query({ name: "intake-save-calls", text: SAVE_CALLS, values: [JSON.stringify(rows), now] });
}

/** `raw` goes in as text: neither parsed nor escaped again, and its numbers keep all of their digits. */
function toFactsJson(facts: readonly ToldFact[]): string {
  const rows = facts.map(({ tenantId, callUuid, fact, raw }) => {
    const head = JSON.stringify({
      tenant_id: tenantId,
      call_uuid: callUuid,
      key: fact.key,
      source: fact.source,
      at: fact.at,
      fact,
    });
    return `${head.slice(0, -1)},"raw":${raw}}`;
  });
  return `[${rows.join(",")}]`;
}
