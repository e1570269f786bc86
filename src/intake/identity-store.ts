import { sql } from "kysely";
import type { TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";

/** The names under which calls are known; see identity.ts. */

export interface CallName {
  tenantId: TenantId;
  alias: string;
  callUuid: string;
  /** Who said that this is a name of that call. */
  source: string;
}

export async function loadNames(
  from: Sql,
  wanted: readonly Pick<CallName, "tenantId" | "alias">[],
): Promise<CallName[]> {
  if (wanted.length === 0) return [];
  const { rows } = await sql<CallName>`
    select a.tenant_id as "tenantId", a.alias, a.call_uuid as "callUuid", a.source
      from call_aliases a join unnest(${wanted.map(({ tenantId }) => tenantId)}::int[], ${wanted.map(({ alias }) => alias)}::text[])
           as w(tenant_id, alias) using (tenant_id, alias)`.execute(from);
  return rows;
}

/** A name that is there already stays what it is, unless it is in `renamed`. */
export async function saveNames(on: Sql, names: readonly CallName[], at: Date): Promise<void> {
  if (names.length === 0) return;
  const sorted = names.toSorted((a, b) => a.tenantId - b.tenantId || (a.alias < b.alias ? -1 : 1));
  const column = <K extends keyof CallName>(name: K): CallName[K][] => sorted.map((each) => each[name]);
  await sql`
    insert into call_aliases (tenant_id, alias, call_uuid, source, created_at)
    select n.tenant_id, n.alias, n.call_uuid, n.source, ${at}
      from unnest(${column("tenantId")}::int[], ${column("alias")}::text[], ${column("callUuid")}::text[], ${column("source")}::text[])
           as n(tenant_id, alias, call_uuid, source)
    on conflict (tenant_id, alias) do nothing`.execute(on);
}

const LOCK = 3_005;

/** Nobody else gives names to these tenants' calls until the transaction ends. */
export async function lockNames(on: Sql, tenantIds: readonly TenantId[]): Promise<void> {
  for (const id of [...new Set(tenantIds)].sort((a, b) => a - b))
    await sql`select pg_advisory_xact_lock(${LOCK}, ${id})`.execute(on);
}

/** Every name of the calls `from` is a name of `to` from now on, their own above all. */
export async function renameCalls(
  on: Sql,
  tenantId: TenantId,
  { from, to, at }: { from: readonly string[]; to: string; at: Date },
): Promise<void> {
  await sql`
    insert into call_aliases (tenant_id, alias, call_uuid, source, created_at)
    select ${tenantId}, uuid, ${to}, 'merge', ${at} from unnest(${[...from]}::text[]) as uuid
    on conflict (tenant_id, alias) do update set call_uuid = excluded.call_uuid, source = 'merge', created_at = ${at}`.execute(
    on,
  );
  await sql`update call_aliases set call_uuid = ${to} where tenant_id = ${tenantId} and call_uuid = any(${[...from]})`.execute(
    on,
  );
  await sql`select pg_notify('call_names', ${String(tenantId)})`.execute(on);
}

/** AMI's own names of calls that go by another one; of the others the name they have. */
export async function loadAmiNames(from: Sql, tenantId: TenantId, callUuids: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select coalesce(a.alias, u.uuid) as name
      from unnest(${[...callUuids]}::text[]) as u(uuid)
      left join call_aliases a on a.tenant_id = ${tenantId} and a.call_uuid = u.uuid and a.source in ('ami', 'merge')`.execute(
    from,
  );
  return rows.map(({ name }) => name);
}

/** Calls in the log that are another call by now: told before anybody could know, or by a process that did not know yet. */
export async function loadTwins(
  from: Sql,
  since: Date,
  rowsMax: number,
): Promise<{ tenantId: TenantId; from: string; into: string }[]> {
  const { rows } = await sql<{ tenantId: TenantId; from: string; into: string }>`
    select a.tenant_id as "tenantId", a.alias as "from", a.call_uuid as "into"
      from call_aliases a join calls c on c.tenant_id = a.tenant_id and c.call_uuid = a.alias
     where a.alias <> a.call_uuid and a.source = 'merge' and a.created_at > ${since}
     order by a.created_at limit ${rowsMax}`.execute(from);
  return rows;
}

export async function dropOldNames(on: Sql, before: Date, rowsMax: number): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from call_aliases where ctid = any(array(
      select ctid from call_aliases where created_at < ${before} limit ${rowsMax}))`.execute(on);
  return Number(numAffectedRows ?? 0n);
}
