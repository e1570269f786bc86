import { toErrorMessage } from "../core/errors.ts";
import { SentenceError, toReason } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { isStoreUnavailable } from "../kit/postgres/store-unavailable.ts";
import type { AttemptInputs, CallSubjectParts } from "./attempt.ts";
import type { LeasedDelivery } from "./claim.ts";
import type { LeaseKey } from "./reaper.ts";
import type { AttemptResult, Settle } from "./settle.ts";
import { say } from "./words.ts";

export interface CallRef {
  tenantId: number;
  callId: string;
}
export type LoadedSubject = CallSubjectParts & { tenantId: number };

export interface FlightOptions {
  clock: Clock;
  log: Log;
  attempt(inputs: AttemptInputs): Promise<AttemptResult>;
  settle: Settle;
  /** Calls that are gone are missing from the answer; the order is free. */
  loadCallSubjects(refs: readonly CallRef[]): Promise<readonly LoadedSubject[]>;
  /** A slot of this lane is free again; `dueAt` is when this delivery is due anew, if it is. */
  onLanded(connectionId: string, dueAt: Date | null): void;
}

/** The deliveries of this process that are leased and not yet settled. */
export interface Flights {
  /** Attempts and settles these; `era` aborts when the leases are about to be lost. */
  takeOff(deliveries: readonly LeasedDelivery[], era: AbortSignal): void;
  size(): number;
  inLane(connectionId: string): number;
  keys(): LeaseKey[];
  /** Waits up to `graceMs` for what is in flight, then aborts it and waits until it is written. */
  stop(graceMs: number): Promise<void>;
}

const RETRY_MS = 200;
const RETRY_MAX_MS = 5_000;

export function createFlights({ clock, log, attempt, settle, loadCallSubjects, onLanded }: FlightOptions): Flights {
  const flights = new Map<Promise<void>, LeasedDelivery>();
  const perLane = new Map<string, number>();
  const giveUp = new AbortController();

  function count(lane: string, by: 1 | -1): void {
    const next = (perLane.get(lane) ?? 0) + by;
    if (next === 0) perLane.delete(lane);
    else perLane.set(lane, next);
  }

  function track(delivery: LeasedDelivery, flight: Promise<Date | null>): void {
    count(delivery.connectionId, 1);
    const landing = flight.then((dueAt) => {
      flights.delete(landing);
      count(delivery.connectionId, -1);
      onLanded(delivery.connectionId, dueAt);
    });
    flights.set(landing, delivery);
  }

  async function fly(delivery: LeasedDelivery, subjects: Promise<Subjects>, era: AbortSignal): Promise<Date | null> {
    const signal = AbortSignal.any([era, giveUp.signal]);
    const result = await subjects.then(
      (loaded) => attempt({ delivery, subject: loaded.get(`${delivery.tenantId}:${delivery.subjectId}`), signal }),
      (error: unknown) => toNotAttempted(delivery, toErrorMessage(error)),
    );
    return settleSurely(result);
  }

  /** The store may be away: what an attempt came to is kept until it is written, or until the stop's bound. */
  async function settleSurely(result: AttemptResult): Promise<Date | null> {
    for (let [failures, kept] = [0, result]; ; ) {
      try {
        return (await settle(kept)).dueAt;
      } catch (error) {
        failures++;
        // Something in the batch cannot be stored: what others sent us is the only part we do not know.
        if (!isStoreUnavailable(error)) kept = { ...result, exchanges: [] };
        const { id, tenantId } = result.delivery;
        log.error({ tenantId, deliveryId: id, error: toErrorMessage(error), failures }, "delivery.settle_failed");
        if (giveUp.signal.aborted) return null; // the lease ends with us; whoever is next looks before it writes
        await clock.sleep(Math.min(RETRY_MAX_MS, RETRY_MS * failures));
      }
    }
  }

  async function loadSubjects(deliveries: readonly LeasedDelivery[]): Promise<Subjects> {
    const refs = deliveries.map(({ tenantId, subjectId }) => ({ tenantId, callId: subjectId }));
    const loaded = await loadCallSubjects(refs);
    return new Map(loaded.map((subject) => [`${subject.tenantId}:${subject.callId}`, subject]));
  }

  return {
    takeOff: (deliveries, era) => {
      if (deliveries.length === 0) return;
      const subjects = loadSubjects(deliveries);
      for (const delivery of deliveries) track(delivery, fly(delivery, subjects, era));
    },
    size: () => flights.size,
    inLane: (connectionId) => perLane.get(connectionId) ?? 0,
    keys: () => [...flights.values()].map(({ id, number }) => ({ id, number })),
    stop: async (graceMs) => {
      const cancel = clock.after(graceMs, () => giveUp.abort(new SentenceError(say("stopping"))));
      while (flights.size > 0) await Promise.all(flights.keys());
      cancel();
      await settle.idle();
    },
  };
}

type Subjects = ReadonlyMap<string, LoadedSubject>;

function toNotAttempted(delivery: LeasedDelivery, reason: string): AttemptResult {
  const outcome = { kind: "retry", ...toReason(say("callUnreadable", { error: reason })) } as const;
  return { delivery, revision: delivery.revision, outcome, cause: "given_back", durationMs: 0, exchanges: [] };
}
