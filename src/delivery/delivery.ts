import type { CheckReport, Connector } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { HttpRequester } from "../kit/http-client.ts";
import type { Log } from "../kit/log.ts";
import { createLoop } from "../kit/loop.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import type { Random } from "../kit/random.ts";
import { type AttemptOptions, createAttempt } from "./attempt.ts";
import { type CallWaiters, createCallWaiters } from "./call-waiters.ts";
import { createConnectionCheck } from "./connection-check.ts";
import { createConnectionQuestion, type FindCaller } from "./connection-question.ts";
import { type AskConnection, createConnectionSurvey } from "./connection-survey.ts";
import type { FlightOptions } from "./flights.ts";
import { recheckHeldLanes } from "./held-lanes.ts";
import { createHeartbeat, type WorkerIdentity } from "./leases.ts";
import { createQueueHealth, type QueueCheck } from "./queue-health.ts";
import { releaseAllLeases } from "./reaper.ts";
import { UNCERTAIN_GRACE_MS } from "./retry-policy.ts";
import { createSessionPool, type SessionPoolOptions } from "./session-pool.ts";
import { createSettle } from "./settle.ts";
import { createSweep } from "./sweep.ts";
import { createWorker } from "./worker.ts";

/**
 * The way out of one process: it delivers if it has the role `worker`, and can check and wait in any case. This room owns
 * deliveries, attempts, lanes and workers. It knows no CRM and no call by itself: connectors and loaders are handed in, and
 * what it may not lose it writes before anybody is told. The life of a delivery is drawn in worker.ts.
 */
export interface Delivery {
  start(): Promise<void>;
  stop(): Promise<void>;
  waitForCall: CallWaiters["waitForCall"];
  /** Proves a connection with the settings given, in a session of its own version. Never throws for what the CRM says. */
  check(connection: ConnectionRecord, signal: AbortSignal): Promise<CheckReport>;
  /** Who a number is in the system of a connection that can tell; see connection-question.ts. */
  findCaller: FindCaller;
  /** What an administrator wants to know of the system of a connection; see connection-survey.ts. */
  ask: AskConnection;
  /** For `/ready`. */
  checks: readonly QueueCheck[];
}

export interface DeliveryOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  worker: WorkerIdentity;
  connectors: readonly Connector[];
  http: HttpRequester;
  publicUrl: string;
  exclusive: SessionPoolOptions["exclusive"];
  loadTenant: SessionPoolOptions["loadTenant"];
  openMemory: SessionPoolOptions["openMemory"];
  loadConnection: AttemptOptions["loadConnection"];
  loadCallSubjects: FlightOptions["loadCallSubjects"];
  limits?: Partial<DeliveryLimits>;
}

export interface DeliveryLimits {
  /** Deliveries in flight in this process. */
  inFlightMax: number;
  attemptTimeoutMs: number;
  leaseMs: number;
  heartbeatMs: number;
  /** How often lost leases, late signals and forgotten lanes are looked for. */
  sweepMs: number;
  /** After an attempt of unknown end; see retry-policy.ts. */
  uncertainGraceMs: number;
  /** What a clean stop waits for deliveries in flight before it ends them. */
  stopMs: number;
}

const LIMITS: DeliveryLimits = {
  inFlightMax: 512,
  attemptTimeoutMs: 60_000,
  leaseMs: 30_000,
  heartbeatMs: 5_000,
  sweepMs: 2_000,
  uncertainGraceMs: UNCERTAIN_GRACE_MS,
  stopMs: 10_000,
};
const RECHECK_EVERY_MS = 30_000;

export function createDelivery(options: DeliveryOptions): Delivery {
  const { database, clock, random, log, metrics } = options;
  const limits = { ...LIMITS, ...options.limits };
  const isWorker = options.worker.roles.includes("worker");
  const workerId = options.worker.id;
  const sessions = createSessionPool(options);
  const check = createConnectionCheck({ sessions, http: options.http, clock, log });
  const waiters = createCallWaiters({ database, clock });
  const health = createQueueHealth({ database, clock, log, metrics });
  const heartbeat = createHeartbeat({ database, clock, log, worker: options.worker, ...limits });
  const { loadConnection, http } = options;
  const settle = createSettle({
    ...{ database, clock, random, log, metrics, workerId, graceMs: limits.uncertainGraceMs },
    onSettled: waiters.nudge,
  });
  const worker = createWorker({
    ...{ database, clock, log, workerId, heartbeat, settle, inFlightMax: limits.inFlightMax },
    attempt: createAttempt({ loadConnection, sessions, http, clock, log, timeoutMs: limits.attemptTimeoutMs }),
    loadCallSubjects: options.loadCallSubjects,
  });
  const { leaseMs, uncertainGraceMs } = limits;
  const sweep = createSweep({ database, clock, log, workerId, worker, leaseMs, graceMs: uncertainGraceMs });
  const loops = [
    createLoop({ name: "delivery.sweep", everyMs: limits.sweepMs, work: sweep, clock, log }),
    createLoop({
      name: "delivery.recheck",
      everyMs: RECHECK_EVERY_MS,
      work: (signal) => recheckHeldLanes({ database, clock, random, log, loadConnection, check }, signal),
      clock,
      log,
    }),
  ];
  const trimming = createLoop({
    name: "sessions.trim",
    everyMs: 60_000,
    work: async () => sessions.trim(),
    clock,
    log,
  });
  const unsubscribe: (() => void)[] = [];

  return {
    check,
    findCaller: createConnectionQuestion({ sessions, http, clock }),
    ask: createConnectionSurvey({ sessions, http, clock, log }),
    waitForCall: waiters.waitForCall,
    checks: health.checks,
    start: async () => {
      unsubscribe.push(
        options.listener.on("settings", (tenantId) => {
          if (tenantId) sessions.retireTenant(Number(tenantId) as TenantId);
        }),
      );
      trimming.start();
      if (!isWorker) return;
      await heartbeat.start();
      unsubscribe.push(
        options.listener.on("deliveries", (ids) => {
          for (const id of ids?.split(",") ?? []) worker.hint(id);
        }),
      );
      worker.start();
      for (const loop of loops) loop.start();
    },
    stop: async () => {
      for (const off of unsubscribe) off();
      await trimming.stop();
      try {
        if (isWorker) await stopWorker();
      } finally {
        await sessions.stop();
      }
    },
  };

  async function stopWorker(): Promise<void> {
    await Promise.all(loops.map((loop) => loop.stop()));
    await worker.stop(limits.stopMs);
    const now = clock.now();
    const dueAt = new Date(now.getTime() + limits.uncertainGraceMs);
    try {
      await releaseAllLeases(database, { workerId, dueAt, now });
    } finally {
      await heartbeat.stop(); // the store may be away: others reap what could not be given back
    }
  }
}
