import { offsetMsAt } from "../../kit/time-zone.ts";

/** What the clocks of a zone show, exact over every change of them. Zones are IANA names. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
/** No zone changes its clocks and back again within this. */
const STEP_MS = 6 * HOUR_MS;

/** A stretch of time without a change of the clocks: local time is `ms + offsetMs`. */
export interface Stretch {
  fromMs: number;
  toMs: number;
  offsetMs: number;
}

/** `from` … `to` cut where the zone's clocks change, in order and without a gap. */
export function listStretches(timeZone: string, fromMs: number, toMs: number): Stretch[] {
  const stretches: Stretch[] = [];
  let startMs = fromMs;
  let offsetMs = offsetMsAt(fromMs, timeZone);
  for (let ms = fromMs; ms < toMs; ms += STEP_MS) {
    const nextMs = Math.min(ms + STEP_MS, toMs);
    const next = offsetMsAt(nextMs, timeZone);
    if (next === offsetMs) continue;
    const changeMs = findChange(timeZone, { fromMs: ms, toMs: nextMs, offsetMs });
    stretches.push({ fromMs: startMs, toMs: changeMs, offsetMs });
    startMs = changeMs;
    offsetMs = next;
  }
  if (startMs < toMs) stretches.push({ fromMs: startMs, toMs, offsetMs });
  return stretches;
}

/** The first instant with another offset, to the second: what tz data knows. */
function findChange(timeZone: string, { fromMs, toMs, offsetMs }: Stretch): number {
  let [low, high] = [Math.floor(fromMs / 1000), Math.ceil(toMs / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMsAt(middle * 1000, timeZone) === offsetMs) low = middle;
    else high = middle;
  }
  return high * 1000;
}

/** The day that the zone's calendar shows, as days since 1970-01-01. */
export function localDay(ms: number, timeZone: string): number {
  return Math.floor((ms + offsetMsAt(ms, timeZone)) / DAY_MS);
}

/** Weekday of a day since 1970; 0 is Sunday. 1970-01-01 was a Thursday. */
export function weekdayOf(day: number): 0 | 1 | 2 | 3 | 4 | 5 | 6 {
  return ((((day + 4) % 7) + 7) % 7) as 0 | 1 | 2 | 3 | 4 | 5 | 6;
}

/** `YYYY-MM-DD` of a day since 1970. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The first instant of a local day (since 1970): midnight, or what comes where the clocks skip it. */
export function startOfLocalDay(day: number, timeZone: string): number {
  const wallMs = day * DAY_MS;
  for (const { fromMs, toMs, offsetMs } of listStretches(timeZone, wallMs - DAY_MS, wallMs + DAY_MS)) {
    const ms = Math.max(wallMs - offsetMs, fromMs);
    if (ms < toMs) return ms;
  }
  throw new RangeError(`${dateOf(day)} does not begin in ${timeZone}`); // stretches have no gaps
}
