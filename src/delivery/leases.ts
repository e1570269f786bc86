import { sql } from "kysely";
import { toErrorMessage } from "../core/errors.ts";
import { SentenceError } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { createLoop } from "../kit/loop.ts";
import type { Database } from "../kit/postgres/database.ts";
import { say } from "./words.ts";

export interface WorkerIdentity {
  /** Unique among all processes that ever lived. */
  id: string;
  host: string;
  pid: number;
  roles: readonly string[];
}

export interface LeaseOptions {
  database: Database;
  clock: Clock;
  log: Log;
  worker: WorkerIdentity;
  /** A lease is good while its owner's heartbeat is younger than this. Clocks of all hosts must agree within a few seconds. */
  leaseMs: number;
  heartbeatMs: number;
}

/** This process's sign of life, and with it the right to what it leased. */
export interface Heartbeat {
  /**
   * Aborts when no heartbeat could be written for nearly `leaseMs`: others are about to take what we hold. After the next
   * good heartbeat there is a new signal.
   */
  signal(): AbortSignal;
  start(): Promise<void>;
  /** Ends the signs of life and removes the worker. Give the leases back first. */
  stop(): Promise<void>;
}

/** We let go this much before others may take: a session has a second or two to settle. */
const MARGIN_MS = 5_000;

export function createHeartbeat({ database, clock, log, worker, leaseMs, heartbeatMs }: LeaseOptions): Heartbeat {
  let era = new AbortController();
  let disarm = (): void => undefined;

  async function beat(): Promise<void> {
    const beganMs = clock.monotonicMs();
    const now = clock.now();
    await sql`
      insert into workers (id, roles, host, pid, started_at, heartbeat_at)
      values (${worker.id}, ${[...worker.roles]}, ${worker.host}, ${worker.pid}, ${now}, ${now})
      on conflict (id) do update set heartbeat_at = excluded.heartbeat_at`.execute(database.sql);
    if (era.signal.aborted) era = new AbortController();
    disarm();
    disarm = clock.after(Math.max(0, leaseMs - MARGIN_MS - (clock.monotonicMs() - beganMs)), () => {
      log.error({ workerId: worker.id, leaseMs }, "worker.heartbeat_lost");
      era.abort(new SentenceError(say("leasesLost")));
    });
  }

  const loop = createLoop({
    name: "worker.heartbeat",
    everyMs: heartbeatMs,
    work: () =>
      beat().catch((error: unknown) => {
        log.warn({ workerId: worker.id, error: toErrorMessage(error) }, "worker.heartbeat_failed");
      }),
    clock,
    log,
  });

  return {
    signal: () => era.signal,
    start: async () => {
      await beat();
      loop.start();
    },
    stop: async () => {
      await loop.stop();
      disarm();
      await sql`delete from workers where id = ${worker.id}`.execute(database.sql);
    },
  };
}
