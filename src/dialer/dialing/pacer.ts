import type { Clock } from "../../kit/clock.ts";
import { createRateWindow, type RateWindow } from "./rate-window.ts";

/** Lets calls start one after the other, no faster than the limits of all they belong to: installation, tenant, trunk. */
export interface Pacer {
  /** Resolves when it may start, which is then counted; whoever waits for another trunk holds nobody up. Rejects with the signal. */
  turn(keys: readonly string[], signal: AbortSignal): Promise<void>;
  /** How many more calls of this key could start within `aheadMs`, those that wait already left out. */
  room(key: string, aheadMs: number): number;
  /** Starts within the last second. */
  recent(key: string): number;
  /** Calls that wait for their turn. */
  waiting(): number;
}

export interface PacerOptions {
  clock: Clock;
  /** `null`: no limit. */
  perSecond(key: string): number | null;
}

interface Waiting {
  keys: readonly string[];
  start(): void;
}

export function createPacer({ clock, perSecond }: PacerOptions): Pacer {
  const windows = new Map<string, RateWindow>();
  const waitingOf = new Map<string, number>();
  let queue: Waiting[] = [];
  let cancel = (): void => undefined;

  function windowOf(key: string): RateWindow {
    const known = windows.get(key);
    if (known) return known;
    const made = createRateWindow(() => perSecond(key));
    windows.set(key, made);
    return made;
  }

  function count(keys: readonly string[], by: 1 | -1): void {
    for (const key of keys) waitingOf.set(key, (waitingOf.get(key) ?? 0) + by);
  }

  function pump(): void {
    cancel();
    let nextMs = Number.POSITIVE_INFINITY;
    const left: Waiting[] = [];
    for (const waiting of queue) {
      const nowMs = clock.monotonicMs();
      const waitMs = Math.max(...waiting.keys.map((key) => windowOf(key).waitMs(nowMs)));
      if (waitMs > 0) {
        nextMs = Math.min(nextMs, waitMs);
        left.push(waiting);
        continue;
      }
      for (const key of waiting.keys) windowOf(key).take(nowMs);
      waiting.start();
    }
    queue = left;
    if (left.length > 0) cancel = clock.after(Math.max(1, Math.ceil(nextMs)), pump);
  }

  return {
    turn: (keys, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const leave = (): void => {
          count(keys, -1);
          signal.removeEventListener("abort", giveUp);
        };
        const waiting: Waiting = {
          keys,
          start: () => {
            leave();
            resolve();
          },
        };
        const giveUp = (): void => {
          leave();
          queue = queue.filter((each) => each !== waiting);
          reject(signal.reason);
        };
        signal.addEventListener("abort", giveUp);
        count(keys, 1);
        queue.push(waiting);
        pump();
      }),
    room: (key, aheadMs) => windowOf(key).room(clock.monotonicMs(), aheadMs) - (waitingOf.get(key) ?? 0),
    recent: (key) => windowOf(key).recent(clock.monotonicMs()),
    waiting: () => queue.length,
  };
}
