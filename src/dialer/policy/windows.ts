import type { MinuteRange, PolicyPack } from "./pack.ts";
import { DAY_MS, dateOf, listStretches, weekdayOf } from "./wall-clock.ts";

/*
 * When a pack allows calls to somebody who may be in any of several zones. Each zone's windows become stretches of real
 * time, cut exactly where its clocks change; what lies in all zones' stretches, less the margin on both sides, is allowed.
 */

/** What of a pack says when. */
export type Hours = Pick<PolicyPack, "windows" | "holidays" | "marginMinutes">;

/** Real time, the end not included. */
export interface Span {
  fromMs: number;
  toMs: number;
}

/** Looked ahead this far: longer than any run of holidays. */
export const HORIZON_DAYS = 40;
const KEPT_DAYS = 8;
const KEPT_MAX = 2_000;
const MINUTE_MS = 60_000;

export interface Windows {
  /**
   * The first allowed instant that is not before `at`, for one who may be in any of `zones`. `null`: none within 40 days.
   * `key` names what `hours` says (a policy's version): spans are worked out once for it.
   */
  nextAllowed(question: { key: string; hours: Hours; zones: readonly string[]; at: Date }): Date | null;
}

export function createWindows(): Windows {
  const kept = new Map<string, { fromMs: number; spans: Span[] }>();
  return {
    nextAllowed: ({ key, hours, zones, at }) => {
      const name = `${key} ${zones.join(" ")}`;
      const nowMs = at.getTime();
      let known = kept.get(name);
      if (!known || nowMs < known.fromMs || nowMs > known.fromMs + KEPT_DAYS * DAY_MS) {
        const fromMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
        known = {
          fromMs,
          spans: listAllowed(hours, zones, { fromMs, toMs: fromMs + (HORIZON_DAYS + KEPT_DAYS) * DAY_MS }),
        };
        kept.delete(name);
        kept.set(name, known);
        if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value ?? name);
      }
      return findNext(known.spans, nowMs);
    },
  };
}

/** Spans of real time, in order and apart, in which every zone allows a call, the margin already taken off. */
export function listAllowed(hours: Hours, zones: readonly string[], { fromMs, toMs }: Span): Span[] {
  if (zones.length === 0) return [];
  const marginMs = hours.marginMinutes * MINUTE_MS;
  const range = { fromMs: fromMs - DAY_MS, toMs: toMs + DAY_MS };
  let spans: Span[] = [range];
  for (const zone of new Set(zones)) spans = intersect(spans, listOpen(hours, zone, range));
  return spans
    .map((span) => ({ fromMs: span.fromMs + marginMs, toMs: span.toMs - marginMs }))
    .filter((span) => span.fromMs < span.toMs && span.toMs > fromMs && span.fromMs < toMs);
}

/** What one zone's clocks and calendar leave open. */
function listOpen(hours: Hours, zone: string, { fromMs, toMs }: Span): Span[] {
  const spans: Span[] = [];
  for (const stretch of listStretches(zone, fromMs, toMs)) {
    const [first, last] = [stretch.fromMs, stretch.toMs].map((ms) => Math.floor((ms + stretch.offsetMs) / DAY_MS));
    for (let day = first ?? 0; day <= (last ?? 0); day++) {
      for (const { from, to } of rangesOf(hours, day)) {
        const midnightMs = day * DAY_MS - stretch.offsetMs;
        const span = {
          fromMs: Math.max(midnightMs + from * MINUTE_MS, stretch.fromMs),
          toMs: Math.min(midnightMs + to * MINUTE_MS, stretch.toMs),
        };
        if (span.fromMs < span.toMs) spans.push(span);
      }
    }
  }
  return merge(spans);
}

/** What holds on a day of the callee's calendar; nothing once the list of holidays has come to its end. */
export function rangesOf({ windows, holidays }: Hours, day: number): readonly MinuteRange[] {
  const date = dateOf(day);
  if (holidays.knownUntil !== null && date > holidays.knownUntil) return [];
  return holidays.dates.includes(date) ? holidays.windows : windows[weekdayOf(day)];
}

/** Spans that touch or overlap become one. */
function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last && span.fromMs <= last.toMs) last.toMs = Math.max(last.toMs, span.toMs);
    else merged.push({ ...span });
  }
  return merged;
}

function intersect(some: readonly Span[], others: readonly Span[]): Span[] {
  const both: Span[] = [];
  for (let i = 0, j = 0; i < some.length && j < others.length; ) {
    const [a, b] = [some[i] as Span, others[j] as Span];
    const span = { fromMs: Math.max(a.fromMs, b.fromMs), toMs: Math.min(a.toMs, b.toMs) };
    if (span.fromMs < span.toMs) both.push(span);
    if (a.toMs < b.toMs) i++;
    else j++;
  }
  return both;
}

function findNext(spans: readonly Span[], nowMs: number): Date | null {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle] as Span).toMs > nowMs) high = middle;
    else low = middle + 1;
  }
  const span = spans[low];
  return span ? new Date(Math.max(span.fromMs, nowMs)) : null;
}
