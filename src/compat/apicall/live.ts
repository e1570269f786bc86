import fastifyWebsocket from "@fastify/websocket";
import type { WebSocket } from "ws";
import { z } from "zod";
import type { RowId, TenantId } from "../../core/ids.ts";
import { type Caller, publicAccess } from "../../http/access.ts";
import type { App } from "../../http/app-instance.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import { type CallEvent, type CallWatch, createCallWatch } from "./call-watch.ts";
import type { LoggedCall } from "./logs.ts";

/*
 * `/ws` of the older dialer. A client shows its token, as a sub-protocol (`bearer, <token>`) or in its first message, and then
 * says which topics it wants: `calls`, `stats`, `project:<id>`, `campaign:<id>`. While it has any it also gets the figures of
 * every second.
 *
 *   open ── good token within 5 s ──▶ let in ── token not good any more, too slow, silent for a minute ──▶ closed
 *     └─ none, or not good ──▶ closed (1008)
 */
export interface OlderLiveOptions {
  clock: Clock;
  log: Log;
  /** Who it is; `undefined` for a token that is not good (any more). */
  authenticateToken(token: string): Promise<Caller | undefined>;
  /** Numbers of the projects of a supervisor. */
  listOwnProjects(tenantId: TenantId, userId: RowId): Promise<ReadonlySet<string>>;
  loadRecentCalls(
    tenantId: TenantId,
    ask: { knownIds: readonly string[]; endedAfter: Date; queuedAfter: Date },
  ): Promise<readonly LoggedCall[]>;
  /** What is being dialled now, as far as this caller sees it. */
  loadFigures(caller: Caller): Promise<{ calls: number; perSecond: number; queued: number }>;
}

interface Client {
  socket: WebSocket;
  token: string;
  caller: Caller;
  topics: Set<string>;
  /** Of projects whose calls it may hear of; `null`: all. */
  projects: ReadonlySet<string> | null;
  isAlive: boolean;
}

const CLIENTS_MAX = 500;
const TOPICS_MAX = 100;
const LOGIN_MS = 5_000;
const MESSAGE_BYTES_MAX = 4_096;
const BUFFERED_BYTES_MAX = 1_000_000;
const EVERY_MS = 1_000;
/** Tokens and rights are looked at again, and a sign of life is asked for, every so many rounds. */
const LOOK_AGAIN_ROUNDS = 30;
const END_OVERLAP_MS = 10_000;
const SHORT_CALL_MS = 120_000;
const POLICY_VIOLATION = 1008;
const TOPIC = /^(calls|stats|(project|campaign):[1-9]\d{0,18})$/;

const message = z.union([
  z.object({ action: z.enum(["subscribe", "unsubscribe"]), topic: z.string().regex(TOPIC) }),
  z.object({ action: z.literal("auth"), token: z.string().min(1).max(MESSAGE_BYTES_MAX) }),
]);

export function registerOlderLive(app: App, paths: readonly string[], options: OlderLiveOptions): void {
  const clients = new Set<Client>();
  const loop = createLoop({ ...options, name: "older_live", everyMs: EVERY_MS, work: createRound(clients, options) });
  void app.register(async (scope) => {
    await scope.register(fastifyWebsocket, {
      options: {
        maxPayload: MESSAGE_BYTES_MAX,
        handleProtocols: (offered) => (offered.has("bearer") ? "bearer" : false),
      },
    });
    for (const path of paths) {
      const route = { config: { access: publicAccess }, schema: { hide: true }, websocket: true } as const;
      scope.get(path, route, (socket, request) => {
        const offered = request.headers["sec-websocket-protocol"]?.split(",").map((part) => part.trim()) ?? [];
        open(socket, { token: offered[0] === "bearer" ? offered[1] : undefined, clients, options });
      });
    }
  });
  app.addHook("onReady", async () => loop.start());
  app.addHook("onClose", async () => loop.stop());
}

function open(
  socket: WebSocket,
  { token, clients, options }: { token: string | undefined; clients: Set<Client>; options: OlderLiveOptions },
): void {
  let client: Client | undefined;
  const refuse = (): void => socket.close(POLICY_VIOLATION, "No autorizado");
  const cancel = options.clock.after(LOGIN_MS, refuse);
  const letIn = async (given: string): Promise<void> => {
    const caller = await options.authenticateToken(given);
    if (!caller || !maySee(caller) || clients.size >= CLIENTS_MAX) return refuse();
    cancel();
    client = {
      socket,
      token: given,
      caller,
      topics: new Set(),
      projects: await loadProjects(options, caller),
      isAlive: true,
    };
    if (socket.readyState === socket.OPEN) clients.add(client);
  };
  const fail = (error: unknown): void => {
    options.log.warn({ err: error }, "older_live.failed");
    socket.terminate();
  };
  /** One after the other: what is subscribed to right behind the token is not lost. */
  let turn: Promise<void> = token === undefined ? Promise.resolve() : letIn(token).catch(fail);
  socket.on("message", (bytes) => {
    turn = turn
      .then(async () => {
        const told = message.safeParse(parseJson(String(bytes)));
        if (!told.success) return socket.close(POLICY_VIOLATION, "Mensaje inválido");
        if (told.data.action === "auth") return client ? undefined : letIn(told.data.token);
        if (!client) return refuse();
        if (told.data.action === "unsubscribe") client.topics.delete(told.data.topic);
        else if (client.topics.size < TOPICS_MAX) client.topics.add(told.data.topic);
      })
      .catch(fail);
  });
  socket.on("pong", () => {
    if (client) client.isAlive = true;
  });
  socket.on("error", (error) => options.log.debug({ err: error }, "older_live.socket"));
  socket.on("close", () => {
    cancel();
    if (client) clients.delete(client);
  });
}

const maySee = ({ role, scopes }: Caller): boolean =>
  role === null ? scopes.includes("dialer:read") : role !== "agent";

const loadProjects = async (
  { listOwnProjects }: OlderLiveOptions,
  { role, tenantId, userId }: Caller,
): Promise<ReadonlySet<string> | null> =>
  role === "supervisor" && userId !== null ? listOwnProjects(tenantId, userId) : null;

/** One look at the calls of every tenant that somebody listens for. */
function createRound(clients: Set<Client>, options: OlderLiveOptions): () => Promise<void> {
  const watches = new Map<TenantId, CallWatch>();
  let round = 0;
  return async () => {
    if (++round % LOOK_AGAIN_ROUNDS === 0) await Promise.all([...clients].map((client) => lookAgain(client, options)));
    const listening = [...clients].filter(({ topics }) => topics.size > 0);
    const tenants = Map.groupBy(listening, ({ caller }) => caller.tenantId);
    for (const tenantId of watches.keys()) if (!tenants.has(tenantId)) watches.delete(tenantId);
    for (const [tenantId, own] of tenants) {
      const watch = watches.get(tenantId) ?? createCallWatch();
      watches.set(tenantId, watch);
      const now = options.clock.now();
      const calls = await options.loadRecentCalls(tenantId, {
        knownIds: watch.knownIds(),
        endedAfter: new Date(now.getTime() - END_OVERLAP_MS),
        queuedAfter: new Date(now.getTime() - SHORT_CALL_MS),
      });
      const events = watch.look(calls);
      for (const client of own) await tell(client, events, options);
    }
  };
}

async function tell(
  client: Client,
  events: readonly CallEvent[],
  { clock, loadFigures }: OlderLiveOptions,
): Promise<void> {
  const timestamp = clock.now().toISOString();
  for (const event of events) {
    if (wants(client, event)) send(client, { type: event.type, data: event.data, timestamp });
  }
  const { calls, perSecond, queued } = await loadFigures(client.caller);
  const data = { active_calls: calls, cps: perSecond, queue: queued };
  send(client, { type: "stats_update", data, timestamp });
}

function wants({ topics, projects }: Client, { projectNumber, campaignId }: CallEvent): boolean {
  if (projects !== null && !projects.has(projectNumber)) return false;
  return topics.has("calls") || topics.has(`project:${projectNumber}`) || topics.has(`campaign:${campaignId}`);
}

/** Whoever does not read is let go: what is told is of now. */
function send({ socket }: Client, frame: object): void {
  if (socket.bufferedAmount > BUFFERED_BYTES_MAX) socket.terminate();
  else socket.send(JSON.stringify(frame));
}

async function lookAgain(client: Client, options: OlderLiveOptions): Promise<void> {
  const caller = await options.authenticateToken(client.token);
  if (!caller || !maySee(caller)) return client.socket.close(POLICY_VIOLATION, "No autorizado");
  if (!client.isAlive) return client.socket.terminate();
  client.isAlive = false;
  client.socket.ping();
  client.caller = caller;
  client.projects = await loadProjects(options, caller);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // refused like any other message that is none
  }
}
