import { Readable } from "node:stream";
import { z } from "zod";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { type Separator, toCsvTables } from "../export/csv.ts";
import { CONTENT_TYPES } from "../export/routes.ts";
import { writeWorkbook } from "../export/xlsx.ts";
import { createLoadStatistics, type StatisticsOptions } from "./load-statistics.ts";
import {
  activityAnswer,
  activityQuery,
  RANGE_DAYS_MAX,
  statisticsAnswer,
  statisticsExportQuery,
  statisticsQuery,
} from "./schema.ts";
import { createActivity } from "./statistics.ts";
import { loadSteps } from "./store.ts";
import { type Table, toTables } from "./tables.ts";

const tags = ["calls"];
const readers = { access: allow({ roles: ["supervisor", "viewer"], scope: "calls:read" }) };

export function registerStatisticsRoutes(app: App, options: StatisticsOptions): void {
  const loadStatistics = createLoadStatistics(options);
  app.get(
    "/api/v1/calls/statistics",
    {
      config: readers,
      schema: {
        summary:
          "Calls of a stretch of time, counted: outcomes, extensions, days, hours of the week, missed callers, and what the dialer tried",
        description: `At most ${RANGE_DAYS_MAX} days. Supervisors: calls of their projects, and calls of no project.`,
        tags,
        querystring: statisticsQuery,
        response: { 200: statisticsAnswer },
      },
    },
    (request) => loadStatistics(request.caller, request.query),
  );
  app.get(
    "/api/v1/calls/statistics/export",
    {
      config: readers,
      schema: {
        summary: "The same report as a file: a sheet for each table, or one table below the other",
        tags,
        querystring: statisticsExportQuery,
        response: { 200: z.unknown().meta({ description: "text/csv in UTF-8, or a workbook of Office Open XML" }) },
      },
    },
    async ({ caller, query: { format, separator, ...query } }, reply) => {
      const tables = toTables(await loadStatistics(caller, query));
      const day = options.clock.now().toISOString().slice(0, 10);
      return reply
        .header("content-type", CONTENT_TYPES[format])
        .header("content-disposition", `attachment; filename="report-${day}.${format}"`)
        .send(toBody(tables, { format, separator, signal: app.draining }));
    },
  );
  registerActivity(app, options);
}

function toBody(
  tables: readonly Table[],
  { format, separator, signal }: { format: "csv" | "xlsx"; separator: Separator; signal: AbortSignal },
): string | Readable {
  if (format === "csv") return toCsvTables(tables, separator);
  const sheets = tables.map(({ name, columns, rows }) => ({
    name,
    pages: Readable.from([[columns.map((heading) => ({ heading })), ...rows]]),
  }));
  return Readable.from(writeWorkbook(sheets, signal), { objectMode: false });
}

function registerActivity(app: App, { database, clock, listOwnProjects }: StatisticsOptions): void {
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
        description: "Supervisors: calls of their projects, and calls of no project.",
        tags,
        querystring: activityQuery,
        response: { 200: activityAnswer },
      },
    },
    async ({ caller, query: { span } }) =>
      loadActivity({ tenantId: caller.tenantId, span, own: await listOwnProjects(caller) }),
  );
}
