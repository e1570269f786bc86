import pg from "pg";
import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createInTurn } from "./in-turn.ts";

/** One holder per key over all processes of one database, for as long as a piece of work takes. */
export interface Locks {
  /**
   * Waits its turn for `key`, runs `work`, frees the key and returns what `work` returned. In one process turns are first
   * come, first served. Rejects with the signal's reason when it aborts while waiting, and when the database is away.
   * `work` gets a signal that also aborts when the connection, and with it the lock, is lost: stop what you do then.
   */
  exclusive<T>(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Refuses new work, waits for the running, and closes the connection. Abort the holders' signals first. */
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 10;
const RETRY_MAX_MS = 250;
const WAITING_MAX = 10_000;

export interface LocksOptions {
  /** Must reach PostgreSQL itself, not a pooler in transaction mode. */
  url: string;
  clock: Clock;
  log: Log;
  /** The connection is asked for a sign of life this often, so holders learn of one that died without a word. */
  heartbeatMs?: number;
  answerTimeoutMs?: number;
}

/**
 * Session advisory locks on one connection of its own, opened when first needed and reopened after a loss. Because all
 * keys share that connection, nothing ever blocks in it: a key that another process holds is tried again (10 … 250 ms).
 * PostgreSQL lets one session take a lock twice, so the queue per key inside the process is what keeps our own work apart.
 */
export function createLocks(options: LocksOptions): Locks {
  const turns = createTurns();
  let session: Promise<LockSession> | undefined;
  let stopped = false;

  /** The one session, opened once for all who ask; forgotten when it fails or is lost. */
  function openSession(): Promise<LockSession> {
    if (session) return session;
    const forget = (): void => {
      if (session === opening) session = undefined;
    };
    const opening = openLockSession(options);
    session = opening;
    opening.then(({ lost }) => lost.addEventListener("abort", forget), forget);
    return opening;
  }

  return {
    exclusive: async (key, signal, work) => {
      if (stopped) throw new AppError("unavailable", "Enlace is stopping");
      const leave = await turns.enter(key, signal);
      try {
        const held = await openSession();
        await held.acquire(key, signal);
        try {
          return await work(AbortSignal.any([signal, held.lost]));
        } finally {
          await held.free(key);
        }
      } finally {
        leave();
      }
    },
    stop: async () => {
      stopped = true;
      await turns.idle();
      const opened = await session?.catch(() => undefined); // a session that never opened needs no end
      await opened?.end();
    },
  };
}

/** First come, first served per key, inside this process. */
function createTurns() {
  const tails = new Map<string, Promise<void>>();
  let waiting = 0;

  return {
    /** Resolves with the function that ends the turn; a turn given up while waiting is passed on. */
    enter: async (key: string, signal: AbortSignal): Promise<() => void> => {
      signal.throwIfAborted();
      if (waiting >= WAITING_MAX)
        throw new AppError("unavailable", "too many wait for a lock", { retryAfterSeconds: 1 });
      const before = tails.get(key);
      const { promise: mine, resolve: leave } = Promise.withResolvers<void>();
      const tail = (before ?? Promise.resolve()).then(() => mine);
      tails.set(key, tail);
      void tail.then(() => tails.get(key) === tail && tails.delete(key));
      waiting++;
      try {
        await untilAborted(before, signal);
      } catch (error) {
        leave();
        throw error;
      } finally {
        waiting--;
      }
      return leave;
    },
    idle: async (): Promise<void> => {
      while (tails.size > 0) await Promise.all(tails.values());
    },
  };
}

interface LockSession {
  /** Aborts when the connection, and so every lock on it, is gone. */
  lost: AbortSignal;
  acquire(key: string, signal: AbortSignal): Promise<void>;
  free(key: string): Promise<void>;
  end(): Promise<void>;
}

async function openLockSession(options: LocksOptions): Promise<LockSession> {
  const { url, clock, log, heartbeatMs = 10_000, answerTimeoutMs = 10_000 } = options;
  const lost = new AbortController();
  const client = new pg.Client({
    connectionString: url,
    application_name: "enlace locks",
    keepAlive: true,
    connectionTimeoutMillis: 5_000,
    query_timeout: answerTimeoutMs,
  });
  let ended: Promise<void> = Promise.resolve();
  const lose = (why: string): void => {
    if (lost.signal.aborted) return;
    lost.abort(new AppError("unavailable", `the lock was lost: ${why}`));
    ended = client.end().catch((error: unknown) => log.debug({ error: toErrorMessage(error) }, "locks.end_failed"));
  };
  client.on("error", (error) => lose(error.message));
  client.on("end", () => lose("the connection ended"));

  const query = createInTurn(client);

  /** A session that does not answer may have lost its locks already: it is given up, and its holders are told. */
  async function ask(text: string, key?: string): Promise<boolean> {
    try {
      const { rows } = await query<{ ok: boolean }>(text, key === undefined ? [] : [key]);
      return rows[0]?.ok === true;
    } catch (error) {
      lose(toErrorMessage(error));
      throw lost.signal.reason;
    }
  }

  async function beat(): Promise<void> {
    while (!lost.signal.aborted) {
      await clock.sleep(heartbeatMs, lost.signal);
      await ask("select true as ok");
    }
  }

  try {
    await client.connect();
  } catch (error) {
    throw new AppError("unavailable", "the database is away", { cause: error });
  }
  beat().catch((error: unknown) => log.debug({ error: toErrorMessage(error) }, "locks.session_ended"));
  return {
    lost: lost.signal,
    acquire: async (key, signal) => {
      for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
        signal.throwIfAborted();
        if (await ask("select pg_try_advisory_lock(hashtextextended($1, 0)) as ok", key)) return;
        await clock.sleep(waitMs, AbortSignal.any([signal, lost.signal]));
      }
    },
    free: async (key) => {
      if (lost.signal.aborted) return; // the server freed it
      const freed = await ask("select pg_advisory_unlock(hashtextextended($1, 0)) as ok", key).catch(() => true);
      if (!freed) lose("it was not ours any more");
    },
    end: async () => {
      lose("Enlace is stopping");
      await ended;
    },
  };
}

/** Waits for `before`, or rejects with the signal's reason. */
async function untilAborted(before: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
  if (!before) return;
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([before, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
