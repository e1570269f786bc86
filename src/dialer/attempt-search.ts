import { sql } from "kysely";
import type { Disposition } from "../core/disposition.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { PhoneNumber } from "../core/phone-number.ts";
import type { Sql } from "../kit/postgres/database.ts";
import type { AttemptState } from "./attempt.ts";

/** Attempts by pages that are counted: for reports of older programs, which know no cursor. */
export interface AttemptSearch {
  /** Only of projects that this user is assigned to; `null`: of all. */
  assignee: RowId | null;
  projectId: string | null;
  campaignId: string | null;
  id: string | null;
  /** Empty: every one. */
  states: readonly AttemptState[];
  dispositions: readonly Disposition[];
  /** Whether somebody looked for an answering machine; `null`: either. */
  wasHeard: boolean | null;
  /** `YYYY-MM-DD`, both inclusive, by the calendar of this zone. */
  fromDate: string | null;
  toDate: string | null;
  timeZone: string;
  rowsMax: number;
  offset: number;
}

export interface FoundAttempt {
  id: string;
  projectNumber: string;
  campaignId: RowId | null;
  number: PhoneNumber;
  digit: string | null;
  state: AttemptState;
  disposition: Disposition | null;
  amdStatus: string | null;
  callerId: PhoneNumber | null;
  queuedAt: Date;
  answeredAt: Date | null;
  endedAt: Date | null;
}

/** More than that are not counted: nobody turns a thousand pages. */
const COUNTED_MAX = 1_000_000;

/** Newest first, with how many there are in all. */
export async function searchAttempts(
  from: Sql,
  tenantId: TenantId,
  search: AttemptSearch,
): Promise<{ rows: FoundAttempt[]; total: number }> {
  const where = toCondition(tenantId, search);
  const { rows } = await sql<FoundAttempt>`
    select a.id, p.number as "projectNumber", a.campaign_id as "campaignId", a.number, a.digit, a.state, a.disposition,
           a.amd_status as "amdStatus", a.caller_id as "callerId", a.queued_at as "queuedAt",
           a.answered_at as "answeredAt", a.ended_at as "endedAt"
      from dial_attempts a join projects p on p.tenant_id = a.tenant_id and p.id = a.project_id
     where ${where} order by a.queued_at desc, a.id desc limit ${search.rowsMax} offset ${search.offset}`.execute(from);
  const counted = await sql<{ total: number }>`
    select count(*)::int as total
      from (select from dial_attempts a join projects p on p.tenant_id = a.tenant_id and p.id = a.project_id
             where ${where} limit ${COUNTED_MAX}) found`.execute(from);
  return { rows, total: counted.rows[0]?.total ?? 0 };
}

function toCondition(tenantId: TenantId, search: AttemptSearch) {
  const { assignee, projectId, campaignId, id, states, dispositions, wasHeard, fromDate, toDate, timeZone } = search;
  const parts = [
    sql`a.tenant_id = ${tenantId}`,
    assignee !== null &&
      sql`exists (select from project_users u
                   where u.tenant_id = a.tenant_id and u.project_id = a.project_id and u.user_id = ${assignee})`,
    projectId !== null && sql`a.project_id = ${projectId}`,
    campaignId !== null && sql`a.campaign_id = ${campaignId}`,
    id !== null && sql`a.id = ${id}`,
    states.length > 0 && sql`a.state = any(${[...states]})`,
    dispositions.length > 0 && sql`a.disposition = any(${[...dispositions]})`,
    wasHeard !== null && sql`(a.amd_status is not null) = ${wasHeard}`,
    fromDate !== null && sql`a.queued_at >= ${fromDate}::date::timestamp at time zone ${timeZone}`,
    toDate !== null && sql`a.queued_at < (${toDate}::date + 1)::timestamp at time zone ${timeZone}`,
  ];
  return sql.join(
    parts.filter((part) => part !== false),
    sql` and `,
  );
}
