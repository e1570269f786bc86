import { AppError } from "../../core/errors.ts";
import { allow, type Caller } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { parseCursor, toPage } from "../../http/paging.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { type Projects, toAssignee } from "../projects/projects.ts";
import { say } from "../words.ts";
import { listAttempts } from "./attempt-list.ts";
import type { Dialing } from "./dialing.ts";
import { loadLiveState } from "./live-state.ts";
import {
  attemptItem,
  attemptPage,
  attemptParams,
  attemptPosition,
  attemptQuery,
  dialAnswer,
  dialBody,
  dialHeaders,
  liveAnswer,
  toAttemptItem,
  toLiveItem,
} from "./schema.ts";
import { loadById } from "./store.ts";

const read = { access: allow({ roles: ["supervisor", "viewer"], scope: "dialer:read" }) };
const dial = { access: allow({ roles: ["supervisor"], scope: "dialer:write" }) };
const tags = ["dialer"];

export interface DialingRouteOptions {
  dialing: Dialing;
  mayUse: Projects["mayUse"];
  database: Database;
  clock: Clock;
}

export function registerDialingRoutes(app: App, options: DialingRouteOptions): void {
  registerDial(app, options);
  registerAttempts(app, options);
  registerLive(app, options);
}

function registerDial(app: App, { dialing, mayUse }: DialingRouteOptions): void {
  app.post(
    "/api/v1/dial",
    {
      config: { ...dial, refusals: ["not_found", "conflict", "unavailable"] },
      schema: {
        operationId: "placeDial",
        summary: "Have a number called for a project",
        description:
          "Answers once the call is in the durable queue; GET /attempts/{id} says what becomes of it. 503 with a Retry-After: the queue is full.",
        tags,
        headers: dialHeaders,
        body: dialBody,
        response: { 202: dialAnswer },
      },
    },
    async (request, reply) => {
      const { caller, body } = request;
      if (!(await mayUse(caller, body.project_id))) throw new AppError("not_found", say("noProject"));
      const { attemptId, isNew } = await dialing.placeDial({
        ...{ tenantId: caller.tenantId, actor: caller.actor, address: request.ip },
        ...{ projectId: body.project_id, number: body.number, variables: body.variables },
        source: body.test ? "test" : "api",
        idempotencyKey: request.headers["idempotency-key"],
      });
      return reply.status(202).send({ attempt_id: attemptId, is_new: isNew });
    },
  );
}

function registerAttempts(app: App, { database, mayUse }: DialingRouteOptions): void {
  app.get(
    "/api/v1/attempts",
    {
      config: read,
      schema: {
        summary: "Dial attempts, the latest first; supervisors see those of their projects",
        tags,
        querystring: attemptQuery,
        response: { 200: attemptPage },
      },
    },
    async ({ caller, query: { limit, cursor, ...filter } }) => {
      const rows = await listAttempts(database, {
        ...{ tenantId: caller.tenantId, filter, assignee: toAssignee(caller) },
        ...{ after: parseCursor(cursor, attemptPosition), rowsMax: limit + 1 },
      });
      return toPage(rows, limit, {
        toItem: toAttemptItem,
        toPosition: ({ queuedAt, id }) => ({ at: queuedAt.toISOString(), id }),
      });
    },
  );
  app.get(
    "/api/v1/attempts/:id",
    {
      config: read,
      schema: { summary: "One attempt", tags, params: attemptParams, response: { 200: attemptItem } },
    },
    async ({ caller, params }) => {
      const attempt = await loadById(database, params.id);
      const isTheirs = attempt?.tenantId === caller.tenantId && (await maySee(mayUse, caller, attempt.projectId));
      if (!attempt || !isTheirs) throw new AppError("not_found", say("noAttempt"));
      return toAttemptItem(attempt);
    },
  );
}

/** Attempts outlive their project; then only those who see everything see them. */
const maySee = (mayUse: Projects["mayUse"], caller: Caller, projectId: string): Promise<boolean> =>
  mayUse(caller, projectId);

function registerLive(app: App, { database, clock, dialing }: DialingRouteOptions): void {
  app.get(
    "/api/v1/dialer/live",
    {
      config: read,
      schema: {
        summary: "What is being dialled right now: calls and pace by trunk, the queue, campaigns",
        tags,
        response: { 200: liveAnswer },
      },
    },
    async ({ caller }) => {
      const ask = { tenantId: caller.tenantId, assignee: toAssignee(caller), now: clock.now() };
      return toLiveItem(await loadLiveState(database, ask, dialing.toTrunkHealth));
    },
  );
}
