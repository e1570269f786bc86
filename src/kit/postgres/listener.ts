import pg from "pg";
import { toErrorMessage } from "../../core/errors.ts";
import { toBackoffMs } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createInTurn } from "./in-turn.ts";

/** `null`: the connection was away or has only begun to listen, so something may have been missed; look for yourself. */
export type NotificationListener = (payload: string | null) => void;

/** PostgreSQL's NOTIFY as a subscription that outlives its connection. Notifications wake; they never carry the truth. */
export interface Listener {
  /** Calls `listener` for every notification on `channel` until the returned function is called. */
  on(channel: string, listener: NotificationListener): () => void;
  /** Resolves once connected; rejects when the first connection cannot be had. After that it reconnects for ever. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const RECONNECT = { firstMs: 100, maxMs: 5_000 };

export interface ListenerOptions {
  /** Must reach PostgreSQL itself, not a pooler in transaction mode. */
  url: string;
  clock: Clock;
  log: Log;
  /** A silent connection is asked for a sign of life this often, so one that died without a word is noticed too. */
  heartbeatMs?: number;
  answerTimeoutMs?: number;
}

interface Held {
  connection: pg.Client;
  ask: ReturnType<typeof createInTurn>;
}

/** Listens on one connection of its own. States: connecting → listening → (lost) → waiting → connecting …, until stopped. */
export function createListener(options: ListenerOptions): Listener {
  const { url, clock, log, heartbeatMs = 15_000, answerTimeoutMs = 10_000 } = options;
  const channels = new Map<string, Set<NotificationListener>>();
  const stopping = new AbortController();
  let client: Held | undefined;
  let running: Promise<void> = Promise.resolve();

  function tell(channel: string, payload: string | null): void {
    for (const listener of channels.get(channel) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        log.error({ channel, error: toErrorMessage(error) }, "listener.failed"); // one listener's bug is not the others'
      }
    }
  }

  async function connect(): Promise<Held> {
    const next = new pg.Client({
      connectionString: url,
      application_name: "enlace listener",
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
      query_timeout: answerTimeoutMs,
    });
    next.on("notification", ({ channel, payload }) => tell(channel, payload ?? ""));
    next.on("error", (error) => log.debug({ error: error.message }, "listener.connection_error"));
    try {
      await next.connect();
      for (const channel of channels.keys()) await next.query(listenTo(channel));
    } catch (error) {
      void endQuietly(next, log);
      throw error;
    }
    client = { connection: next, ask: createInTurn(next) };
    return client;
  }

  /** Resolves when `held` is lost; rejects when we are stopped. */
  async function hold(held: Held): Promise<void> {
    const lost = new AbortController();
    held.connection.once("end", () => lost.abort(new Error("the connection ended")));
    const signal = AbortSignal.any([lost.signal, stopping.signal]);
    try {
      for (;;) {
        await clock.sleep(heartbeatMs, signal);
        await held.ask("select 1");
      }
    } catch (error) {
      client = undefined;
      await endQuietly(held.connection, log);
      stopping.signal.throwIfAborted();
      log.warn({ error: toErrorMessage(error) }, "listener.connection_lost");
    }
  }

  async function reconnect(): Promise<Held> {
    for (let failures = 1; ; failures++) {
      await clock.sleep(toBackoffMs(failures, RECONNECT, 1), stopping.signal);
      try {
        return await connect();
      } catch (error) {
        log.warn({ error: toErrorMessage(error), failures }, "listener.connect_failed");
      }
    }
  }

  async function run(first: Held): Promise<void> {
    for (let held = first; ; ) {
      await hold(held);
      held = await reconnect();
      log.info({ channels: [...channels.keys()] }, "listener.connected");
      for (const channel of channels.keys()) tell(channel, null);
    }
  }

  async function listenLate(on: Held, channel: string): Promise<void> {
    try {
      await on.ask(listenTo(channel));
      tell(channel, null);
    } catch (error) {
      log.debug({ channel, error: toErrorMessage(error) }, "listener.listen_failed"); // the reconnect listens to it
    }
  }

  return {
    on: (channel, listener) => {
      const known = channels.get(channel);
      const listeners = known ?? new Set();
      listeners.add(listener);
      channels.set(channel, listeners);
      if (!known && client) void listenLate(client, channel);
      return () => void listeners.delete(listener);
    },
    start: async () => {
      const first = await connect();
      running = run(first).catch((error: unknown) => {
        if (!stopping.signal.aborted) throw error;
      });
    },
    stop: async () => {
      stopping.abort(new Error("the listener was stopped"));
      await running;
    },
  };
}

const listenTo = (channel: string): string => `listen ${pg.escapeIdentifier(channel)}`;

/** Ends without waiting for an answer that may never come. */
async function endQuietly(client: pg.Client, log: Log): Promise<void> {
  try {
    await client.end();
  } catch (error) {
    log.debug({ error: toErrorMessage(error) }, "listener.end_failed");
  }
}
