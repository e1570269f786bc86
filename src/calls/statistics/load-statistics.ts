import { sql } from "kysely";
import { toFieldError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Caller } from "../../http/access.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { ListOwnProjects } from "../own-calls.ts";
import { type DialerFigures, RANGE_DAYS_MAX, type Statistics, type StatisticsQuery } from "./schema.ts";
import { toStatistics } from "./statistics.ts";
import { loadCounts, loadMissedCallers } from "./store.ts";

export interface StatisticsOptions {
  database: Database;
  clock: Clock;
  loadTenant(id: TenantId): Promise<{ timeZone: string } | null>;
  listOwnProjects: ListOwnProjects;
  /** What the dialer tried; `null` when this is not the caller's to see. */
  loadDialerFigures(on: Sql, caller: Caller, ask: DialerAsk): Promise<DialerFigures | null>;
}

export interface DialerAsk {
  since: Date;
  until: Date;
  projectId?: string | undefined;
  campaignId?: string | undefined;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** A report that takes longer would hold up the store for everybody. */
const STATEMENT_MS_MAX = 20_000;

/** The report of a stretch of time, read in one transaction. Throws `invalid_field` for a stretch that is upside down or too long. */
export function createLoadStatistics({ database, clock, ...options }: StatisticsOptions) {
  return async (caller: Caller, query: StatisticsQuery): Promise<Statistics> => {
    const { tenantId } = caller;
    const { sla_minutes, ...filter } = query;
    const until = query.until ?? clock.now();
    const since = query.since ?? new Date(until.getTime() - DEFAULT_DAYS * DAY_MS);
    refuseRange(since, until);
    const stretch = { ...filter, tenantId, since, until, own: await options.listOwnProjects(caller) };
    const timeZone = (await options.loadTenant(tenantId))?.timeZone ?? "UTC";
    return await database.sql.transaction().execute(async (on) => {
      await sql`set transaction read only`.execute(on);
      await sql`set local statement_timeout = ${sql.lit(STATEMENT_MS_MAX)}`.execute(on);
      const rows = await loadCounts(on, stretch, timeZone);
      const missedCallers = await loadMissedCallers(on, stretch, sla_minutes);
      const ask = { since, until, projectId: query.project_id, campaignId: query.campaign_id };
      const dialer = isOfDialer(query) ? await options.loadDialerFigures(on, caller, ask) : null;
      return toStatistics(rows, { timeZone, missedCallers, dialer });
    });
  };
}

/** The dialer calls out, and from no extension. */
const isOfDialer = ({ direction, extension }: StatisticsQuery): boolean =>
  extension === undefined && (direction === undefined || direction === "outbound");

function refuseRange(since: Date, until: Date): void {
  if (since >= until) throw toFieldError("until", "must be after `since`");
  if (until.getTime() - since.getTime() > RANGE_DAYS_MAX * DAY_MS)
    throw toFieldError("since", `must not be more than ${RANGE_DAYS_MAX} days before \`until\``);
}
