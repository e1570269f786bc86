import type { RowId } from "../../core/ids.ts";
import { type BreakerState, CLOSED, toBreakerPhase, toStateAfterFailure } from "../../kit/breaker.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import type { TrunkResult } from "./live-call.ts";

export type TrunkHealth = ReturnType<typeof toBreakerPhase>;

/** A trunk that fails again and again is left alone for a while, then tried with one call. */
export interface TrunkBreakers {
  /** How many calls may be tried over it now, as far as its health goes. */
  room(trunkId: RowId): number;
  phase(trunkId: RowId): TrunkHealth;
  /** One is tried. */
  begin(trunkId: RowId): void;
  end(trunkId: RowId, result: TrunkResult): void;
  /** A phone behind it was heard to ring. */
  noteRinging(trunkId: RowId): void;
  /** Whether phones behind it are heard to ring: then a call without any ringing has reached nobody. */
  rings(trunkId: RowId): boolean;
}

/** Five in a row: one number behind a congested network is not the trunk's fault. */
const POLICY = { failuresMax: 5, firstMs: 5_000, maxMs: 120_000 };
/**
 * Behind a carrier that rings by early media every phone that nobody picks up is silent. Where ringing was never heard so many
 * silent calls in a row are one failure: of people who pick up one time in three, twenty-five in a row do not once in 25,000.
 */
const SILENT_FOR_A_FAILURE = 5;

export function createTrunkBreakers({ clock, random }: { clock: Clock; random: Random }): TrunkBreakers {
  const states = new Map<RowId, BreakerState>();
  const trying = new Map<RowId, number>();
  const silent = new Map<RowId, number>();
  const ringing = new Set<RowId>();
  const phase = (trunkId: RowId) => toBreakerPhase(states.get(trunkId) ?? CLOSED, clock.now());

  function isFailure(trunkId: RowId, result: TrunkResult): boolean {
    if (result !== "silent" || ringing.has(trunkId)) return result === "failed" || result === "silent";
    const count = (silent.get(trunkId) ?? 0) + 1;
    silent.set(trunkId, count);
    return count % SILENT_FOR_A_FAILURE === 0 || phase(trunkId) === "half_open";
  }

  return {
    phase,
    room: (trunkId) => {
      const now = phase(trunkId);
      if (now === "closed") return Number.POSITIVE_INFINITY;
      return now === "open" || (trying.get(trunkId) ?? 0) > 0 ? 0 : 1;
    },
    begin: (trunkId) => void trying.set(trunkId, (trying.get(trunkId) ?? 0) + 1),
    end: (trunkId, result) => {
      trying.set(trunkId, Math.max(0, (trying.get(trunkId) ?? 0) - 1));
      if (result === "worked") for (const known of [states, silent]) known.delete(trunkId);
      if (!isFailure(trunkId, result)) return;
      const context = { now: clock.now(), fraction: random.fraction() };
      states.set(trunkId, toStateAfterFailure(states.get(trunkId) ?? CLOSED, POLICY, context));
    },
    noteRinging: (trunkId) => void ringing.add(trunkId),
    rings: (trunkId) => ringing.has(trunkId),
  };
}
