import { z } from "zod";
import type { CheckReport, Connector } from "../../connectors/connector.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { AppError } from "../../core/errors.ts";
import { allow } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../../http/paging.ts";
import { idParams, noBody } from "../../http/wire.ts";
import { toDoer } from "../audit/audit.ts";
import type { Connections } from "./connections.ts";
import {
  checkAnswer,
  connectionAnswer,
  connectionChange,
  connectorAnswer,
  newConnection,
  toChangedFields,
  toCheckAnswer,
  toConnectionAnswer,
  toConnectorAnswer,
} from "./schema.ts";
import { say } from "./words.ts";

export interface ConnectionRouteOptions {
  connections: Connections;
  connectors: readonly Connector[];
  /** Proves a connection; see `Delivery.check`. */
  check(connection: ConnectionRecord, signal: AbortSignal): Promise<CheckReport>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "connections:read" }) };
const write = { access: allow({ roles: ["admin"], scope: "connections:write" }) };
const tags = ["connections"];

export function registerConnectionRoutes(app: App, options: ConnectionRouteOptions): void {
  registerReading(app, options);
  registerChanging(app, options);
  registerRunning(app, options);
}

function registerReading(app: App, { connections, connectors }: ConnectionRouteOptions): void {
  app.get(
    "/api/v1/connectors",
    {
      config: read,
      schema: {
        summary: "The systems Enlace can deliver to, and the settings each wants",
        tags,
        response: { 200: z.object({ items: z.array(connectorAnswer), next_cursor: z.null() }) },
      },
    },
    () => ({ items: connectors.map(toConnectorAnswer), next_cursor: null }),
  );
  app.get(
    "/api/v1/connections",
    {
      config: read,
      schema: {
        summary: "The tenant's connections and how their lanes run",
        tags,
        querystring: z.object({ ...pageQuery, connector: z.string().max(50).optional() }),
        response: { 200: toPageSchema(connectionAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor, connector } = request.query;
      const afterId = parseCursor(cursor, idCursor)?.id ?? "0";
      const rows = await connections.list(request.caller.tenantId, { afterId, rowsMax: limit + 1, connector });
      return toPage(rows, limit, { toItem: toConnectionAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/connections/:id",
    {
      config: read,
      schema: { summary: "One connection", tags, params: idParams, response: { 200: connectionAnswer } },
    },
    async (request) => toConnectionAnswer(await connections.show(request.caller.tenantId, request.params.id)),
  );
}

function registerChanging(app: App, { connections }: ConnectionRouteOptions): void {
  app.post(
    "/api/v1/connections",
    {
      config: write,
      schema: { summary: "Add a connection", tags, body: newConnection, response: { 201: connectionAnswer } },
    },
    async (request, reply) => {
      const { connector, name, settings, enabled, ...limits } = request.body;
      const fields = { connector, name, settings, enabled, ...toChangedFields(limits) };
      return reply.code(201).send(toConnectionAnswer(await connections.create(toDoer(request), fields)));
    },
  );
  app.patch(
    "/api/v1/connections/:id",
    {
      config: write,
      schema: {
        summary: "Change a connection; other settings end a hold",
        description: "`settings` are given whole. Fields that are left out stay as they are.",
        tags,
        params: idParams,
        body: connectionChange,
        response: { 200: connectionAnswer },
      },
    },
    async (request) => {
      const fields = toChangedFields(request.body);
      return toConnectionAnswer(await connections.update(toDoer(request), request.params.id, fields));
    },
  );
  app.delete(
    "/api/v1/connections/:id",
    {
      config: write,
      schema: {
        summary: "Remove a connection; what waits for it is discarded",
        tags,
        params: idParams,
        response: { 204: noBody },
      },
    },
    async (request, reply) => {
      await connections.remove(toDoer(request), request.params.id);
      return reply.code(204).send();
    },
  );
}

function registerRunning(app: App, { connections, check }: ConnectionRouteOptions): void {
  app.post(
    "/api/v1/connections/:id/check",
    {
      config: write,
      schema: {
        summary: "Prove that a connection can read and write; a good check ends a hold",
        tags,
        params: idParams,
        response: { 200: checkAnswer },
      },
    },
    async (request) => {
      const { tenantId } = request.caller;
      const { version } = await connections.show(tenantId, request.params.id);
      const connection = await connections.load(tenantId, request.params.id, version);
      if (!connection) throw new AppError("not_found", say("none"));
      const report = await check(connection, app.draining);
      if (report.ok) await connections.release(toDoer(request), request.params.id);
      return toCheckAnswer(report);
    },
  );
  app.post(
    "/api/v1/connections/:id/pause",
    {
      config: write,
      schema: {
        summary: "Deliver nothing to it until it is resumed; what comes meanwhile waits",
        tags,
        params: idParams,
        response: { 200: connectionAnswer },
      },
    },
    async (request) => toConnectionAnswer(await connections.pause(toDoer(request), request.params.id)),
  );
  app.post(
    "/api/v1/connections/:id/resume",
    {
      config: write,
      schema: {
        summary: "End a pause, a hold and an open breaker",
        tags,
        params: idParams,
        response: { 200: connectionAnswer },
      },
    },
    async (request) => toConnectionAnswer(await connections.resume(toDoer(request), request.params.id)),
  );
}
