import type { RowId } from "../../core/ids.ts";
import { type BreakerState, CLOSED, toBreakerPhase, toStateAfterFailure } from "../../kit/breaker.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";

export type TrunkHealth = ReturnType<typeof toBreakerPhase>;

/** A trunk that fails again and again is left alone for a while, then tried with one call. */
export interface TrunkBreakers {
  /** How many calls may be tried over it now, as far as its health goes. */
  room(trunkId: RowId): number;
  phase(trunkId: RowId): TrunkHealth;
  /** One is tried. */
  begin(trunkId: RowId): void;
  end(trunkId: RowId, result: "failed" | "worked" | "unknown"): void;
}

/** Five in a row: one number behind a congested network is not the trunk's fault. */
const POLICY = { failuresMax: 5, firstMs: 5_000, maxMs: 120_000 };

export function createTrunkBreakers({ clock, random }: { clock: Clock; random: Random }): TrunkBreakers {
  const states = new Map<RowId, BreakerState>();
  const trying = new Map<RowId, number>();
  const phase = (trunkId: RowId) => toBreakerPhase(states.get(trunkId) ?? CLOSED, clock.now());
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
      if (result === "worked") states.delete(trunkId);
      if (result !== "failed") return;
      const context = { now: clock.now(), fraction: random.fraction() };
      states.set(trunkId, toStateAfterFailure(states.get(trunkId) ?? CLOSED, POLICY, context));
    },
  };
}
