import { sql } from "kysely";
import type { TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";
import type { FoundAttempt } from "./attempt-search.ts";

/** What a watcher knows already, and since when it wants to hear of ends. */
export interface RecentAsk {
  /** Attempts that were going on when it last looked. */
  knownIds: readonly string[];
  endedAfter: Date;
  /** Attempts that began before it and were not known are not looked for. */
  queuedAfter: Date;
}

/** Attempts that go on now, and those that ended lately or had been going on; one statement. */
export async function loadRecentAttempts(from: Sql, tenantId: TenantId, ask: RecentAsk): Promise<FoundAttempt[]> {
  const { rows } = await sql<FoundAttempt>`
    select a.id, p.number as "projectNumber", a.campaign_id as "campaignId", a.number, a.digit, a.state, a.disposition,
           a.amd_status as "amdStatus", a.caller_id as "callerId", a.queued_at as "queuedAt",
           a.answered_at as "answeredAt", a.ended_at as "endedAt"
      from (select * from dial_attempts where tenant_id = ${tenantId} and state in ('dialing', 'talking')
            union all
            select * from dial_attempts
             where tenant_id = ${tenantId} and state = 'ended' and id = any(${[...ask.knownIds]}::text[])
            union all
            select * from dial_attempts
             where tenant_id = ${tenantId} and state = 'ended' and queued_at > ${ask.queuedAfter}
               and ended_at > ${ask.endedAfter} and id <> all(${[...ask.knownIds]}::text[])) a
      join projects p on p.tenant_id = a.tenant_id and p.id = a.project_id
     order by a.queued_at, a.id`.execute(from);
  return rows;
}
