import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { type Authenticate, allow, type Caller, type CallerRule, isAllowed } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import { createSeats, openEventStream } from "../../http/event-stream.ts";
import type { Clock } from "../../kit/clock.ts";
import type { LiveBoard, LiveView } from "./board.ts";
import type { Live } from "./live.ts";
import { liveCall } from "./schema.ts";

export interface LiveRouteOptions {
  live: Live;
  /** With the schema of an item, for the API document. */
  boards: readonly (LiveBoard & { item: z.ZodType })[];
  /** Whose projects the caller sees; `null`: all of them. */
  toAssignee(caller: Caller): LiveView["assignee"];
  authenticate: Authenticate;
  clock: Clock;
}

/** As the call log. */
const rule: CallerRule = { roles: ["agent", "viewer"], scope: "calls:read" };
const BEAT_MS = 10_000;
const PER_CALLER_MAX = 10;
const PER_TENANT_MAX = 200;
const TOGETHER_MAX = 1_000;

/**
 * One address for the picture and for its changes: a client that accepts `text/event-stream` listens, any other gets the
 * picture once. Who listens is asked for the credential again with every beat.
 */
export function registerLiveRoutes(app: App, options: LiveRouteOptions): void {
  const { live, boards, authenticate, clock, toAssignee } = options;
  const seats = createSeats();
  const toView = (caller: Caller): LiveView => ({
    boards: new Set(boards.filter((board) => isAllowed(caller, board.rule)).map(({ name }) => name)),
    assignee: toAssignee(caller),
  });
  app.route({
    method: "GET",
    url: "/api/v1/live",
    exposeHeadRoute: false,
    config: { access: allow(rule), refusals: ["rate_limited"] },
    schema: {
      summary:
        "What happens now: calls, agents, trunks, campaigns, lanes; with `Accept: text/event-stream` as it changes",
      description: toDescription(boards),
      tags: ["calls"],
      response: { 200: toPictureSchema(boards) },
    },
    handler: async (request, reply) => {
      const { caller } = request;
      if (!/\btext\/event-stream\b/.test(request.headers.accept ?? "")) {
        const { boards: contents, ...picture } = await live.look(caller.tenantId, toView(caller));
        return { ...picture, ...contents };
      }
      const leave = seats.take({
        [`${caller.tenantId} ${caller.actor}`]: PER_CALLER_MAX,
        [`${caller.tenantId}`]: PER_TENANT_MAX,
        all: TOGETHER_MAX,
      });
      const stream = openEventStream(reply, {
        ...{ clock, beatMs: BEAT_MS },
        mayListen: async () => isSame(caller, await authenticate(request)),
      });
      stream.closed.addEventListener("abort", leave, { once: true });
      app.draining.addEventListener("abort", stream.end, { once: true, signal: stream.closed });
      live.listen(caller.tenantId, { stream, view: toView(caller), knows: lastEventId(request) });
      return reply;
    },
  });
}

/** A role that changed shows other boards: the client comes back and gets them. */
function isSame(before: Caller, now: Caller | undefined): boolean {
  return now !== undefined && now.role === before.role && !now.mustChangePassword && isAllowed(now, rule);
}

function lastEventId({ headers }: FastifyRequest): string | undefined {
  const given = headers["last-event-id"];
  return typeof given === "string" && given.length <= 100 ? given : undefined;
}

function toDescription(boards: LiveRouteOptions["boards"]): string {
  const names = boards.map(({ name }) => `\`${name}\``).join(", ");
  return [
    "Events: `calls` (all of them), then `change` (`set`, `gone`: ids).",
    `${names}: each whole (\`items\`), then \`<name>.change\` (\`set\`, \`gone\`: keys, the first field of an item). \`beat\`.`,
    "A client that comes back with `Last-Event-ID` is told what it does not know.",
    "Supervisors see calls and campaigns of their projects, and calls of no project. `null`: not for this caller.",
  ].join(" ");
}

function toPictureSchema(boards: LiveRouteOptions["boards"]) {
  return z.looseObject({
    calls: z.array(liveCall),
    more: z.boolean().meta({ description: "There are more calls than are told" }),
    ...Object.fromEntries(boards.map(({ name, item }) => [name, z.array(item).nullable()])),
  });
}
