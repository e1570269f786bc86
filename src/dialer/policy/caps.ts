import type { PastCall } from "./history.ts";
import type { Cap } from "./pack.ts";
import { DAY_MS, localDay, startOfLocalDay, weekdayOf } from "./wall-clock.ts";

/** A cap that is full, and when it no longer is if nobody calls in the meantime. */
export interface FullCap {
  cap: Cap;
  /** Calls that it counts now. */
  count: number;
  freeAt: Date;
}

export interface CapQuestion {
  caps: readonly Cap[];
  /** Earlier calls to the number or about the debt; those of the future count too. */
  past: readonly PastCall[];
  number: string;
  debt: string | null;
  /** Where the callee may be: a calendar's cap must have room in all of them. */
  zones: readonly string[];
  now: Date;
}

/** The caps that leave no room for one more call now. */
export function listFullCaps({ caps, past, number, debt, zones, now }: CapQuestion): FullCap[] {
  return caps.flatMap((cap) => {
    const isCounted = (call: PastCall): boolean =>
      cap.per === "debt" && debt !== null ? call.debt === debt : call.number === number;
    const newestFirst = past
      .filter(isCounted)
      .map(({ at }) => at.getTime())
      .sort((a, b) => b - a);
    const full =
      "days" in cap.within ? rolling(cap, cap.within.days, newestFirst) : byCalendar(cap, zones, newestFirst);
    const freeAtMs = full(now.getTime());
    if (freeAtMs === null) return [];
    return [{ cap, count: freeAtMs.count, freeAt: new Date(freeAtMs.ms) }];
  });
}

type Full = (nowMs: number) => { count: number; ms: number } | null;

/** Room comes back when the call that filled it is as old as the window is long. */
function rolling({ max }: Cap, days: number, newestFirst: readonly number[]): Full {
  return (nowMs) => {
    const count = newestFirst.filter((ms) => ms > nowMs - days * DAY_MS).length;
    const filling = newestFirst[max - 1];
    return count < max || filling === undefined ? null : { count, ms: filling + days * DAY_MS };
  };
}

/** Room comes back with the callee's next day, week or month, in the last of the zones. */
function byCalendar({ max, within }: Cap, zones: readonly string[], newestFirst: readonly number[]): Full {
  const unit = "calendar" in within ? within.calendar : "day";
  return (nowMs) => {
    let worst: { count: number; ms: number } | null = null;
    for (const zone of new Set(zones)) {
      const today = localDay(nowMs, zone);
      const startMs = startOfLocalDay(startOfUnit(today, unit), zone);
      const count = newestFirst.filter((ms) => ms >= startMs).length;
      if (count < max) continue;
      // A call noted for a later day fills that day too: look from the newest of those that count.
      const ms = startOfLocalDay(
        startOfNext(localDay(Math.max(nowMs, newestFirst[max - 1] ?? nowMs), zone), unit),
        zone,
      );
      if (!worst || ms > worst.ms) worst = { count, ms };
    }
    return worst;
  };
}

/** First day (since 1970) of the day's week or month. Weeks begin on Monday. */
function startOfUnit(day: number, unit: "day" | "week" | "month"): number {
  if (unit === "day") return day;
  if (unit === "week") return day - ((weekdayOf(day) + 6) % 7);
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / DAY_MS;
}

function startOfNext(day: number, unit: "day" | "week" | "month"): number {
  if (unit === "day") return day + 1;
  if (unit === "week") return startOfUnit(day, "week") + 7;
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / DAY_MS;
}
