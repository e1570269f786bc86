import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Log } from "../../kit/log.ts";
import type { FactSink } from "../fact-outlet.ts";
import { type CdrCall, type CdrReaderOptions, createCdrReader } from "./cdr-call.ts";
import { type CdrGroup, toCdrGroups } from "./cdr-groups.ts";
import { type CdrSource, type TimeWindow, TooManyRowsError } from "./cdr-source.ts";
import { toRepair } from "./compare.ts";
import type { GapCounts, KnownCall } from "./store.ts";

/** Compares the records of one PBX with our calls, page by page, and mends what differs. */
export interface Reconciler {
  /**
   * Resolves with the figures of the whole window; `onPage` hears those of each page once its repairs are durable. Rejects when
   * the records cannot be read or the store is down: what was done stays done, and doing it again changes nothing.
   */
  reconcile(
    window: TimeWindow,
    options: { signal: AbortSignal; onPage(page: GapPage): Promise<void> },
  ): Promise<GapCounts>;
}

export interface GapPage extends GapCounts {
  until: Date;
}

export interface ReconcilerOptions {
  tenantId: TenantId;
  pbx: CdrReaderOptions;
  source: CdrSource;
  loadKnownCalls(tenantId: TenantId, callUuids: readonly string[]): Promise<readonly KnownCall[]>;
  accept: FactSink;
  /** Ids of calls that go on: they are told live. */
  liveIds(): ReadonlySet<string>;
  /** Whether this call_uuid is a call, and not somebody who listens in. */
  isCall(callUuid: string): boolean;
  /**
   * Whether records that end then are all there will be of a call, of which the log has `known`. Only asked where nobody listens
   * to the PBX; without it, calls that do not live are over.
   */
  isOver?(endedAt: Date, known: KnownCall | undefined): boolean;
  log: Log;
}

const PAGE_MS = 900_000;
const PAGE_MS_MIN = 1_000;
const ROWS_MAX = 20_000;
const REPAIRS_AT_ONCE = 50;
/** Records that belong to a call at the edge of a page are looked for this far beyond it. */
const MARGIN_MS = 10_000;

export const NO_COUNTS: GapCounts = { calls: 0, missing: 0, added: 0, corrected: 0 };

export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { source, log, liveIds } = options;
  const read = createCdrReader(options.pbx);

  /** The page's calls; shorter pages when it holds more than may be held at once. */
  async function loadPage(
    { since, until }: TimeWindow,
    signal: AbortSignal,
  ): Promise<{ groups: CdrGroup[]; until: Date }> {
    for (let lengthMs = Math.min(PAGE_MS, until.getTime() - since.getTime()); ; lengthMs = Math.floor(lengthMs / 2)) {
      const end = new Date(since.getTime() + lengthMs);
      const padded = { since: new Date(since.getTime() - MARGIN_MS), until: new Date(end.getTime() + MARGIN_MS) };
      try {
        const groups = toCdrGroups(await source.load(padded, { rowsMax: ROWS_MAX, signal }));
        return { groups: groups.filter(({ startedAt }) => startedAt >= since && startedAt < end), until: end };
      } catch (error) {
        if (!(error instanceof TooManyRowsError) || lengthMs < PAGE_MS_MIN * 2) throw error;
        log.warn({ pbx: options.pbx.pbx, lengthMs }, "reconcile.page_halved");
      }
    }
  }

  async function mendPage(groups: readonly CdrGroup[]): Promise<GapCounts> {
    const live = liveIds();
    const over = groups.filter(
      ({ ids, rows }) => !isHalf(rows[0].channel, rows[0].linkedId) && ![...ids].some((id) => live.has(id)),
    );
    const found = over.flatMap((group) => {
      const cdr = read(group);
      return cdr && options.isCall(cdr.callUuid) ? [{ group, cdr }] : [];
    });
    const uuids = found.flatMap(({ group: { ids } }) => [...ids].map(toUuid));
    const known = new Map((await options.loadKnownCalls(options.tenantId, uuids)).map((call) => [call.askedAs, call]));
    const counts = { ...NO_COUNTS, calls: found.length };
    for (let start = 0; start < found.length; start += REPAIRS_AT_ONCE) {
      const some = found.slice(start, start + REPAIRS_AT_ONCE);
      const done = await Promise.all(some.map(({ group, cdr }) => mendOne(group, cdr, findKnown(group, cdr, known))));
      for (const one of done) if (one !== "none") counts[one]++;
    }
    return { ...counts, missing: counts.added + counts.corrected };
  }

  const toUuid = (id: string): string => `${options.pbx.callIdPrefix}${id}`;

  function findKnown({ ids }: CdrGroup, { callUuid }: CdrCall, known: ReadonlyMap<string, KnownCall>) {
    return known.get(callUuid) ?? [...ids].map((id) => known.get(toUuid(id))).find((call) => call !== undefined);
  }

  const mendOne = async (group: CdrGroup, cdr: CdrCall, known: KnownCall | undefined) =>
    options.isOver?.(group.endedAt, known) === false ? "none" : mend(cdr, known);

  /** Counts only what the front door did not know: a pass that is done again repairs nothing. */
  async function mend(cdr: CdrCall, known: KnownCall | undefined): Promise<"added" | "corrected" | "none"> {
    const repair = toRepair(cdr, known);
    if (repair.kind === "none") return "none";
    const told = await Promise.all(repair.facts.map(tell));
    return told.some((isNews) => isNews) ? (repair.kind === "add" ? "added" : "corrected") : "none";
  }

  async function tell({ callUuid, fact, raw }: CdrCall["end"]): Promise<boolean> {
    const text = JSON.stringify(raw).replaceAll("\\u0000", "");
    try {
      const accepted = await options.accept({ tenant: { id: options.tenantId }, callUuid, fact, raw: text });
      return (accepted as { status?: string }).status !== "duplicate";
    } catch (error) {
      if (!(error instanceof AppError) || error.code === "unavailable") throw error;
      log.error({ callUuid, key: fact.key, reason: toErrorMessage(error) }, "reconcile.fact_refused");
      return false;
    }
  }

  return {
    reconcile: async ({ since, until }, { signal, onPage }) => {
      let total = NO_COUNTS;
      for (let from = since; from < until; ) {
        signal.throwIfAborted();
        const page = await loadPage({ since: from, until }, signal);
        const counts = await mendPage(page.groups);
        await onPage({ ...counts, until: page.until });
        total = addCounts(total, counts);
        from = page.until;
      }
      return total;
    },
  };
}

/** Without Linkedid: the far half of a Local channel whose near half began before the page. It is no call of its own. */
const isHalf = (channel: string, linkedId: string | null): boolean => linkedId === null && channel.endsWith(";2");

function addCounts(a: GapCounts, b: GapCounts): GapCounts {
  return {
    calls: a.calls + b.calls,
    missing: a.missing + b.missing,
    added: a.added + b.added,
    corrected: a.corrected + b.corrected,
  };
}
