import type { Readable } from "node:stream";
import type { FastifyRequest } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { z } from "zod";
import { AppError, toFieldError } from "../../../core/errors.ts";
import { sayField } from "../../../core/field-words.ts";
import type { Caller } from "../../../http/access.ts";
import type { App } from "../../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../../http/paging.ts";
import { registerUploads, takeAnyBody } from "../../../http/uploads.ts";
import { idParams } from "../../../http/wire.ts";
import { type Clock, createDeadline } from "../../../kit/clock.ts";
import { toDoer } from "../../administer.ts";
import { say } from "../../words.ts";
import { toImportAnswer } from "../answer.ts";
import type { Recycle } from "../recycle.ts";
import { type CampaignRouteOptions, loadCampaignFor, read, showCampaign, tags, write } from "../routes.ts";
import {
  importAnswer,
  importQuery,
  importReport,
  previewAnswer,
  previewQuery,
  recycleAnswer,
  recycleBody,
} from "../schema.ts";
import { loadCampaign } from "../store.ts";
import { loadImport, loadImports, loadProblems, PROBLEMS_MAX, type StoredImport } from "./import-store.ts";
import type { Imports } from "./imports.ts";
import { toInvalidCsv } from "./invalid-csv.ts";
import { FILE_BYTES_MAX } from "./list-file.ts";
import type { ListPreview } from "./list-preview.ts";

export interface ImportRouteOptions extends CampaignRouteOptions {
  imports: Pick<Imports, "start" | "preview">;
  recycle: Recycle;
}

/** For a line of 2.5 Mbit/s. */
const UPLOAD_MS = 900_000;
/** Lines that could not be taken, in the report; all that were kept are in the file. */
const REPORTED_MAX = 100;
/** How long a recycled campaign is waited for. */
const RECYCLE_SECONDS = 10;
const RAW_TYPES = [
  "text/csv",
  "text/plain",
  "application/octet-stream",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];

export function registerImportRoutes(app: App, options: ImportRouteOptions): void {
  registerUpload(app, options);
  registerReports(app, options);
  registerInvalidLines(app, options);
  registerRecycling(app, options);
}

function registerUpload(app: App, options: ImportRouteOptions): void {
  const { imports, clock } = options;
  registerUploads(app, FILE_BYTES_MAX + 1, (scope) => {
    scope.addContentTypeParser(RAW_TYPES, (_request, payload, done) => done(null, payload));
    scope.post(
      "/api/v1/campaigns/:id/import",
      {
        bodyLimit: FILE_BYTES_MAX,
        config: {
          access: write.access,
          bodyMs: UPLOAD_MS,
          refusals: ["conflict", "payload_too_large", "unsupported_media_type", "unavailable"],
        },
        validatorCompiler: checkAllButBody,
        schema: {
          summary: "Import a list of contacts: CSV or XLSX, up to a million rows and more",
          description:
            "As multipart/form-data (`file`) or as the body itself. It is read in the background: ask for the import to see how far it has come. A number that the campaign has already is passed over.",
          tags,
          consumes: ["multipart/form-data", ...RAW_TYPES],
          params: idParams,
          querystring: importQuery,
          body: z.unknown().meta({ description: "The file" }),
          response: { 200: importAnswer, 202: importAnswer },
        },
      },
      async (request, reply) => {
        const { header, number_column: numberColumn, columns, wait_seconds: waitSeconds } = request.query;
        const { source, fileName } = await openFile(request);
        const { begun, done } = await imports.start(toDoer(request), {
          campaignId: request.params.id,
          source,
          fileName,
          mapping: { header, numberColumn, columns },
        });
        const shown = await waitFor(clock, done, { seconds: waitSeconds, otherwise: begun });
        return reply.code(shown.state === "running" ? 202 : 200).send(toImportAnswer(shown));
      },
    );
    registerPreview(scope, options);
  });
}

function registerPreview(scope: App, { imports }: ImportRouteOptions): void {
  scope.post(
    "/api/v1/campaigns/:id/import/preview",
    {
      bodyLimit: FILE_BYTES_MAX,
      config: {
        access: write.access,
        bodyMs: UPLOAD_MS,
        refusals: ["conflict", "payload_too_large", "unsupported_media_type", "unavailable"],
      },
      validatorCompiler: checkAllButBody,
      schema: {
        summary: "See how a list would be read: its columns and first rows",
        description: "Nothing is kept. Of a CSV the beginning is enough; a workbook is sent whole.",
        tags,
        consumes: ["multipart/form-data", ...RAW_TYPES],
        params: idParams,
        querystring: previewQuery,
        body: z.unknown().meta({ description: "The file" }),
        response: { 200: previewAnswer },
      },
    },
    async (request) => {
      const { header, number_column: numberColumn } = request.query;
      const { source } = await openFile(request);
      const list = { campaignId: request.params.id, source, mapping: { header, numberColumn } };
      return toPreviewAnswer(await imports.preview(toDoer(request), list));
    },
  );
}

/** The body is a file: its schema is for the document alone. */
const checkAllButBody = ({ httpPart, schema }: { httpPart?: string; schema: unknown }) =>
  httpPart === "body" ? takeAnyBody() : validatorCompiler({ schema } as Parameters<typeof validatorCompiler>[0]);

async function openFile(request: FastifyRequest): Promise<{ source: Readable; fileName: string }> {
  if (!request.isMultipart()) return { source: request.body as Readable, fileName: "" };
  const part = await request.file();
  if (!part) throw toFieldError("file", sayField("missing"));
  return { source: part.file, fileName: part.filename };
}

const toPreviewAnswer = ({ kind, hasHeader, numberAt, columns, rows }: ListPreview): z.input<typeof previewAnswer> => ({
  ...{ kind, has_header: hasHeader, number_column: numberAt + 1 },
  ...{ columns: [...columns], rows: rows.map((row) => [...row]) },
});

/** The end of an import, or how it stood when it began if it takes longer. */
async function waitFor(
  clock: Clock,
  done: Promise<StoredImport>,
  { seconds, otherwise }: { seconds: number; otherwise: StoredImport },
): Promise<StoredImport> {
  const { signal, release } = createDeadline(clock, seconds * 1000);
  const late = new Promise<StoredImport>((resolve) => {
    signal.addEventListener("abort", () => resolve(otherwise), { once: true });
  });
  return Promise.race([done, late]).finally(release);
}

function registerReports(app: App, options: ImportRouteOptions): void {
  const { database } = options;
  app.get(
    "/api/v1/campaigns/:id/imports",
    {
      config: read,
      schema: {
        summary: "The imports of a campaign, newest first",
        tags,
        params: idParams,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(importAnswer) },
      },
    },
    async ({ caller, params, query }) => {
      const { tenantId, id } = await loadCampaignFor(caller, params.id, options);
      const beforeId = parseCursor(query.cursor, idCursor)?.id ?? null;
      const rows = await loadImports(database.sql, { tenantId, campaignId: id, beforeId, rowsMax: query.limit + 1 });
      return toPage(rows, query.limit, { toItem: toImportAnswer, toPosition: (row) => ({ id: row.id }) });
    },
  );
  app.get(
    "/api/v1/imports/:id",
    {
      config: read,
      schema: {
        summary: "How far an import has come, with the first lines that could not be taken",
        tags,
        params: idParams,
        response: { 200: importReport },
      },
    },
    async ({ caller, params }) => {
      const found = await loadImportFor(caller, params.id, options);
      const { tenantId, id: importId } = found;
      const lines = await loadProblems(database.sql, { tenantId, importId, afterLine: 0, rowsMax: REPORTED_MAX });
      return { ...toImportAnswer(found), invalid_lines: lines };
    },
  );
}

function registerInvalidLines(app: App, options: ImportRouteOptions): void {
  const { database } = options;
  app.get(
    "/api/v1/imports/:id/invalid",
    {
      config: read,
      schema: {
        summary: `The lines of an import that could not be taken, as CSV; at most ${PROBLEMS_MAX}`,
        tags,
        params: idParams,
        produces: ["text/csv"],
        response: { 200: z.unknown().meta({ description: "line, value and reason" }) },
      },
    },
    async ({ caller, params }, reply) => {
      const { tenantId, id: importId } = await loadImportFor(caller, params.id, options);
      const lines = await loadProblems(database.sql, { tenantId, importId, afterLine: 0, rowsMax: PROBLEMS_MAX });
      return reply
        .type("text/csv; charset=utf-8")
        .header("content-disposition", `attachment; filename="import-${importId}-invalid.csv"`)
        .send(Buffer.from(toInvalidCsv(lines)));
    },
  );
}

async function loadImportFor(caller: Caller, id: string, options: ImportRouteOptions): Promise<StoredImport> {
  const { database, mayUse } = options;
  const found = await loadImport(database.sql, caller.tenantId, id);
  const campaign = found && (await loadCampaign(database.sql, caller.tenantId, found.campaignId));
  if (!found || !campaign || !(await mayUse(caller, campaign.projectId)))
    throw new AppError("not_found", say("noImport"));
  return found;
}

function registerRecycling(app: App, options: ImportRouteOptions): void {
  const { recycle, clock, database } = options;
  app.post(
    "/api/v1/campaigns/:id/recycle",
    {
      config: write,
      schema: {
        summary: "Make a new draft of the contacts of a completed or stopped campaign that came out so",
        description: "Without those who have asked since not to be called. The schedule comes along.",
        tags,
        params: idParams,
        body: recycleBody,
        response: { 201: recycleAnswer },
      },
    },
    async (request, reply) => {
      const { campaign, begun, done } = await recycle(toDoer(request), request.params.id, request.body);
      const shown = await waitFor(clock, done, { seconds: RECYCLE_SECONDS, otherwise: begun });
      if (shown.state === "failed")
        throw new AppError("unavailable", `The contacts could not be copied: ${shown.problem}`);
      return reply.code(201).send({ campaign: await showCampaign(database, campaign), import: toImportAnswer(shown) });
    },
  );
}
