import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** A day on which no campaign dials. */
export interface Holiday {
  /** `2026-12-25`. */
  on: string;
  name: string;
}

/** Of one project, or those of all projects (`null`). */
export async function loadHolidays(from: Sql, tenantId: TenantId, projectId: RowId | null): Promise<Holiday[]> {
  const { rows } = await sql<Holiday>`
    select on_date::text as "on", name from dialer_holidays
     where tenant_id = ${tenantId} and project_id is not distinct from ${projectId}::bigint
     order by on_date`.execute(from);
  return rows;
}

/** They are these and no others. */
export async function saveHolidays(
  on: Sql,
  { tenantId, projectId, holidays }: { tenantId: TenantId; projectId: RowId | null; holidays: readonly Holiday[] },
): Promise<void> {
  await sql`
    delete from dialer_holidays
     where tenant_id = ${tenantId} and project_id is not distinct from ${projectId}::bigint`.execute(on);
  await sql`
    insert into dialer_holidays (tenant_id, project_id, on_date, name)
    select ${tenantId}::int, ${projectId}::bigint, on_date, name
      from unnest(${holidays.map((day) => day.on)}::date[], ${holidays.map(({ name }) => name)}::text[]) as h (on_date, name)
    on conflict do nothing`.execute(on);
}
