import { type Clock, systemClock } from "../src/kit/clock.ts";

/**
 * A clock that runs `factor` times as fast as the machine's. Every wait of the house keeps its proportion to every other (a
 * lease to its heartbeat, a grace to a time-out), so what is proved under it is proved of the settings of production.
 * Processes that were given the same `epochMs` (machine milliseconds at which both clocks agree) see the same time.
 */
export function createFastClock({ factor, epochMs }: { factor: number; epochMs: number }): Clock {
  return {
    now: () => new Date(Math.round(epochMs + (Date.now() - epochMs) * factor)),
    monotonicMs: () => systemClock.monotonicMs() * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    after: (ms, work) => systemClock.after(ms / factor, work),
  };
}
