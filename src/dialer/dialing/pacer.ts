import type { Clock } from "../../kit/clock.ts";
import { createRateWindow, type RateWindow } from "./rate-window.ts";

/** Lets calls start one after the other, no faster than the limits of all they belong to: installation, tenant, trunk. */
export interface Pacer {
  /**
   * Resolves when it may start, with the instant at which it is counted: whoever goes by these instants sees the limits kept,
   * however late this process gets to its next step. Whoever waits for another trunk holds nobody up. Rejects with the signal.
   */
  turn(keys: readonly string[], signal: AbortSignal): Promise<Date>;
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
  start(at: Date): void;
}

/** At a thousand a second several start at each look: a timer for each would cost more than the calls. */
const LOOK_MS = 4;

export function createPacer({ clock, perSecond }: PacerOptions): Pacer {
  const windowOf = createWindows(perSecond);
  const waitingOf = new Map<string, number>();
  /** Those that are limited by the same keys stand in one line. */
  const lines = new Map<string, Set<Waiting>>();
  let waitingCount = 0;
  let alarm: { atMs: number; cancel(): void } | undefined;

  function count(keys: readonly string[], by: 1 | -1): void {
    waitingCount += by;
    for (const key of keys) waitingOf.set(key, (waitingOf.get(key) ?? 0) + by);
  }

  /** 0: it has started. */
  function tryToStart(waiting: Waiting): number {
    const [nowMs, now] = [clock.monotonicMs(), clock.now()];
    let waitMs = 0;
    for (const key of waiting.keys) waitMs = Math.max(waitMs, windowOf(key).waitMs(nowMs));
    if (waitMs > 0) return waitMs;
    for (const key of waiting.keys) windowOf(key).take(nowMs);
    waiting.start(now);
    return 0;
  }

  /** The lines move in turn, one call each, as long as any can. */
  function pump(): void {
    alarm = undefined;
    let nextMs = Number.POSITIVE_INFINITY;
    let moving = [...lines];
    while (moving.length > 0) {
      moving = moving.filter(([name, line]) => {
        const [first] = line;
        const waitMs = first ? tryToStart(first) : Number.POSITIVE_INFINITY;
        if (waitMs === 0 && first) line.delete(first);
        if (line.size === 0) lines.delete(name);
        if (waitMs > 0) nextMs = Math.min(nextMs, waitMs);
        return waitMs === 0 && line.size > 0;
      });
    }
    if (lines.size > 0) setAlarm(nextMs);
  }

  function setAlarm(waitMs: number): void {
    const ms = Math.max(LOOK_MS, Math.ceil(waitMs));
    const atMs = clock.monotonicMs() + ms;
    if (alarm && alarm.atMs <= atMs) return;
    alarm?.cancel();
    alarm = { atMs, cancel: clock.after(ms, pump) };
  }

  /** Whoever comes later starts no earlier than those of its own line. */
  function stand(waiting: Waiting): Set<Waiting> | undefined {
    const name = waiting.keys.join(" ");
    const line = lines.get(name);
    const waitMs = line ? Number.POSITIVE_INFINITY : tryToStart(waiting);
    if (waitMs === 0) return undefined;
    const own = line ?? new Set();
    lines.set(name, own.add(waiting));
    if (!line) setAlarm(waitMs);
    return own;
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
          start: (at) => {
            leave();
            resolve(at);
          },
        };
        const giveUp = (): void => {
          leave();
          line?.delete(waiting);
          reject(signal.reason);
        };
        signal.addEventListener("abort", giveUp);
        count(keys, 1);
        const line = stand(waiting);
      }),
    room: (key, aheadMs) => windowOf(key).room(clock.monotonicMs(), aheadMs) - (waitingOf.get(key) ?? 0),
    recent: (key) => windowOf(key).recent(clock.monotonicMs()),
    waiting: () => waitingCount,
  };
}

function createWindows(perSecond: PacerOptions["perSecond"]): (key: string) => RateWindow {
  const windows = new Map<string, RateWindow>();
  return (key) => {
    const known = windows.get(key);
    if (known) return known;
    const made = createRateWindow(() => perSecond(key));
    windows.set(key, made);
    return made;
  };
}
