import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { allow, type Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../http/paging.ts";
import { idParams } from "../http/wire.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { DeadLetters, Doer } from "./dead-letters.ts";
import {
  attemptAnswer,
  bulkAnswer,
  bulkBody,
  deliveryAnswer,
  deliveryQuery,
  toAttemptAnswer,
  toDeliveryAnswer,
  toFilter,
} from "./schema.ts";
import { loadAttempts, loadDeliveries, loadDelivery } from "./store.ts";

export interface DeliveryRouteOptions {
  database: Database;
  deadLetters: DeadLetters;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "deliveries:read" }) };
const mend = { access: allow({ roles: ["supervisor"], scope: "deliveries:write" }) };
const administer = { access: allow({ roles: ["admin"], scope: "deliveries:write" }) };
const tags = ["deliveries"];
const numberCursor = z.object({ number: z.int() });

export function registerDeliveryRoutes(app: App, options: DeliveryRouteOptions): void {
  registerReading(app, options.database);
  registerMending(app, options.deadLetters);
  registerBulk(app, options.deadLetters);
}

function registerReading(app: App, database: Database): void {
  app.get(
    "/api/v1/deliveries",
    {
      config: read,
      schema: {
        summary: "What goes out, newest first; state=dead lists the dead letters",
        tags,
        querystring: deliveryQuery,
        response: { 200: toPageSchema(deliveryAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor, ...fields } = request.query;
      const beforeId = parseCursor(cursor, idCursor)?.id;
      const page = { filter: toFilter(fields), beforeId, rowsMax: limit + 1 };
      const rows = await loadDeliveries(database.sql, request.caller.tenantId, page);
      return toPage(rows, limit, { toItem: toDeliveryAnswer, toPosition: ({ id }) => ({ id }) });
    },
  );
  app.get(
    "/api/v1/deliveries/:id",
    { config: read, schema: { summary: "One delivery", tags, params: idParams, response: { 200: deliveryAnswer } } },
    async (request) => {
      const delivery = await loadDelivery(database.sql, request.caller.tenantId, request.params.id);
      if (!delivery) throw new AppError("not_found", "There is no such delivery.");
      return toDeliveryAnswer(delivery);
    },
  );
  app.get(
    "/api/v1/deliveries/:id/attempts",
    {
      config: read,
      schema: {
        summary: "Every attempt with what was sent and answered, newest first",
        tags,
        params: idParams,
        querystring: z.object(pageQuery),
        response: { 200: toPageSchema(attemptAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const { tenantId } = request.caller;
      const deliveryId = request.params.id;
      if (!(await loadDelivery(database.sql, tenantId, deliveryId))) {
        throw new AppError("not_found", "There is no such delivery.");
      }
      const beforeNumber = parseCursor(cursor, numberCursor)?.number;
      const rows = await loadAttempts(database.sql, tenantId, { deliveryId, beforeNumber, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toAttemptAnswer, toPosition: ({ number }) => ({ number }) });
    },
  );
}

function registerMending(app: App, deadLetters: DeadLetters): void {
  app.post(
    "/api/v1/deliveries/:id/replay",
    {
      config: mend,
      schema: { summary: "Send it anew, now", tags, params: idParams, response: { 200: deliveryAnswer } },
    },
    async (request) => toDeliveryAnswer(await deadLetters.replay(toDoer(request), request.params.id)),
  );
  app.post(
    "/api/v1/deliveries/:id/discard",
    {
      config: administer,
      schema: { summary: "Never send it", tags, params: idParams, response: { 200: deliveryAnswer } },
    },
    async (request) => toDeliveryAnswer(await deadLetters.discard(toDoer(request), request.params.id)),
  );
}

function registerBulk(app: App, deadLetters: DeadLetters): void {
  app.post(
    "/api/v1/deliveries/replay",
    {
      config: mend,
      schema: { summary: "Send all these anew, or count them", tags, body: bulkBody, response: { 200: bulkAnswer } },
    },
    (request) => deadLetters.replayAll(toDoer(request), toBulk(request.body)),
  );
  app.post(
    "/api/v1/deliveries/discard",
    {
      config: administer,
      schema: { summary: "Never send these, or count them", tags, body: bulkBody, response: { 200: bulkAnswer } },
    },
    (request) => deadLetters.discardAll(toDoer(request), toBulk(request.body)),
  );
}

function toBulk({ dry_run, ...fields }: z.infer<typeof bulkBody>) {
  return { filter: toFilter(fields), dryRun: dry_run };
}

function toDoer(request: FastifyRequest & { caller: Caller }): Doer {
  return { tenantId: request.caller.tenantId, actor: request.caller.actor, address: request.ip };
}
