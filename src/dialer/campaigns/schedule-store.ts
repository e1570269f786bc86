import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Schedule, ScheduleWindow } from "./schedule.ts";

/** A campaign that is active, with the hours of its schedule. */
export interface ActiveCampaign {
  tenantId: TenantId;
  id: RowId;
  projectId: RowId;
  startedAt: Date;
  schedule: Schedule;
}

const WINDOWS = sql.raw(`
  coalesce((select jsonb_agg(jsonb_build_object('weekday', s.weekday, 'starts', s.starts, 'ends', s.ends,
                                                'enabled', s.enabled) order by s.position)
              from campaign_schedules s where s.tenant_id = c.tenant_id and s.campaign_id = c.id), '[]') as windows,
  coalesce((select jsonb_agg(h.on_date::text)
              from dialer_holidays h where h.tenant_id = c.tenant_id
               and (h.project_id is null or h.project_id = c.project_id)), '[]') as holidays`);

interface ScheduleRow {
  timeZone: string;
  windows: ScheduleWindow[];
  holidays: string[];
}

/** Every active campaign of a project that is not disabled, of all tenants. */
export async function loadActiveCampaigns(from: Sql): Promise<ActiveCampaign[]> {
  const { rows } = await sql<Omit<ActiveCampaign, "schedule"> & ScheduleRow>`
    select c.tenant_id as "tenantId", c.id, c.project_id as "projectId", c.started_at as "startedAt",
           p.time_zone as "timeZone", ${WINDOWS}
      from campaigns c join projects p on p.tenant_id = c.tenant_id and p.id = c.project_id
     where c.state = 'active' and c.deleted_at is null and p.disabled_at is null
     order by c.tenant_id, c.id`.execute(from);
  return rows.map(({ timeZone, windows, holidays, ...campaign }) => ({
    ...campaign,
    schedule: { timeZone, windows, holidays: new Set(holidays) },
  }));
}

/** `null`: there is no such campaign. */
export async function loadSchedule(from: Sql, tenantId: TenantId, campaignId: string): Promise<Schedule | null> {
  const { rows } = await sql<ScheduleRow>`
    select p.time_zone as "timeZone", ${WINDOWS}
      from campaigns c join projects p on p.tenant_id = c.tenant_id and p.id = c.project_id
     where c.tenant_id = ${tenantId} and c.id = ${campaignId} and c.deleted_at is null`.execute(from);
  const [row] = rows;
  return row ? { ...row, holidays: new Set(row.holidays) } : null;
}

/** Its windows are these and no others. */
export async function saveSchedule(
  on: Sql,
  { tenantId, campaignId, windows }: { tenantId: TenantId; campaignId: string; windows: readonly ScheduleWindow[] },
): Promise<void> {
  await sql`delete from campaign_schedules where tenant_id = ${tenantId} and campaign_id = ${campaignId}`.execute(on);
  await sql`
    insert into campaign_schedules (tenant_id, campaign_id, position, weekday, starts, ends, enabled)
    select ${tenantId}::int, ${campaignId}::bigint, position, weekday, starts, ends, enabled
      from unnest(${windows.map((_, index) => index + 1)}::int[], ${windows.map(({ weekday }) => weekday)}::int[],
                  ${windows.map(({ starts }) => starts)}::int[], ${windows.map(({ ends }) => ends)}::int[],
                  ${windows.map(({ enabled }) => enabled)}::boolean[]) as s (position, weekday, starts, ends, enabled)`.execute(
    on,
  );
}
