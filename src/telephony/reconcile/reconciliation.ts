import { toErrorMessage } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { FactSink } from "../fact-outlet.ts";
import type { PbxObserver, PbxSettings, PbxView } from "../pbx.ts";
import { createAmiSource } from "./ami-source.ts";
import type { CdrSource } from "./cdr-source.ts";
import { createCsvSource } from "./csv-source.ts";
import { createReconcileFigures, type ReconcileFigures } from "./figures.ts";
import { createGapNotes } from "./gap-notes.ts";
import { createGapWatch } from "./gap-watch.ts";
import { createGapWork } from "./gap-work.ts";
import { createMysqlSource } from "./mysql-source.ts";
import { createReconciler, type Reconciler } from "./reconciler.ts";
import { loadKnownCalls } from "./store.ts";
import { TIMING, type Timing } from "./timing.ts";

/*
 * What was missed of a PBX's calls is found again in its call records. Only the PBX's owner does this: it notes every gap in
 * hearing, durably; each gap, and what people ask for, is a piece of work that is done page by page and goes on where it was
 * broken off; and every ten minutes the last two hours are compared as a check. It never doubts what was heard.
 */
export interface Reconciliation {
  observe(settings: PbxSettings, view: PbxView): PbxObserver;
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
  return { observe: (settings, view) => observePbx({ ...options, figures }, settings, view) };
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

  /** Again and again until the ownership ends; the store may be down for a while. */
  async function repeat(step: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await step();
      } catch (error) {
        if (!signal.aborted) log.warn({ pbx: settings.name, reason: toErrorMessage(error) }, "reconcile.failed");
      }
      await clock.sleep(timing.tickMs, signal).catch(() => undefined); // aborted: the loop's condition ends it
    }
  }

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
      await Promise.all([repeat(() => notes.note(), signal), repeat(compare(signal), signal)]);
      await notes.note({ isLast: true }).catch((error: unknown) => {
        log.warn({ pbx: settings.name, reason: toErrorMessage(error) }, "reconcile.failed"); // the next owner sees a longer gap
      });
      await source?.close();
    },
  };
}

function openSource({ cdr, timeZone = "UTC" }: PbxSettings): CdrSource | undefined {
  if (cdr?.kind === "mysql") return createMysqlSource(cdr, timeZone);
  return cdr?.kind === "csv" ? createCsvSource(cdr.path, timeZone) : undefined;
}

function openReconciler(
  { database, accept, log, figures }: Watching,
  { settings, view, source }: { settings: PbxSettings; view: PbxView; source: CdrSource },
): Reconciler {
  const { tenantId, name: pbx, callIdPrefix, country } = settings;
  const reconciler = createReconciler({
    ...{ tenantId, source, accept, log, liveIds: view.liveIds, isCall: view.isCall },
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
