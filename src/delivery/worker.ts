import { toErrorMessage } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../kit/postgres/database.ts";
import { createBell } from "./bell.ts";
import { type Claim, claimDeliveries, type LaneLook } from "./claim.ts";
import { createFlights, type FlightOptions } from "./flights.ts";
import { createLaneHints } from "./lane-hints.ts";
import type { Heartbeat } from "./leases.ts";
import type { LeaseKey } from "./reaper.ts";

/**
 * The life of a delivery. Rows change state in four places only: fan-out.ts (planned), claim.ts (leased), settle.ts (what
 * the attempt came to), and the three that mend: reaper.ts (lost leases), sweep.ts (expired, orphaned), dead-letters.ts
 * (people).
 *
 *            plan                 claim                  delivered, nothing newer
 *   (call) ────────▶ pending ─────────────▶ leased ─────────────────────────────▶ delivered
 *                     ▲ │ ▲                   │ │                                     │
 *                     │ │ └───────────────────┘ │ rejected, or attempts used up       │ newer revision
 *                     │ │   retry, hold,        ▼                                     │
 *                     │ │   newer revision,    dead ──discard──▶ discarded            │
 *                     │ │   lost lease          │                    │                │
 *                     │ │                       │ replay, newer      │ replay         │
 *                     │ └─deadline─▶ expired    │ revision           │                │
 *                     └─────────────────────────┴────────────────────┴────────────────┘
 *
 * A row is claimed only while its lane runs (not paused, held or disabled; breaker closed, or half-open with nothing in
 * flight), has a free slot and a token, and no sibling of the same subject is leased.
 */
export interface WorkerOptions extends Omit<FlightOptions, "onLanded"> {
  database: Database;
  clock: Clock;
  log: Log;
  workerId: string;
  heartbeat: Pick<Heartbeat, "signal">;
  /** Deliveries in flight in this process; one lane gets at most a quarter of them. */
  inFlightMax: number;
}

export interface Worker {
  start(): void;
  /** There may be work in this lane, now or at `dueAt`. */
  hint(connectionId: string, dueAt?: Date): void;
  inFlight(): readonly LeaseKey[];
  /** Claims no more, waits up to `graceMs` for what is in flight, then aborts it and waits until it is written. */
  stop(graceMs: number): Promise<void>;
}

const LANES_PER_CLAIM = 256;
const LOOK_AGAIN_MS = 250;
const DELIVERIES_PER_CLAIM = 1_000;
const IDLE_MS = 1_000;
const FAILURE_PAUSE_MS = 200;
const FAILURE_PAUSE_MAX_MS = 5_000;

export function createWorker(options: WorkerOptions): Worker {
  const { clock, log, database, heartbeat, workerId, inFlightMax } = options;
  const hints = createLaneHints();
  const bell = createBell(clock);
  const flights = createFlights({ ...options, onLanded });
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    for (let failures = 0; !stopping.signal.aborted; ) {
      try {
        const looked = await claimOnce();
        failures = 0;
        if (!looked) await bell.wait(toIdleMs());
      } catch (error) {
        failures++;
        log.warn({ workerId, error: toErrorMessage(error), failures }, "delivery.claim_failed");
        await pause(Math.min(FAILURE_PAUSE_MAX_MS, FAILURE_PAUSE_MS * failures));
      }
    }
  }

  /** Whether there was a lane to look into. */
  async function claimOnce(): Promise<boolean> {
    const era = heartbeat.signal();
    const room = Math.min(DELIVERIES_PER_CLAIM, inFlightMax - flights.size());
    if (room <= 0 || era.aborted) return false;
    const lanes = hints.take(clock.monotonicMs(), Math.min(LANES_PER_CLAIM, room));
    const mostByLane = toMostByLane(lanes, room);
    if (mostByLane.size === 0) return lanes.length > 0;
    try {
      const now = clock.now();
      const claim = await claimDeliveries(database, { mostByLane, workerId, now });
      flights.takeOff(claim.deliveries, era);
      noteLooks(claim, now);
    } catch (error) {
      for (const lane of lanes) hints.add(lane, clock.monotonicMs());
      throw error;
    }
    return true;
  }

  /** Shares the room out evenly; a lane that already has its quarter waits for its own settlings. */
  function toMostByLane(lanes: readonly string[], room: number): Map<string, number> {
    const share = Math.max(1, Math.floor(room / lanes.length));
    const quarter = Math.max(1, Math.floor(inFlightMax / 4));
    const most = lanes.map((lane) => [lane, Math.min(share, quarter - flights.inLane(lane))] as const);
    for (const [lane, count] of most) if (count <= 0) hints.remind(lane, true);
    return new Map(most.filter(([, count]) => count > 0));
  }

  function noteLooks({ looks, missed }: Claim, now: Date): void {
    const nowMs = clock.monotonicMs();
    for (const look of looks) {
      const { connectionId, left } = look;
      hints.remind(connectionId, left);
      const waitMs = toWaitMs(look, now);
      if (waitMs !== null) hints.add(connectionId, nowMs + waitMs);
      // All slots are taken elsewhere, and nothing of ours will land here to remind us.
      else if (left && flights.inLane(connectionId) === 0) hints.add(connectionId, nowMs + LOOK_AGAIN_MS);
    }
    for (const lane of missed) hints.missed(lane, nowMs);
  }

  function onLanded(connectionId: string, dueAt: Date | null): void {
    const nowMs = clock.monotonicMs();
    hints.landed(connectionId, nowMs, dueAt && nowMs + dueAt.getTime() - clock.now().getTime());
    bell.ring();
  }

  function toIdleMs(): number {
    const nextMs = flights.size() < inFlightMax ? hints.nextMs() : undefined;
    return Math.min(IDLE_MS, Math.max(1, (nextMs ?? Number.POSITIVE_INFINITY) - clock.monotonicMs()));
  }

  function hint(connectionId: string, dueAt?: Date): void {
    const inMs = dueAt ? Math.max(0, dueAt.getTime() - clock.now().getTime()) : 0;
    hints.add(connectionId, clock.monotonicMs() + inMs);
    bell.ring();
  }

  /** Ends early on `stop`. */
  function pause(ms: number): Promise<void> {
    return clock.sleep(ms, stopping.signal).catch(() => undefined);
  }

  return {
    start: () => {
      running = run();
    },
    hint,
    inFlight: () => flights.keys(),
    stop: async (graceMs) => {
      stopping.abort();
      bell.ring();
      await running;
      await flights.stop(graceMs);
    },
  };
}

/** Milliseconds until the next look is worth its while, as far as the last one tells; `null`: it does not. */
function toWaitMs({ more, left, taken, waitMs, nextDueAt }: LaneLook, now: Date): number | null {
  if (more) return 0;
  if (waitMs !== null) return waitMs;
  if (nextDueAt === null || (left && taken === 0)) return null;
  return nextDueAt.getTime() - now.getTime();
}
