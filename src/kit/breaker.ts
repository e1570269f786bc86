import { type BackoffPolicy, toBackoffMs } from "./backoff.ts";

/**
 * A circuit breaker as a pure function, so that its state can live in a row that many processes share.
 *
 *   closed ──failuresMax failures in a row──▶ open ──openUntil passes──▶ half-open ──success──▶ closed
 *                                              ▲                            │
 *                                              └────────── failure ─────────┘  (each time for longer)
 *
 * Open: nothing is tried. Half-open: one try at a time. A success closes it from wherever it is; failures that arrive while
 * it is open were under way before and change nothing.
 */
export interface BreakerState {
  /** Failures since the last success. */
  failures: number;
  openUntil: Date | null;
}

export interface BreakerPolicy extends BackoffPolicy {
  failuresMax: number;
}

export const CLOSED: BreakerState = { failures: 0, openUntil: null };

export function toBreakerPhase({ openUntil }: BreakerState, now: Date): "closed" | "open" | "half_open" {
  if (openUntil === null) return "closed";
  return openUntil > now ? "open" : "half_open";
}

/** The state after one more failure at `now`. `fraction`, uniform in [0, 1), spreads the reopenings. */
export function toStateAfterFailure(
  state: BreakerState,
  policy: BreakerPolicy,
  { now, fraction }: { now: Date; fraction: number },
): BreakerState {
  if (toBreakerPhase(state, now) === "open") return state;
  const failures = state.failures + 1;
  if (failures < policy.failuresMax) return { failures, openUntil: null };
  const openMs = toBackoffMs(failures - policy.failuresMax + 1, policy, fraction);
  return { failures, openUntil: new Date(now.getTime() + openMs) };
}
