import { offsetMsAt, toInstantsMs, toOffsetsMs } from "./time-zone.ts";

/** What the clock on the wall of a time zone shows. */
export interface WallTime {
  /** `2026-11-22`. */
  date: string;
  /** 0 is Sunday. */
  weekday: number;
  /** Whole seconds of the day, 0 … 86,399. */
  second: number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** Throws `RangeError` for a zone that IANA does not know. */
export function toWallTime(at: Date, timeZone: string): WallTime {
  const wall = new Date(at.getTime() + offsetMsAt(at.getTime(), timeZone));
  return {
    date: wall.toISOString().slice(0, 10),
    weekday: wall.getUTCDay(),
    second: wall.getUTCHours() * 3600 + wall.getUTCMinutes() * 60 + wall.getUTCSeconds(),
  };
}

/**
 * The instants at which the wall shows `second` of `date` (`2026-11-22`), earliest first: two where the clock is set back
 * over it. Where it is set forward over it, the instant of that change.
 */
export function toInstants(date: string, second: number, timeZone: string): Date[] {
  const wallMs = Date.parse(`${date}T00:00:00Z`) + second * 1000;
  const fitting = toInstantsMs(wallMs, timeZone);
  const instants = fitting.length > 0 ? fitting : [findChange(wallMs, toOffsetsMs(wallMs, timeZone), timeZone)];
  return instants.sort((a, b) => a - b).map((ms) => new Date(ms));
}

/** The day after `date` by `days`, as the calendar counts. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

/** First instant with the later offset. */
function findChange(wallMs: number, offsets: readonly number[], timeZone: string): number {
  let before = wallMs - Math.max(...offsets) - HOUR_MS;
  let after = wallMs - Math.min(...offsets) + HOUR_MS;
  const late = offsetMsAt(after, timeZone);
  while (after - before > 1000) {
    const middle = Math.floor((before + after) / 2000) * 1000;
    if (offsetMsAt(middle, timeZone) === late) after = middle;
    else before = middle;
  }
  return after;
}
