import { sql } from "kysely";
import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { isDropped } from "./choice.ts";

/** A number of the tenant's own that a project may show. */
export interface CallerId {
  tenantId: TenantId;
  id: RowId;
  projectId: RowId;
  number: PhoneNumber;
  /** Numbers that begin like this are near; with its plus sign. */
  areaPrefix: string;
  active: boolean;
  /** Calls a day under it; `null`: no limit. */
  dailyCap: number | null;
  createdAt: Date;
  updatedAt: Date;
}

export type CallerIdFields = Pick<CallerId, "number" | "areaPrefix" | "active" | "dailyCap">;

const COLUMNS = sql`tenant_id as "tenantId", id, project_id as "projectId", number, area_prefix as "areaPrefix", active,
  daily_cap as "dailyCap", created_at as "createdAt", updated_at as "updatedAt"`;

/** Whose pool: a project, and the day of its zone (`YYYY-MM-DD`). */
export interface PoolDay {
  tenantId: TenantId;
  projectId: RowId;
  day: string;
}

/** A caller id with its figures: today, the last two days, and the 28 before them. */
export interface Measured extends CallerId {
  callsToday: number;
  endedRecently: number;
  answersRecently: number;
  endedBefore: number;
  answersBefore: number;
}

const MEASURED = `
  select c.tenant_id as "tenantId", c.id, c.project_id as "projectId", c.number, c.area_prefix as "areaPrefix", c.active,
         c.daily_cap as "dailyCap", c.created_at as "createdAt", c.updated_at as "updatedAt",
         coalesce(sum(d.calls) filter (where d.day = q.day), 0)::int as "callsToday",
         coalesce(sum(d.ended) filter (where d.day >= q.day - 1), 0)::int as "endedRecently",
         coalesce(sum(d.answers) filter (where d.day >= q.day - 1), 0)::int as "answersRecently",
         coalesce(sum(d.ended) filter (where d.day < q.day - 1), 0)::int as "endedBefore",
         coalesce(sum(d.answers) filter (where d.day < q.day - 1), 0)::int as "answersBefore"
    from unnest($1::int[], $2::bigint[], $3::date[]) q(tenant_id, project_id, day)
    join caller_ids c on c.tenant_id = q.tenant_id and c.project_id = q.project_id
    left join caller_id_days d on d.tenant_id = c.tenant_id and d.caller_id_id = c.id and d.day > q.day - 30
   group by c.tenant_id, c.id order by c.id`;

/** The pools of several projects with their figures, in the order in which their numbers were added. */
export async function loadPools(on: Pick<pg.ClientBase, "query">, pools: readonly PoolDay[]): Promise<Measured[]> {
  if (pools.length === 0) return [];
  const { rows } = await on.query<Measured>({
    name: "caller-id-pools",
    text: MEASURED,
    values: [
      pools.map(({ tenantId }) => tenantId),
      pools.map(({ projectId }) => projectId),
      pools.map(({ day }) => day),
    ],
  });
  return rows;
}

/** Numbers in use that are picked up surely less than they were, of all tenants. */
export async function loadDropped(on: Pick<pg.ClientBase, "query">, now: Date): Promise<Measured[]> {
  const { rows } = await on.query<PoolDay>({
    name: "caller-id-projects",
    text: `select distinct c.tenant_id as "tenantId", c.project_id as "projectId", ($1::timestamptz at time zone p.time_zone)::date::text as day
             from caller_ids c join projects p on p.tenant_id = c.tenant_id and p.id = c.project_id where c.active`,
    values: [now],
  });
  return (await loadPools(on, rows)).filter((row) => row.active && hasDropped(row));
}

/** Whether its share of answers of these two days lies surely below the month's before. */
export function hasDropped(row: Measured): boolean {
  const recent = { ended: row.endedRecently, answers: row.answersRecently };
  return isDropped(recent, { ended: row.endedBefore, answers: row.answersBefore });
}

/** Counts calls that are about to be made. */
export async function countCalls(
  on: Pick<pg.ClientBase, "query">,
  counts: readonly { tenantId: TenantId; id: RowId; day: string; calls: number }[],
): Promise<void> {
  if (counts.length === 0) return;
  const sorted = counts.toSorted((a, b) => a.tenantId - b.tenantId || Number(BigInt(a.id) - BigInt(b.id)));
  await on.query({
    name: "caller-id-count",
    text: `insert into caller_id_days as d (tenant_id, caller_id_id, day, calls)
           select * from unnest($1::int[], $2::bigint[], $3::date[], $4::int[])
           on conflict (tenant_id, caller_id_id, day) do update set calls = d.calls + excluded.calls`,
    values: [
      sorted.map(({ tenantId }) => tenantId),
      sorted.map(({ id }) => id),
      sorted.map(({ day }) => day),
      sorted.map(({ calls }) => calls),
    ],
  });
}

export async function loadCallerId(from: Sql, tenantId: TenantId, id: string): Promise<CallerId | null> {
  const { rows } = await sql<CallerId>`
    select ${COLUMNS} from caller_ids where tenant_id = ${tenantId} and id = ${id}`.execute(from);
  return rows[0] ?? null;
}

export async function countCallerIds(from: Sql, tenantId: TenantId, projectId: string): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from caller_ids where tenant_id = ${tenantId} and project_id = ${projectId}`.execute(
    from,
  );
  return rows[0]?.count ?? 0;
}

/** `null` when the project has the number already. */
export async function saveNewCallerId(
  on: Sql,
  { tenantId, projectId, at, ...fields }: CallerIdFields & { tenantId: TenantId; projectId: string; at: Date },
): Promise<CallerId | null> {
  const { rows } = await sql<CallerId>`
    insert into caller_ids (tenant_id, project_id, number, area_prefix, active, daily_cap, created_at, updated_at)
    values (${tenantId}, ${projectId}, ${fields.number}, ${fields.areaPrefix}, ${fields.active}, ${fields.dailyCap}, ${at}, ${at})
    on conflict (tenant_id, project_id, number) do nothing returning ${COLUMNS}`.execute(on);
  return rows[0] ?? null;
}

export async function saveCallerId(on: Sql, { tenantId, id, ...fields }: CallerId, at: Date): Promise<CallerId> {
  const { rows } = await sql<CallerId>`
    update caller_ids set area_prefix = ${fields.areaPrefix}, active = ${fields.active}, daily_cap = ${fields.dailyCap}, updated_at = ${at}
     where tenant_id = ${tenantId} and id = ${id} returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error(`caller id ${id} is gone`);
  return rows[0];
}

export async function removeCallerId(on: Sql, tenantId: TenantId, id: string): Promise<void> {
  await sql`delete from caller_ids where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}
