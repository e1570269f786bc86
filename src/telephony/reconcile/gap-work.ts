import { toErrorMessage } from "../../core/errors.ts";
import { toBackoffMs } from "../../kit/backoff.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { PbxSettings, PbxView } from "../pbx.ts";
import type { CdrSource } from "./cdr-source.ts";
import type { ReconcileFigures } from "./figures.ts";
import type { Reconciler } from "./reconciler.ts";
import type { RecordedPbx } from "./recorded-pbx.ts";
import {
  countOpenGaps,
  type Gap,
  type GapCounts,
  loadDueGap,
  loadOldestCut,
  loadProgress,
  type PbxKey,
  saveGapPage,
  saveGapState,
  saveNewGap,
  saveProgress,
} from "./store.ts";
import type { Timing } from "./timing.ts";

export interface GapWorkOptions {
  settings: RecordedPbx;
  view: Pick<PbxView, "isReady" | "liveIds">;
  /** Absent: nobody said where the records are. */
  records: { source: CdrSource; reconciler: Reconciler } | undefined;
  database: Database;
  clock: Clock;
  log: Log;
  figures: ReconcileFigures;
  timing: Timing;
}

const SOURCE_MEND = "Say where they can be read afterwards (mysql or csv): enlace pbx cdr, PUT /api/v1/pbxs/{id}/cdr.";
const CALL_MS_MAX = 12 * 3_600_000;
const RETRY = { firstMs: 30_000, maxMs: 1_800_000 };
/** About a day of tries. */
const TRIES_MAX = 50;

/**
 * The comparing itself, a step at a time: the open gap whose turn it is, else, now and then, the last hours as a check.
 * Rejects when the store is down.
 */
export function createGapWork(options: GapWorkOptions): { compare(signal: AbortSignal): Promise<void> } {
  const { settings, records, database, clock, log, figures } = options;
  const { tenantId, name: pbx } = settings;
  const key: PbxKey = { tenantId, pbxId: settings.id };
  const check = createRegularCheck(options, key);

  async function compare(signal: AbortSignal): Promise<void> {
    const gap = await loadDueGap(database, key, clock.now());
    if (gap) await closeGap(gap, signal);
    else await check.run(signal);
  }

  async function closeGap(gap: Gap, signal: AbortSignal): Promise<void> {
    try {
      const problem = await compareGap(gap, signal);
      await settle(gap, problem === null ? "checked" : "unchecked", problem);
      check.followUp();
    } catch (error) {
      if (signal.aborted) return; // the next owner goes on from the page that was reached
      const problem = toErrorMessage(error).slice(0, 500);
      await settle(gap, gap.tries + 1 >= TRIES_MAX ? "unchecked" : "open", problem);
    }
  }

  /** Returns why the records could not tell everything; `null` when they did. */
  async function compareGap(gap: Gap, signal: AbortSignal): Promise<string | null> {
    if (!records) return toProblem(settings.cdr);
    const since = gap.checkedUntil ?? (await findBeginning(gap));
    await records.reconciler.reconcile(
      { since, until: gap.toAt },
      { signal, onPage: (page) => saveGapPage(database, gap.id, page) },
    );
    const reach = records.source.reachesBackTo();
    if (!reach || reach <= since) return null;
    return `The PBX tells its records once, over AMI: calls that ended before ${reach.toISOString()} could not be compared. ${SOURCE_MEND}`;
  }

  /** Calls that the gap cut off began before it; and records say in which second a call began, not when in it. */
  async function findBeginning({ fromAt, toAt, reason }: Gap): Promise<Date> {
    const notBefore = new Date(fromAt.getTime() - CALL_MS_MAX);
    const cut = { since: fromAt, until: toAt, notBefore };
    const oldest = reason === "asked" ? null : await loadOldestCut(database, { tenantId, pbx }, cut);
    const beganMs = Math.min(oldest?.getTime() ?? Number.POSITIVE_INFINITY, fromAt.getTime());
    return new Date(Math.floor(beganMs / 1_000) * 1_000);
  }

  async function settle(gap: Gap, state: Gap["state"], problem: string | null): Promise<void> {
    const now = clock.now();
    const nextTryAt = new Date(now.getTime() + toBackoffMs(gap.tries + 1, RETRY, 0.5));
    await saveGapState(database, gap.id, { state, problem, nextTryAt, now });
    figures.passes.inc({ outcome: state === "open" ? "failed" : state });
    log.info({ pbx, gapId: gap.id, reason: gap.reason, state, problem }, "reconcile.gap_settled");
  }

  return { compare };
}

interface RegularCheck {
  run(signal: AbortSignal): Promise<void>;
  /** Calls that outlived a gap were taken over half heard: once they are over, their records say the rest. */
  followUp(): void;
}

/** The last hours once more: whatever no gap explains is a gap of its own. */
function createRegularCheck(options: GapWorkOptions, key: PbxKey): RegularCheck {
  const { settings, view, records, database, clock, log, figures, timing } = options;
  let nextAt = clock.now().getTime() + timing.checkEveryMs / 10;
  let halfHeard: ReadonlySet<string> = new Set();

  /** Sooner, when a half heard call has ended. */
  function hasten(nowMs: number): void {
    const live = view.liveIds();
    const over = [...halfHeard].filter((id) => !live.has(id));
    if (over.length > 0) nextAt = Math.min(nextAt, nowMs + timing.settleMs * 2);
    halfHeard = new Set([...halfHeard].filter((id) => live.has(id)));
  }

  async function check(signal: AbortSignal): Promise<void> {
    const now = clock.now();
    hasten(now.getTime());
    if (!records || now.getTime() < nextAt || !view.isReady()) return;
    if ((await countOpenGaps(database, key)) > 0) return; // what they explain is not to be counted twice
    nextAt = now.getTime() + timing.checkEveryMs;
    const progress = await loadProgress(database, key);
    if (!progress) return;
    const back = progress.checkedUntil.getTime() - timing.lookbackMs;
    const reach = records.source.reachesBackTo()?.getTime() ?? 0;
    const since = new Date(Math.max(back, progress.begunAt.getTime(), reach));
    const until = new Date(now.getTime() - timing.settleMs);
    if (since >= until) return;
    const counts = await records.reconciler.reconcile({ since, until }, { signal, onPage: async () => undefined });
    await saveProgress(database, key, { heardAt: progress.heardAt, checkedUntil: until });
    figures.passes.inc({ outcome: "checked" });
    if (counts.missing > 0) await keepChecked({ since, until, counts });
  }

  async function keepChecked({ since, until, counts }: { since: Date; until: Date; counts: GapCounts }): Promise<void> {
    const now = clock.now();
    const gap = {
      fromAt: since,
      toAt: until,
      reason: "check",
      state: "checked",
      checkedAt: now,
      nextTryAt: now,
    } as const;
    await saveNewGap(database, key, { ...gap, ...counts }, now);
    figures.gaps.inc({ reason: "check" });
    log.warn({ pbx: settings.name, since, until, ...counts }, "reconcile.calls_missed");
  }

  const followUp = (): void => {
    halfHeard = new Set([...halfHeard, ...view.liveIds()]);
  };
  return { run: check, followUp };
}

function toProblem(cdr: PbxSettings["cdr"]): string {
  if (cdr?.kind === "none" && cdr.problem) return cdr.problem;
  return `Nobody said where this PBX keeps its call records. ${SOURCE_MEND}`;
}
