/**
 * How fast calls may start: at most N in any one second, wherever one begins to look, and so that they do not all start at the
 * second's beginning, at most a quarter of them, rounded up, in any fifth: a little more than its share, to make up for a late timer. Below one a second: one in that time. All instants are
 * `Clock.monotonicMs()`, given in ascending order.
 */
export interface RateWindow {
  /** Milliseconds until the next may start; 0: now. */
  waitMs(nowMs: number): number;
  /** One starts now. */
  take(nowMs: number): void;
  /** How many could start between now and `aheadMs` later. */
  room(nowMs: number, aheadMs: number): number;
  /** Starts within the last second. */
  recent(nowMs: number): number;
}

/** `most` starts within `ms`. */
interface Bound {
  most: number;
  ms: number;
}

const SECOND_MS = 1_000;
const PART_MS = 200;
const SHARES = 4;
/** Between our clock and the PBX's ear some starts come closer together than they left. */
const JITTER_MS = 5;

/** `perSecond` is asked each time, so that a changed limit holds at once; `null`: no limit. */
export function createRateWindow(perSecond: () => number | null): RateWindow {
  let starts: number[] = [];

  const keep = (): void => {
    if (starts.length > 4_096 && starts.length > 4 * (perSecond() ?? 0))
      starts = starts.slice(-Math.ceil(perSecond() ?? 1));
  };
  const waitIn = (given: readonly number[], bounds: readonly Bound[], nowMs: number): number =>
    Math.max(0, ...bounds.map(({ most, ms }) => (given.at(-most) ?? Number.NEGATIVE_INFINITY) + ms - nowMs));

  return {
    waitMs: (nowMs) => waitIn(starts, toBounds(perSecond()), nowMs),
    take: (nowMs) => {
      starts.push(nowMs);
      keep();
    },
    room: (nowMs, aheadMs) => {
      const bounds = toBounds(perSecond());
      if (bounds.length === 0) return Number.POSITIVE_INFINITY;
      const given = starts.slice(-Math.max(...bounds.map(({ most }) => most)));
      const known = given.length;
      for (let at = nowMs; ; ) {
        at += waitIn(given, bounds, at);
        if (at > nowMs + aheadMs) return given.length - known;
        given.push(at);
      }
    },
    recent: (nowMs) => {
      let count = 0;
      for (let index = starts.length - 1; index >= 0 && (starts[index] ?? 0) > nowMs - SECOND_MS; index--) count++;
      return count;
    },
  };
}

function toBounds(perSecond: number | null): readonly Bound[] {
  if (perSecond === null) return [];
  if (perSecond < 1) return [{ most: 1, ms: SECOND_MS / perSecond + JITTER_MS }];
  const most = Math.floor(perSecond);
  return [
    { most, ms: SECOND_MS + JITTER_MS },
    { most: Math.ceil(most / SHARES), ms: PART_MS },
  ];
}
