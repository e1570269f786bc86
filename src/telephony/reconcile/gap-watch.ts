import type { AmiItem } from "../ami/stream.ts";
import type { PbxView } from "../pbx.ts";
import type { Gap, GapReason } from "./store.ts";

/** A stretch of time in which the PBX was not heard, or not all of it. */
export type FoundGap = Pick<Gap, "fromAt" | "toAt"> & { reason: GapReason };

/*
 * Hears with the tracker, and notes when it did not:
 *
 *   hearing ── lost ──▶ deaf ── snapshot of a new session ──▶ hearing, gap `connection_lost`
 *   hearing ── snapshot after dropped events ──▶ hearing, gap `events_dropped` since the last whole batch
 *   first snapshot ──▶ hearing; since when the PBX was deaf before that says what is stored (`not_listening`)
 */
export interface GapWatch {
  take(items: readonly AmiItem[]): void;
  /** Gaps found since the last time. */
  takeFound(): FoundGap[];
  /** First snapshot of this ownership; `undefined` while there is none. */
  firstHeardAt(): Date | undefined;
  /** Until when the PBX was heard: now, unless it is away. */
  heardUntil(now: Date): Date | undefined;
}

export function createGapWatch(view: Pick<PbxView, "droppedEvents">): GapWatch {
  let found: FoundGap[] = [];
  let firstHeardAt: Date | undefined;
  let lostAt: Date | undefined;
  let wholeUntil: Date | undefined;
  let dropped = 0;

  function take(item: AmiItem): void {
    if (item.kind === "lost") lostAt ??= item.at;
    if (item.kind !== "snapshot") return;
    const hasDropped = view.droppedEvents() > dropped;
    if (lostAt) found.push({ fromAt: lostAt, toAt: item.at, reason: "connection_lost" });
    else if (hasDropped && wholeUntil) found.push({ fromAt: wholeUntil, toAt: item.at, reason: "events_dropped" });
    dropped = view.droppedEvents();
    firstHeardAt ??= item.at;
    lostAt = undefined;
  }

  return {
    take: (items) => {
      for (const item of items) take(item);
      const last = items.at(-1);
      if (last && view.droppedEvents() === dropped) wholeUntil = last.at;
    },
    takeFound: () => {
      const all = found;
      found = [];
      return all;
    },
    firstHeardAt: () => firstHeardAt,
    heardUntil: (now) => (firstHeardAt ? (lostAt ?? now) : undefined),
  };
}
