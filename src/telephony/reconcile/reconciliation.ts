import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { FactSink } from "../fact-outlet.ts";
import type { PbxObserver, PbxSettings, PbxView } from "../pbx.ts";
import { createPbxPlan } from "../tracker/channel-name.ts";
import { createAmiSource } from "./ami-source.ts";
import type { CdrSource } from "./cdr-source.ts";
import { createReconcileFigures, type ReconcileFigures } from "./figures.ts";
import { createGapNotes } from "./gap-notes.ts";
import { createGapWatch } from "./gap-watch.ts";
import { createGapWork } from "./gap-work.ts";
import { createReconciler, type Reconciler, type ReconcilerOptions } from "./reconciler.ts";
import { openSource, type RecordedPbx, repeat } from "./recorded-pbx.ts";
import { type KnownCall, loadKnownCalls, loadProgress, saveProgress } from "./store.ts";
import { TIMING, type Timing } from "./timing.ts";

/*
 * What was missed of a PBX's calls is found again in its call records. Only the PBX's owner does this: it notes every gap in
 * hearing, durably; each gap, and what people ask for, is a piece of work that is done page by page and goes on where it was
 * broken off; and every ten minutes the last two hours are compared as a check. It never doubts what was heard.
 *
 * A PBX that only posts events is heard by nobody, so that nobody notices a gap: its records are compared all the same.
 */
export interface Reconciliation {
  observe(settings: PbxSettings, view: PbxView): PbxObserver;
  /** Looks after a PBX that nobody listens to; resolves once `signal` aborts. */
  compareUnheard(pbx: RecordedPbx, signal: AbortSignal): Promise<void>;
}

export interface ReconciliationOptions {
  database: Database;
  accept: FactSink;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  timing?: Partial<Timing>;
}

export function createReconciliation(options: ReconciliationOptions): Reconciliation {
  const figures = createReconcileFigures(options.metrics);
  return {
    observe: (settings, view) => observePbx({ ...options, figures }, settings, view),
    compareUnheard: (pbx, signal) => compareUnheard({ ...options, figures }, pbx, signal),
  };
}

interface Watching extends ReconciliationOptions {
  figures: ReconcileFigures;
}

function observePbx(options: Watching, settings: PbxSettings, view: PbxView): PbxObserver {
  const { clock, log } = options;
  const timing = { ...TIMING, ...options.timing };
  const ami = settings.cdr?.kind === "ami" ? createAmiSource(settings.timeZone ?? "UTC") : undefined;
  const source = ami ?? openSource(settings);
  const watch = createGapWatch(view);
  const key = { tenantId: settings.tenantId, pbxId: settings.id };
  const notes = createGapNotes({ ...options, key, pbx: settings.name, watch, timing });
  const records = source && { source, reconciler: openReconciler(options, { settings, view, source }) };
  const work = createGapWork({ ...options, settings, view, records, timing });

  const repeating = { name: settings.name, everyMs: timing.tickMs, clock, log };

  /** Not before the PBX was heard: nobody knows what is live. */
  const compare = (signal: AbortSignal) => async () => {
    if (notes.isBegun()) await work.compare(signal);
  };

  return {
    take: (items) => {
      ami?.take(items);
      watch.take(items);
    },
    run: async (signal) => {
      await Promise.all([repeat(() => notes.note(), signal, repeating), repeat(compare(signal), signal, repeating)]);
      await notes.note({ isLast: true }).catch((error: unknown) => {
        log.warn({ pbx: settings.name, reason: toErrorMessage(error) }, "reconcile.failed"); // the next owner sees a longer gap
      });
      await source?.close();
    },
  };
}

/** Of a PBX that only posts events, a call is over when its records have had nothing to add for so long. */
const QUIET_MS = 60_000;
/** So long when the log has it going on: its end may still be posted, and is told better there. */
const OPEN_QUIET_MS = 600_000;

async function compareUnheard(options: Watching, settings: RecordedPbx, signal: AbortSignal): Promise<void> {
  const { database, clock, log } = options;
  const timing = { ...TIMING, ...options.timing };
  const key = { tenantId: settings.tenantId, pbxId: settings.id };
  const source = openSource(settings);
  const isOver = (endedAt: Date, known: KnownCall | undefined): boolean =>
    clock.now().getTime() - endedAt.getTime() >= (known?.outcome === "in_progress" ? OPEN_QUIET_MS : QUIET_MS);
  const view = {
    ...{ isReady: () => true, liveIds: () => new Set<string>(), isCall: () => true, plan: createPbxPlan(settings) },
    isOver,
  };
  const records = source && { source, reconciler: openReconciler(options, { settings, view, source }) };
  const work = createGapWork({ ...options, settings, view, records, timing });

  /** Calls before this are nobody's fault. */
  async function begin(): Promise<void> {
    const now = clock.now();
    if (!(await loadProgress(database, key))) await saveProgress(database, key, { heardAt: now, checkedUntil: now });
  }

  const step = async (): Promise<void> => {
    await begin();
    await work.compare(signal);
  };
  await repeat(step, signal, { name: settings.name, everyMs: timing.tickMs, clock, log });
  await source?.close();
}

type RecordsView = Pick<PbxView, "liveIds" | "isCall" | "plan"> & Pick<ReconcilerOptions, "isOver">;

function openReconciler(
  { database, accept, log, figures }: Watching,
  { settings, view, source }: { settings: RecordedPbx; view: RecordsView; source: CdrSource },
): Reconciler {
  const { tenantId, name: pbx, callIdPrefix, country } = settings;
  const reconciler = createReconciler({
    ...{ tenantId, source, accept, log, liveIds: view.liveIds, isCall: view.isCall },
    ...(view.isOver ? { isOver: view.isOver } : {}),
    pbx: { pbx, callIdPrefix, country, plan: view.plan },
    loadKnownCalls: (tenant, callUuids) => loadKnownCalls(database, tenant, callUuids),
  });
  return {
    reconcile: (window, { signal, onPage }) =>
      reconciler.reconcile(window, {
        signal,
        onPage: async (page) => {
          figures.calls.inc({ result: "compared" }, page.calls);
          figures.calls.inc({ result: "added" }, page.added);
          figures.calls.inc({ result: "corrected" }, page.corrected);
          await onPage(page);
        },
      }),
  };
}
