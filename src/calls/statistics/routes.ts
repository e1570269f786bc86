import { sql } from "kysely";
import { toFieldError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { activityAnswer, activityQuery, RANGE_DAYS_MAX, statisticsAnswer, statisticsQuery } from "./schema.ts";
import { createActivity, toStatistics } from "./statistics.ts";
import { loadCounts, loadMissedCallers, loadSteps } from "./store.ts";

export interface StatisticsRouteOptions {
  database: Database;
  clock: Clock;
  loadTenant(id: TenantId): Promise<{ timeZone: string } | null>;
}

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
/** A report that takes longer would hold up the store for everybody. */
const STATEMENT_MS_MAX = 20_000;
const tags = ["calls"];

export function registerStatisticsRoutes(app: App, { database, clock, loadTenant }: StatisticsRouteOptions): void {
  app.get(
    "/api/v1/calls/statistics",
    {
      config: { access: allow({ roles: ["supervisor", "viewer"], scope: "calls:read" }) },
      schema: {
        summary: "Calls of a stretch of time, counted: outcomes, extensions, days, hours of the week, missed callers",
        description: `At most ${RANGE_DAYS_MAX} days.`,
        tags,
        querystring: statisticsQuery,
        response: { 200: statisticsAnswer },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const { sla_minutes, direction, extension, ...range } = request.query;
      const until = range.until ?? clock.now();
      const since = range.since ?? new Date(until.getTime() - DEFAULT_DAYS * DAY_MS);
      refuseRange(since, until);
      const stretch = { tenantId, since, until, direction, extension };
      const timeZone = (await loadTenant(tenantId))?.timeZone ?? "UTC";
      return await database.sql.transaction().execute(async (on) => {
        await sql`set transaction read only`.execute(on);
        await sql`set local statement_timeout = ${sql.lit(STATEMENT_MS_MAX)}`.execute(on);
        const rows = await loadCounts(on, stretch, timeZone);
        return toStatistics(rows, { timeZone, missedCallers: await loadMissedCallers(on, stretch, sla_minutes) });
      });
    },
  );
  const loadActivity = createActivity({
    clock,
    loadSteps: (tenantId, steps) => loadSteps(database.sql, tenantId, steps),
  });
  app.get(
    "/api/v1/calls/activity",
    {
      config: { access: allow({ roles: ["agent", "viewer"], scope: "calls:read" }) },
      schema: {
        summary: "Calls a minute of the last hour, or a quarter of an hour of the last day",
        tags,
        querystring: activityQuery,
        response: { 200: activityAnswer },
      },
    },
    (request) => loadActivity(request.caller.tenantId, request.query.span),
  );
}

function refuseRange(since: Date, until: Date): void {
  if (since >= until) throw toFieldError("until", "must be after `since`");
  if (until.getTime() - since.getTime() > RANGE_DAYS_MAX * DAY_MS)
    throw toFieldError("since", `must not be more than ${RANGE_DAYS_MAX} days before \`until\``);
}
