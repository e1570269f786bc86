import type { Clock } from "../src/kit/clock.ts";

/** A clock that stands still until told: timers fire in order while it is advanced, each at its own instant. */
export interface ManualClock extends Clock {
  /** Moves time on by `ms` and fires what becomes due, letting promises settle after each. */
  advance(ms: number): Promise<void>;
  /** Timers that wait. */
  timers(): number;
}

interface Timer {
  atMs: number;
  order: number;
  fire(): void;
}

/** Starts at `startAt`, an instant in the middle of a month unless said otherwise. */
export function createManualClock(startAt = new Date("2026-03-10T10:00:00Z")): ManualClock {
  const startMs = startAt.getTime();
  const timers = new Set<Timer>();
  let nowMs = startMs;
  let made = 0;

  function add(ms: number, fire: () => void): Timer {
    const timer = { atMs: nowMs + Math.max(0, ms), order: made++, fire };
    timers.add(timer);
    return timer;
  }

  function nextUntil(endMs: number): Timer | undefined {
    const due = [...timers].filter((timer) => timer.atMs <= endMs);
    return due.sort((a, b) => a.atMs - b.atMs || a.order - b.order)[0];
  }

  return {
    now: () => new Date(nowMs),
    monotonicMs: () => nowMs - startMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = (): void => {
          timers.delete(timer);
          reject(signal?.reason);
        };
        const timer = add(ms, () => {
          signal?.removeEventListener("abort", stop);
          resolve();
        });
        signal?.addEventListener("abort", stop, { once: true });
      }),
    after: (ms, work) => {
      const timer = add(ms, work);
      return () => void timers.delete(timer);
    },
    timers: () => timers.size,
    advance: async (ms) => {
      const endMs = nowMs + ms;
      for (let timer = nextUntil(endMs); timer; timer = nextUntil(endMs)) {
        timers.delete(timer);
        nowMs = timer.atMs;
        timer.fire();
        await settlePromises();
      }
      nowMs = endMs;
      await settlePromises();
    },
  };
}

const settlePromises = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
