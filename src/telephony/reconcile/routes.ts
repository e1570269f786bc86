import { z } from "zod";
import { AppError, toFieldError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { CdrSettings } from "../../core/pbx-record.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams } from "../../http/wire.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { say } from "../words.ts";
import { gapAnswer, gapParams, newReconcile, toGapAnswer } from "./schema.ts";
import { countOpenGaps, loadGap, loadGaps, type PbxKey, saveNewGap } from "./store.ts";

export interface GapRouteOptions {
  database: Database;
  clock: Clock;
  /** Throws `not_found`. */
  loadPbx(tenantId: TenantId, id: string): Promise<{ host: string | null; cdr: { kind: CdrSettings["kind"] } }>;
  /** Keeps who did what; resolves once it is durable. */
  audit(
    doer: { tenantId: TenantId; actor: string; address: string },
    deed: { action: "pbx.reconcile"; target: string; detail: Record<string, unknown> },
  ): Promise<void>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "pbxs:read" }) };
const tags = ["pbxs"];
const DAY_MS = 86_400_000;
const SPAN_MS_MAX = 92 * DAY_MS;
/** Comparisons that wait their turn; more is a script gone wild. */
const OPEN_MAX = 50;

/** What was missed of a PBX's calls, and what became of it. */
export function registerGapRoutes(app: App, options: GapRouteOptions): void {
  registerReading(app, options);
  registerAsking(app, options);
}

function registerReading(app: App, { database, loadPbx }: GapRouteOptions): void {
  app.get(
    "/api/v1/pbxs/:id/gaps",
    {
      config: read,
      schema: {
        summary: "Gaps in hearing a PBX, newest first: how many calls were missed and repaired",
        tags,
        params: idParams,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(gapAnswer) },
      },
    },
    async (request) => {
      const key = toKey(request.caller.tenantId, request.params.id);
      await loadPbx(key.tenantId, key.pbxId);
      const { limit, cursor } = request.query;
      const beforeId = (parseCursor(cursor, idCursor)?.id as RowId | undefined) ?? null;
      const rows = await loadGaps(database, key, { beforeId, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toGapAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/pbxs/:id/gaps/:gap_id",
    { config: read, schema: { summary: "One gap", tags, params: gapParams, response: { 200: gapAnswer } } },
    async (request) => {
      const { id, gap_id } = request.params;
      const gap = await loadGap(database, toKey(request.caller.tenantId, id), gap_id);
      if (!gap) throw new AppError("not_found", say("gapUnknown"));
      return toGapAnswer(gap);
    },
  );
}

function registerAsking(app: App, { database, clock, loadPbx, audit }: GapRouteOptions): void {
  app.post(
    "/api/v1/pbxs/:id/reconcile",
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:write" }) },
      schema: {
        summary: "Compare the PBX's call records with the calls, and add what is missing",
        description:
          "Answers when the work is kept; the process that listens to the PBX does it, and its gap tells how it went. " +
          "Doing it again adds nothing.",
        tags,
        params: idParams,
        body: newReconcile,
        response: { 202: gapAnswer },
      },
    },
    async (request, reply) => {
      const { tenantId, actor } = request.caller;
      const key = toKey(tenantId, request.params.id);
      const { host, cdr } = await loadPbx(tenantId, key.pbxId);
      if (host === null && cdr.kind !== "mysql" && cdr.kind !== "csv")
        throw new AppError("conflict", say("recordsUntold"));
      const now = clock.now();
      const { fromAt, toAt } = toSpan(request.body, now);
      if ((await countOpenGaps(database, key)) >= OPEN_MAX)
        throw new AppError("conflict", say("comparisonsMany", { max: OPEN_MAX }));
      const gap = await saveNewGap(database, key, { fromAt, toAt, reason: "asked", nextTryAt: now }, now);
      const detail = { gap: gap.id, since: fromAt, until: toAt };
      await audit(
        { tenantId, actor, address: request.ip },
        { action: "pbx.reconcile", target: `pbx:${key.pbxId}`, detail },
      );
      return reply.code(202).send(toGapAnswer(gap));
    },
  );
}

const toKey = (tenantId: TenantId, pbxId: string): PbxKey => ({ tenantId, pbxId });

function toSpan({ since, until }: z.output<typeof newReconcile>, now: Date): { fromAt: Date; toAt: Date } {
  const toAt = new Date(Math.min(until === undefined ? now.getTime() : Date.parse(until), now.getTime()));
  const fromAt = since === undefined ? new Date(toAt.getTime() - DAY_MS) : new Date(since);
  if (fromAt >= toAt) throw toFieldError("since", say("sinceLate"));
  if (toAt.getTime() - fromAt.getTime() > SPAN_MS_MAX) throw toFieldError("since", say("sinceEarly"));
  return { fromAt, toAt };
}
