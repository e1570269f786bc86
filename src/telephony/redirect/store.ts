import { type RawBuilder, sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";

/** `undefined` when the tenant never said anything. */
export async function loadStoredSettings(from: Sql, tenantId: TenantId): Promise<unknown> {
  const { rows } = await sql<{ settings: unknown }>`
    select settings from smart_redirects where tenant_id = ${tenantId}`.execute(from);
  return rows[0]?.settings;
}

export async function saveSettings(on: Sql, tenantId: TenantId, { settings, at }: { settings: object; at: Date }) {
  await sql`
    insert into smart_redirects (tenant_id, settings, updated_at) values (${tenantId}, ${JSON.stringify(settings)}::jsonb, ${at})
    on conflict (tenant_id) do update set settings = excluded.settings, updated_at = excluded.updated_at`.execute(on);
}

/** Extensions of a tenant that calls may be sent to: those whose person may still act. */
export async function loadReachable(from: Sql, tenantId: TenantId): Promise<{ number: string; isDisabled: boolean }[]> {
  const { rows } = await sql<{ number: string; isDisabled: boolean }>`
    select e.number, u.disabled_at is not null as "isDisabled"
      from extensions e left join users u on u.tenant_id = e.tenant_id and u.id = e.user_id
     where e.tenant_id = ${tenantId}`.execute(from);
  return rows;
}

/** Enough to find one who is still there behind several who are gone. */
const TALKERS_MAX = 20;

/** Extensions that talked with a number, the latest (or the earliest) first; one that talked often stands there often. */
export async function loadTalkers(
  { pool }: Database,
  tenantId: TenantId,
  { number, order }: { number: string; order: "first" | "last" },
): Promise<string[]> {
  const direction = order === "first" ? "asc" : "desc";
  const branch = (column: string): string => `
    (select agent_extension, started_at, id from calls
      where tenant_id = $1 and ${column} = $2 and agent_extension is not null and outcome in ('answered', 'transferred')
      order by started_at ${direction}, id ${direction} limit $3)`;
  const { rows } = await pool.query<{ agent_extension: string }>({
    name: `redirect-talkers-${order}`,
    text: `select agent_extension from (${branch("from_text")} union all ${branch("to_text")}) c
            order by started_at ${direction}, id ${direction} limit $3`,
    values: [tenantId, number, TALKERS_MAX],
  });
  return rows.map((row) => row.agent_extension);
}

export interface AskedCall {
  from: string | null;
  trunk: string | null;
  /** Of the PBX that told of it; `null` when Enlace listens to none of this name. */
  pbxId: string | null;
  phase: "ringing" | "talking" | "ended";
}

/** A call by its call_uuid; `seen` is what must hold of the call `c` for who asks to see it, `null`: nothing. */
export async function findAskedCall(
  from: Sql,
  tenantId: TenantId,
  { callUuid, seen }: { callUuid: string; seen: RawBuilder<unknown> | null },
): Promise<AskedCall | null> {
  const { rows } = await sql<AskedCall>`
    select c.from_text as "from", c.trunk, p.id as "pbxId", c.phase
      from calls c left join pbxs p on p.tenant_id = c.tenant_id and p.name = c.pbx
     where c.tenant_id = ${tenantId} and c.call_uuid = ${callUuid} and ${seen ?? sql`true`}`.execute(from);
  return rows[0] ?? null;
}

export interface StoredDecision {
  tenantId: TenantId;
  at: Date;
  source: "getcustomerdata" | "smart-redirect" | "agi";
  uniqueId: string;
  phone: string;
  trunk: string;
  mode: string;
  reason: string;
  name: string;
  extension: string | null;
  dialPlan: string | null;
  durationMs: number;
  steps: readonly { step: string; said: string }[];
}

/** Many at once, in one statement. */
export async function saveDecisions({ pool }: Database, decisions: readonly StoredDecision[]): Promise<void> {
  const column = <T>(pick: (decision: StoredDecision) => T): T[] => decisions.map(pick);
  await pool.query({
    name: "redirect-decisions-save",
    text: `insert into redirect_decisions
             (tenant_id, at, source, unique_id, phone, trunk, mode, reason, name, extension, dial_plan, duration_ms, steps)
           select * from unnest($1::int[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
             $8::text[], $9::text[], $10::text[], $11::text[], $12::int[], $13::jsonb[])`,
    values: [
      column(({ tenantId }) => tenantId),
      column(({ at }) => at),
      column(({ source }) => source),
      column(({ uniqueId }) => uniqueId),
      column(({ phone }) => phone),
      column(({ trunk }) => trunk),
      column(({ mode }) => mode),
      column(({ reason }) => reason),
      column(({ name }) => name),
      column(({ extension }) => extension),
      column(({ dialPlan }) => dialPlan),
      column(({ durationMs }) => durationMs),
      column(({ steps }) => JSON.stringify(steps)),
    ],
  });
}

export interface DecisionRow extends Omit<StoredDecision, "tenantId"> {
  id: string;
}

export interface DecisionFilter {
  beforeId?: string | undefined;
  phone?: string | undefined;
  reason?: string | undefined;
  rowsMax: number;
}

/** Newest first. */
export async function loadDecisions(from: Sql, tenantId: TenantId, filter: DecisionFilter): Promise<DecisionRow[]> {
  const { beforeId, phone, reason, rowsMax } = filter;
  const conditions = [
    sql`tenant_id = ${tenantId}`,
    ...(beforeId ? [sql`id < ${beforeId}`] : []),
    ...(phone ? [sql`phone = ${phone}`] : []),
    ...(reason ? [sql`reason = ${reason}`] : []),
  ];
  const { rows } = await sql<DecisionRow>`
    select id, at, source, unique_id as "uniqueId", phone, trunk, mode, reason, name, extension, dial_plan as "dialPlan",
           duration_ms as "durationMs", steps
      from redirect_decisions where ${sql.join(conditions, sql` and `)} order by id desc limit ${rowsMax}`.execute(
    from,
  );
  return rows;
}

/** Lets go of decisions older than `before` and of all but the newest `keepMax` of each tenant. Returns how many. */
export async function dropDecisions(
  { pool }: Database,
  { before, keepMax }: { before: Date; keepMax: number },
): Promise<number> {
  const old = await pool.query("delete from redirect_decisions where at < $1", [before]);
  const surplus = await pool.query(
    `delete from redirect_decisions d using tenants t
      where d.tenant_id = t.id and d.id <= (select id from redirect_decisions n where n.tenant_id = t.id
                                             order by id desc offset $1 limit 1)`,
    [keepMax],
  );
  return (old.rowCount ?? 0) + (surplus.rowCount ?? 0);
}
