import { z } from "zod";
import { AppError } from "../../core/errors.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody } from "../../http/wire.ts";
import { toDoer } from "../administer.ts";
import { say } from "../words.ts";
import {
  newTrunk,
  toChangedFields,
  toNewFields,
  toTrunkAnswer,
  toTrunkFileAnswer,
  trunkAnswer,
  trunkChange,
  trunkFileAnswer,
  trunkFileBody,
} from "./schema.ts";
import { type TrunkFiles, toFileName } from "./trunk-files.ts";
import type { Trunks } from "./trunks.ts";

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "dialer:write" }) };
const tags = ["trunks"];

export interface TrunkRouteOptions {
  trunks: Trunks;
  trunkFiles: TrunkFiles;
}

export function registerTrunkRoutes(app: App, options: TrunkRouteOptions): void {
  registerReading(app, options);
  registerChanging(app, options);
  registerTrunkFile(app, options);
}

function registerReading(app: App, { trunks }: TrunkRouteOptions): void {
  app.get(
    "/api/v1/trunks",
    {
      config: read,
      schema: {
        summary: "The lines to carriers, in the order they were made",
        tags,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(trunkAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const rows = await trunks.list(request.caller.tenantId, { afterId, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toTrunkAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/trunks/:id",
    {
      config: read,
      schema: { summary: "One trunk", tags, params: idParams, response: { 200: trunkAnswer } },
    },
    async (request) => {
      const trunk = await trunks.find(request.caller.tenantId, request.params.id);
      if (!trunk) throw new AppError("not_found", say("noTrunk"));
      return toTrunkAnswer(trunk);
    },
  );
}

function registerChanging(app: App, { trunks }: TrunkRouteOptions): void {
  app.post(
    "/api/v1/trunks",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: { summary: "Add a trunk", tags, body: newTrunk, response: { 201: trunkAnswer } },
    },
    async (request, reply) => {
      const trunk = await trunks.create(toDoer(request), toNewFields(request.body));
      return reply.code(201).send(toTrunkAnswer(trunk));
    },
  );
  app.patch(
    "/api/v1/trunks/:id",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Change a trunk; its limits hold for calls from now on",
        tags,
        params: idParams,
        body: trunkChange,
        response: { 200: trunkAnswer },
      },
    },
    async (request) =>
      toTrunkAnswer(await trunks.update(toDoer(request), request.params.id, toChangedFields(request.body))),
  );
  app.delete(
    "/api/v1/trunks/:id",
    {
      config: { ...write, refusals: ["conflict"] },
      schema: {
        summary: "Remove a trunk that no project dials over",
        tags,
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await trunks.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

function registerTrunkFile(app: App, { trunkFiles }: TrunkRouteOptions): void {
  const url = "/api/v1/pbxs/:id/trunk-file";
  app.get(
    url,
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:read" }) },
      schema: {
        summary: "Where Enlace writes a PBX's trunks, and whether the PBX has read them",
        tags,
        params: idParams,
        response: { 200: trunkFileAnswer },
      },
    },
    async ({ caller, params }) =>
      toTrunkFileAnswer(await trunkFiles.show(caller.tenantId, params.id), toFileName(params.id)),
  );
  app.put(
    url,
    {
      config: { access: allow({ roles: ["admin"], scope: "pbxs:write" }), refusals: ["not_found"] },
      schema: {
        summary: "Say where Enlace writes a PBX's trunks; operators only",
        tags,
        params: idParams,
        body: trunkFileBody,
        response: { 200: trunkFileAnswer },
      },
    },
    async (request) => {
      const { caller, params, body } = request;
      if (!caller.isOperator) throw new AppError("forbidden", say("operatorFolder"));
      const { folder, reload } = body;
      const file = await trunkFiles.set(toDoer(request), params.id, folder === null ? null : { folder, reload });
      return toTrunkFileAnswer(file, toFileName(params.id));
    },
  );
}
