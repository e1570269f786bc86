import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { ReconcileFigures } from "./figures.ts";
import type { FoundGap, GapWatch } from "./gap-watch.ts";
import { loadProgress, type PbxKey, saveNewGap, saveProgress } from "./store.ts";
import type { Timing } from "./timing.ts";

/** Keeps, durably, that a PBX is heard and when it was not. */
export interface GapNotes {
  /** Saves what was found since the last time; rejects when the store is down, and the next call saves it. */
  note(options?: { isLast: boolean }): Promise<void>;
  /** Whether what was missed before this ownership is kept. */
  isBegun(): boolean;
}

export interface GapNotesOptions {
  key: PbxKey;
  /** Name of the PBX. */
  pbx: string;
  watch: GapWatch;
  database: Database;
  clock: Clock;
  log: Log;
  figures: ReconcileFigures;
  timing: Timing;
}

/** Shorter silences are a restart that lost nothing but the moment. */
const SILENCE_MS_MIN = 2_000;

export function createGapNotes({ key, pbx, watch, database, clock, log, figures, timing }: GapNotesOptions): GapNotes {
  let unsaved: FoundGap[] = [];
  let isFirst = true;
  let notedAt: Date | undefined;

  async function note({ isLast } = { isLast: false }): Promise<void> {
    const now = clock.now();
    const heardAt = watch.heardUntil(now);
    if (!heardAt) return;
    unsaved.push(...watch.takeFound());
    if (isFirst) await noteFirst();
    while (unsaved[0]) {
      await keep(unsaved[0], now);
      unsaved = unsaved.slice(1);
    }
    const isDue = !notedAt || now.getTime() - notedAt.getTime() >= timing.heartbeatMs;
    if (!isLast && !isDue) return;
    await saveProgress(database, key, { heardAt, checkedUntil: new Date(0) });
    notedAt = now;
  }

  /** From the last word of whoever listened before us to our first. */
  async function noteFirst(): Promise<void> {
    const toAt = watch.firstHeardAt() ?? clock.now();
    const progress = await loadProgress(database, key);
    if (!progress) await saveProgress(database, key, { heardAt: toAt, checkedUntil: toAt });
    else if (toAt.getTime() - progress.heardAt.getTime() >= SILENCE_MS_MIN)
      unsaved.unshift({ fromAt: progress.heardAt, toAt, reason: "not_listening" });
    isFirst = false;
  }

  async function keep(gap: FoundGap, now: Date): Promise<void> {
    const nextTryAt = new Date(gap.toAt.getTime() + timing.settleMs);
    await saveNewGap(database, key, { ...gap, nextTryAt }, now);
    figures.gaps.inc({ reason: gap.reason });
    log.warn({ pbx, ...gap }, "reconcile.gap_found");
  }

  return { note, isBegun: () => !isFirst };
}
