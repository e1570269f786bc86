import { Readable } from "node:stream";
import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { createSeats } from "../../http/event-stream.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import type { ListOwnProjects } from "../own-calls.ts";
import { callQuery } from "../schema.ts";
import { countCalls } from "../search-store.ts";
import { toStoredParty } from "../stored-party.ts";
import { formatField, separatorField } from "./schema.ts";
import { type CallExport, writeCsvCalls, writeXlsxCalls } from "./write-calls.ts";

export interface ExportRouteOptions {
  database: Database;
  clock: Clock;
  loadTenant(id: TenantId): Promise<{ country: string; timeZone: string } | null>;
  listOwnProjects: ListOwnProjects;
  writeAudit(
    on: Sql,
    doer: { tenantId: TenantId; actor: string; address: string },
    deed: { action: string; target: string; detail: Record<string, unknown>; at: Date },
  ): Promise<void>;
}

/** A file that a spreadsheet still opens; whoever wants more asks for it month by month. */
const ROWS_MAX = 500_000;
const PER_PERSON_MAX = 2;
const TOGETHER_MAX = 8;

const exportBody = z.strictObject({
  ...callQuery.omit({ limit: true, cursor: true }).shape,
  format: formatField,
  separator: separatorField,
});

/** For people, since it takes away what the list shows by the page; who took what is in the log of changes. */
export function registerExportRoutes(app: App, options: ExportRouteOptions): void {
  const { database, clock, loadTenant, listOwnProjects, writeAudit } = options;
  const seats = createSeats();
  app.post(
    "/api/v1/calls/export",
    {
      config: { access: allow({ roles: ["supervisor"], scope: null }), refusals: ["rate_limited"] },
      schema: {
        summary: "The calls of a filter as CSV or as a workbook, newest first",
        description: `At most ${ROWS_MAX} calls. \`x-total-rows\` tells how many there will be.`,
        tags: ["calls"],
        body: exportBody,
        response: { 200: z.unknown().meta({ description: "text/csv in UTF-8, or a workbook of Office Open XML" }) },
      },
    },
    async (request, reply) => {
      const { tenantId, actor } = request.caller;
      const { format, separator, number, ...asked } = request.body;
      const tenant = await loadTenant(tenantId);
      if (!tenant) throw new AppError("not_found", "There is no such tenant.");
      const party = number === undefined ? undefined : await toStoredParty(number, tenantId, loadTenant);
      const filter = { ...asked, party, own: await listOwnProjects(request.caller) };
      const leave = seats.take({ [`${tenantId} ${actor}`]: PER_PERSON_MAX, all: TOGETHER_MAX });
      try {
        const rows = await countCalls(database.sql, tenantId, { ...filter, rowsMax: ROWS_MAX });
        const deed = { action: "calls.export", target: `tenant:${tenantId}`, at: clock.now() };
        const detail = { ...request.body, rows };
        await database.sql
          .transaction()
          .execute((on) => writeAudit(on, { tenantId, actor, address: request.ip }, { ...deed, detail }));
        const job = { tenantId, filter, separator, timeZone: tenant.timeZone, rowsMax: ROWS_MAX };
        const body = toBody(format, { database, job, signal: app.draining });
        body.once("close", leave);
        const day = clock.now().toISOString().slice(0, 10);
        return reply
          .header("content-type", CONTENT_TYPES[format])
          .header("content-disposition", `attachment; filename="calls-${day}.${format}"`)
          .header("x-total-rows", String(rows))
          .send(body);
      } catch (error) {
        leave();
        throw error;
      }
    },
  );
}

export const CONTENT_TYPES = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;

function toBody(
  format: keyof typeof CONTENT_TYPES,
  { database, job, signal }: { database: Database; job: CallExport; signal: AbortSignal },
): Readable {
  if (format === "csv") return Readable.from(writeCsvCalls(database, job, signal));
  return Readable.from(writeXlsxCalls(database, job, signal), { objectMode: false });
}
