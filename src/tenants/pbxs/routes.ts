import { z } from "zod";
import type { CheckReport } from "../../connectors/connector.ts";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { PbxRecord } from "../../core/pbx-record.ts";
import { allow, type Caller } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody } from "../../http/wire.ts";
import { toDoer } from "../audit/audit.ts";
import { checkAnswer, toCheckAnswer } from "../connections/schema.ts";
import { say } from "../words.ts";
import type { Pbxs } from "./pbxs.ts";
import { newPbx, type PbxState, pbxAnswer, pbxChange, toChangedFields, toNewFields, toPbxAnswer } from "./schema.ts";
import type { StoredPbx } from "./store.ts";

export interface PbxRouteOptions {
  pbxs: Pbxs;
  /** How it stands in this process; `undefined` when this process does not run it. */
  loadState(tenantId: TenantId, id: string): PbxState | undefined;
  /** Logs in to it and looks at what Enlace may do there. */
  check(pbx: PbxRecord, signal: AbortSignal): Promise<CheckReport>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "pbxs:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "pbxs:write" }) };
const tags = ["pbxs"];

export function registerPbxRoutes(app: App, options: PbxRouteOptions): void {
  registerReading(app, options);
  registerChanging(app, options);
  const { pbxs, check } = options;
  app.post(
    "/api/v1/pbxs/:id/check",
    {
      config: write,
      schema: {
        summary: "Log in to a PBX and say what its AMI user lacks, and what it should not be allowed",
        tags,
        params: idParams,
        response: { 200: checkAnswer },
      },
    },
    async (request) => {
      const pbx = await pbxs.open(request.caller.tenantId, request.params.id);
      return toCheckAnswer(await check(pbx, app.draining));
    },
  );
}

function registerReading(app: App, { pbxs, loadState }: PbxRouteOptions): void {
  const toItem = (pbx: StoredPbx) => toPbxAnswer(pbx, loadState(pbx.tenantId, pbx.id));
  app.get(
    "/api/v1/pbxs",
    {
      config: read,
      schema: {
        summary: "The tenant's PBXs and how they stand",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(pbxAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const rows = await pbxs.list(request.caller.tenantId, { afterId, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/pbxs/:id",
    { config: read, schema: { summary: "One PBX", tags, params: idParams, response: { 200: pbxAnswer } } },
    async (request) => toItem(await pbxs.show(request.caller.tenantId, request.params.id)),
  );
}

function registerChanging(app: App, { pbxs }: PbxRouteOptions): void {
  app.post(
    "/api/v1/pbxs",
    { config: write, schema: { summary: "Add a PBX", tags, body: newPbx, response: { 201: pbxAnswer } } },
    async (request, reply) => {
      refuseFolder(request.caller, request.body.recordings?.folder ?? null, null);
      const stored = await pbxs.create(toDoer(request), toNewFields(request.body));
      return reply.code(201).send(toPbxAnswer(stored, undefined));
    },
  );
  app.patch(
    "/api/v1/pbxs/:id",
    {
      config: write,
      schema: {
        summary: "Change a PBX; it is connected to anew",
        description: "Fields that are left out stay as they are; `dial` is given whole.",
        tags,
        params: idParams,
        body: pbxChange,
        response: { 200: pbxAnswer },
      },
    },
    async (request) => {
      const { caller, params, body } = request;
      const now = (await pbxs.show(caller.tenantId, params.id)).recordings?.folder ?? null;
      refuseFolder(caller, body.recordings?.folder ?? null, now);
      const stored = await pbxs.update(toDoer(request), request.params.id, toChangedFields(request.body));
      return toPbxAnswer(stored, undefined);
    },
  );
  app.delete(
    "/api/v1/pbxs/:id",
    {
      config: write,
      schema: { summary: "Remove a PBX; its calls are kept", tags, params: idParams, response: { 204: noBody } },
    },
    async (request, reply) => {
      await pbxs.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

/** A folder of this machine may hold what is another tenant's, or nobody's business: whoever runs the machine names it. */
function refuseFolder({ isOperator }: Caller, wanted: string | null, now: string | null): void {
  if (wanted === null || wanted === now || isOperator) return;
  throw new AppError("forbidden", say("operatorRecordings"));
}
