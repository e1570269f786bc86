import type { FastifyRequest } from "fastify";
import { validatorCompiler } from "fastify-type-provider-zod";
import { AppError, toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import { parsePhoneNumber } from "../../core/phone-number.ts";
import { allow, type Caller } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { registerUploads, takeAnyBody } from "../../http/uploads.ts";
import { idParams, noBody } from "../../http/wire.ts";
import { readNumberList } from "./number-list.ts";
import {
  addedAnswer,
  checkAnswer,
  checkBody,
  importAnswer,
  importQuery,
  importUpload,
  newSuppression,
  removalQuery,
  suppressionAnswer,
  suppressionQuery,
  toScope,
  toSuppressionAnswer,
} from "./schema.ts";
import type { SuppressionScope } from "./store.ts";
import type { SuppressionDoer, Suppressions } from "./suppressions.ts";
import { say } from "./words.ts";

export interface SuppressionRouteOptions {
  suppressions: Suppressions;
  /** Whether the caller may see and steer what is called by this project or campaign; false too where there is none. */
  mayUse(caller: Caller, scope: SuppressionScope): Promise<boolean>;
  /** Projects and campaigns of a supervisor; `null`: all of the tenant's. */
  listOwn(caller: Caller): Promise<{ projectIds: RowId[]; campaignIds: RowId[] } | null>;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const write = { access: allow({ roles: ["supervisor"], scope: "dialer:write" }) };
const administer = { access: allow({ roles: ["admin"], scope: "dialer:write" }) };
const tags = ["suppressions"];
const IMPORT_BYTES_MAX = 25 * 1024 * 1024;
const IMPORT_MS = 300_000;

export function registerSuppressionRoutes(app: App, options: SuppressionRouteOptions): void {
  registerList(app, options);
  registerAdding(app, options);
  registerRemoving(app, options);
  registerCheck(app, options);
  registerImport(app, options);
}

function registerList(app: App, { suppressions, listOwn }: SuppressionRouteOptions): void {
  app.get(
    "/api/v1/suppressions",
    {
      config: read,
      schema: {
        summary:
          "Who is not to be called, newest first; supervisors see the tenant's entries and those of their projects",
        tags,
        querystring: suppressionQuery,
        response: { 200: toPageSchema(suppressionAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor, scope, project_id, campaign_id, source, number } = request.query;
      const rows = await suppressions.list(request.caller.tenantId, {
        ...{ scope, source, projectId: project_id, campaignId: campaign_id, rowsMax: limit + 1 },
        beforeId: parseCursor(cursor, idCursor)?.id,
        numberPrefix: number === undefined ? undefined : `+${number.replace("+", "")}`,
        only: (await listOwn(request.caller)) ?? undefined,
      });
      return toPage(rows, limit, { toItem: toSuppressionAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
}

function registerAdding(app: App, options: SuppressionRouteOptions): void {
  app.post(
    "/api/v1/suppressions",
    {
      config: write,
      schema: {
        summary:
          "Put a number on the list; it holds for every channel, at once, and stays until an administrator takes it away",
        tags,
        body: newSuppression,
        response: { 200: addedAnswer, 201: addedAnswer },
      },
    },
    async (request, reply) => {
      const { number: text, reason, source, ...fields } = request.body;
      const scope = await admit(options, request.caller, toScope({ ...fields, reason }));
      const number = parsePhoneNumber(text, await toCountry(options, request.caller));
      if (!number) throw toFieldError("number", sayField("phone"));
      const from = source ?? (request.caller.role === null ? "api" : "console");
      const added = await options.suppressions.add(toDoer(request), { number, scope, reason, source: from });
      const answer = { is_new: added !== null, suppression: added && toSuppressionAnswer(added) };
      return reply.code(added ? 201 : 200).send(answer);
    },
  );
}

function registerRemoving(app: App, { suppressions }: SuppressionRouteOptions): void {
  app.delete(
    "/api/v1/suppressions/:id",
    {
      config: administer,
      schema: {
        summary: "Take an entry off the list; who did it and why stays in the log of changes",
        tags,
        params: idParams,
        querystring: removalQuery,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await suppressions.remove(toDoer(request), request.params.id, request.query.reason);
      return reply.code(204).send();
    },
  );
}

function registerCheck(app: App, options: SuppressionRouteOptions): void {
  app.post(
    "/api/v1/suppressions/check",
    {
      config: write,
      schema: {
        summary: "Which of up to 1,000 numbers are on the list",
        tags,
        body: checkBody,
        response: { 200: checkAnswer },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const { numbers, project_id: projectId = null, campaign_id: campaignId = null } = request.body;
      if (projectId !== null) await admit(options, request.caller, { kind: "project", projectId });
      if (campaignId !== null) await admit(options, request.caller, { kind: "campaign", campaignId });
      const country = await toCountry(options, request.caller);
      const asked = numbers.map((value) => ({ value, number: parsePhoneNumber(value, country) ?? null }));
      const known = asked.flatMap(({ number }) => (number ? [{ tenantId, number, projectId, campaignId }] : []));
      const found = (await options.suppressions.findMany(known)).values();
      return {
        results: asked.map((item) => {
          const entry = item.number === null ? null : (found.next().value ?? null);
          return { ...item, suppression: entry && toSuppressionAnswer(entry) };
        }),
      };
    },
  );
}

function registerImport(app: App, options: SuppressionRouteOptions): void {
  registerUploads(app, IMPORT_BYTES_MAX, (scope) => {
    scope.post(
      "/api/v1/suppressions/import",
      {
        config: { ...administer, bodyMs: IMPORT_MS },
        validatorCompiler: checkAllButBody,
        schema: {
          summary: "Add a list: CSV, the first column counts; at most 1,000,000 lines and 25 MB. Safe to repeat",
          tags,
          consumes: ["multipart/form-data"],
          querystring: importQuery,
          body: importUpload,
          response: { 200: importAnswer },
        },
      },
      async (request) => {
        const { caller, query } = request;
        const scopeOf = await admit(options, caller, toScope(query));
        const country = await toCountry(options, caller);
        const part = await request.file();
        if (!part) throw toFieldError("file", sayField("missing"));
        const entry = { scope: scopeOf, reason: query.reason, source: "import" as const };
        const report = await readNumberList(part.file, country, (numbers) =>
          options.suppressions.addMany(toDoer(request), { ...entry, numbers }),
        );
        if (part.file.truncated) throw new AppError("payload_too_large", say("large"));
        const { lines, inserted, duplicates, invalid, invalidLines } = report;
        await options.suppressions.noteImport(toDoer(request), { ...entry, lines, inserted });
        return { lines, inserted, duplicates, invalid, invalid_lines: invalidLines };
      },
    );
  });
}

/** The body is a file, read as it comes: its schema is for the document alone. */
const checkAllButBody = ({ httpPart, schema }: { httpPart?: string; schema: unknown }) =>
  httpPart === "body" ? takeAnyBody() : validatorCompiler({ schema } as Parameters<typeof validatorCompiler>[0]);

/** The scope, or `not_found` where there is no such project or campaign for the caller. */
async function admit(
  { mayUse }: SuppressionRouteOptions,
  caller: Caller,
  scope: SuppressionScope,
): Promise<SuppressionScope> {
  if (scope.kind === "global" || (await mayUse(caller, scope))) return scope;
  throw new AppError("not_found", say(scope.kind === "project" ? "noProject" : "noCampaign"));
}

async function toCountry({ loadTenant }: SuppressionRouteOptions, { tenantId }: Caller): Promise<string> {
  return (await loadTenant(tenantId))?.country ?? "";
}

function toDoer({ caller, ip }: Pick<FastifyRequest, "caller" | "ip">): SuppressionDoer {
  return { tenantId: caller.tenantId, actor: caller.actor, address: ip };
}
