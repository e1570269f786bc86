import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { AppError } from "../core/errors.ts";
import { allow, type Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { encodeCursor, idCursor, pageQuery, parseCursor, toPage, toPageSchema } from "../http/paging.ts";
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
import { loadAttempts, loadDeliveries, loadDelivery, type OwnDeliveries } from "./store.ts";
import { say } from "./words.ts";

export interface DeliveryRouteOptions {
  database: Database;
  deadLetters: DeadLetters;
  /** What of the deliveries the caller sees, of all that is asked and done here. */
  toOwn(caller: Caller): Promise<OwnDeliveries>;
}

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "deliveries:read" }) };
const mend = { access: allow({ roles: ["supervisor"], scope: "deliveries:write" }) };
const administer = { access: allow({ roles: ["admin"], scope: "deliveries:write" }) };
const tags = ["deliveries"];
const numberCursor = z.object({ number: z.int() });

export function registerDeliveryRoutes(app: App, options: DeliveryRouteOptions): void {
  registerReading(app, options);
  registerMending(app, options);
  registerBulk(app, options);
}

function registerReading(app: App, { database, toOwn }: DeliveryRouteOptions): void {
  app.get(
    "/api/v1/deliveries",
    {
      config: read,
      schema: {
        summary: "What goes out, newest first; state=dead lists the dead letters",
        description:
          "Supervisors: of calls of their projects, and of calls of no project. For them a page looks at 20,000 deliveries at most: it may have fewer items than asked for, even none, and still a `next_cursor` that goes on from there.",
        tags,
        querystring: deliveryQuery,
        response: { 200: toPageSchema(deliveryAnswer) },
      },
    },
    async (request) => {
      const { limit, cursor, ...fields } = request.query;
      const beforeId = parseCursor(cursor, idCursor)?.id;
      const filter = { ...toFilter(fields), own: await toOwn(request.caller) };
      const found = await loadDeliveries(database.sql, request.caller.tenantId, {
        filter,
        beforeId,
        rowsMax: limit + 1,
      });
      const page = toPage(found.deliveries, limit, { toItem: toDeliveryAnswer, toPosition: ({ id }) => ({ id }) });
      return found.walkedTo ? { ...page, next_cursor: encodeCursor({ id: found.walkedTo }) } : page;
    },
  );
  app.get(
    "/api/v1/deliveries/:id",
    { config: read, schema: { summary: "One delivery", tags, params: idParams, response: { 200: deliveryAnswer } } },
    async ({ caller, params }) => {
      const own = await toOwn(caller);
      const delivery = await loadDelivery(database.sql, caller.tenantId, { id: params.id, own });
      if (!delivery) throw new AppError("not_found", say("noDelivery"));
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
      const own = await toOwn(request.caller);
      if (!(await loadDelivery(database.sql, tenantId, { id: deliveryId, own })))
        throw new AppError("not_found", say("noDelivery"));
      const beforeNumber = parseCursor(cursor, numberCursor)?.number;
      const rows = await loadAttempts(database.sql, tenantId, { deliveryId, beforeNumber, rowsMax: limit + 1 });
      return toPage(rows, limit, { toItem: toAttemptAnswer, toPosition: ({ number }) => ({ number }) });
    },
  );
}

function registerMending(app: App, { deadLetters, toOwn }: DeliveryRouteOptions): void {
  app.post(
    "/api/v1/deliveries/:id/replay",
    {
      config: mend,
      schema: { summary: "Send it anew, now", tags, params: idParams, response: { 200: deliveryAnswer } },
    },
    async (request) => {
      const own = await toOwn(request.caller);
      return toDeliveryAnswer(await deadLetters.replay(toDoer(request), request.params.id, own));
    },
  );
  app.post(
    "/api/v1/deliveries/:id/discard",
    {
      config: administer,
      schema: { summary: "Never send it", tags, params: idParams, response: { 200: deliveryAnswer } },
    },
    async (request) => {
      const own = await toOwn(request.caller);
      return toDeliveryAnswer(await deadLetters.discard(toDoer(request), request.params.id, own));
    },
  );
}

function registerBulk(app: App, { deadLetters, toOwn }: DeliveryRouteOptions): void {
  const toBulk = async (caller: Caller, { dry_run: dryRun, ...fields }: z.infer<typeof bulkBody>) => ({
    filter: { ...toFilter(fields), own: await toOwn(caller) },
    dryRun,
  });
  app.post(
    "/api/v1/deliveries/replay",
    {
      config: mend,
      schema: { summary: "Send all these anew, or count them", tags, body: bulkBody, response: { 200: bulkAnswer } },
    },
    async (request) => deadLetters.replayAll(toDoer(request), await toBulk(request.caller, request.body)),
  );
  app.post(
    "/api/v1/deliveries/discard",
    {
      config: administer,
      schema: { summary: "Never send these, or count them", tags, body: bulkBody, response: { 200: bulkAnswer } },
    },
    async (request) => deadLetters.discardAll(toDoer(request), await toBulk(request.caller, request.body)),
  );
}

function toDoer(request: FastifyRequest & { caller: Caller }): Doer {
  return { tenantId: request.caller.tenantId, actor: request.caller.actor, address: request.ip };
}
