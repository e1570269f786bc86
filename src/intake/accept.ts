import type { CallFact } from "../core/call-fact.ts";
import { AppError } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import { createBatcher } from "../kit/batcher.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import { ensurePartitions } from "../kit/postgres/partitions.ts";
import { type AcceptBatch, type Accepted, createAcceptBatch, type FanOut } from "./accept-batch.ts";
import type { ToldFact } from "./accept-statements.ts";
import { isDeadlock, isMissingMonth, isStoreDown, toRefusal } from "./store-errors.ts";

/**
 * The one front door: every fact about a call goes through `accept`, whoever told it.
 *
 * Facts that arrive together are committed together: fact, call and deliveries at once, and only then does `accept`
 * resolve. A fact that is known already changes nothing; a call's revision grows only if the call did change.
 * One bad fact never fails those it travels with: a batch that fails is halved until the bad one stands alone.
 */
export interface Accept {
  /**
   * Durable when it resolves. Rejects with `unavailable` (store down, or too much is waiting), `invalid_field` (the store
   * refuses this very fact) or `conflict` (the call has its fill of facts).
   */
  accept(item: AcceptItem): Promise<Accepted>;
  /** Resolves when everything taken so far is settled. */
  idle(): Promise<void>;
}

export interface AcceptItem {
  tenant: { id: TenantId };
  /** `[A-Za-z0-9._:@-]{1,100}`. */
  callUuid: string;
  fact: CallFact;
  /** What was received, as JSON text that PostgreSQL can keep: no NUL, no lone surrogate, see schema.ts. */
  raw: string;
}

export interface AcceptOptions {
  database: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
  /** What follows from a call in the same transaction; the one of the delivery room announces its work. */
  fanOuts: readonly FanOut[];
  /** Facts in one commit. */
  itemsMax?: number;
  /** Facts that may wait for a commit, and how many bytes of raw text they may hold. */
  waitingMax?: number;
  waitingBytesMax?: number;
}

const COMMITS_AT_ONCE = 2;
/** A crowd of clients in step would else wait for PostgreSQL all at once, and then PostgreSQL for all of them. */
const FACTS_PER_START = 20;
const TRIES_MAX = 4;
const SEEN_MAX = 20_000;
const FULL_RETRY_SECONDS = 2;
const DOWN_RETRY_SECONDS = 5;

type Work = AcceptBatch["open"];
type Settled = { ok: Accepted } | { error: unknown };

export function createAccept(options: AcceptOptions): Accept {
  const { database, clock, log, waitingBytesMax = 64 * 1024 * 1024 } = options;
  const figures = createFigures(options.metrics, () => batcher.waiting());
  const batch = createAcceptBatch(database, options.fanOuts);
  const seen = createSeenCalls();
  let waitingBytes = 0;
  const batcher = createBatcher<ToldFact, Settled>({
    flush,
    itemsMax: options.itemsMax ?? 500,
    concurrency: COMMITS_AT_ONCE,
    startAt: FACTS_PER_START,
    waitingMax: options.waitingMax ?? 4_000,
    onFull: tooBusy,
  });

  async function flush(items: readonly ToldFact[]): Promise<readonly Settled[]> {
    const startedMs = clock.monotonicMs();
    const settled = await settle(items);
    figures.batchSize.observe(items.length);
    figures.flushSeconds.observe((clock.monotonicMs() - startedMs) / 1000);
    return settled;
  }

  /**
   * New calls first, then, in a transaction of its own, what there is about calls that exist. A call that was seen in the store
   * is not tried as a new one; if it was deleted since, the second round makes it anew.
   */
  async function settle(items: readonly ToldFact[]): Promise<readonly Settled[]> {
    const settled = new Map<ToldFact, Settled>();
    const rest = (): ToldFact[] => items.filter((item) => !settled.has(item));
    await attempt(
      batch.open,
      items.filter((item) => !seen.has(item)),
      settled,
    );
    await attempt(batch.extend, rest(), settled);
    await attempt(batch.open, rest(), settled);
    await attempt(batch.extend, rest(), settled);
    for (const [item, result] of settled) if ("ok" in result) seen.add(item);
    return items.map((item) => settled.get(item) ?? { error: wentAway() });
  }

  /** When the store is down nothing is known to be kept; any other failure is halved until the bad fact stands alone. */
  async function attempt(work: Work, items: readonly ToldFact[], settled: Map<ToldFact, Settled>): Promise<void> {
    if (items.length === 0) return;
    try {
      for (const [item, ok] of await insist(work, items)) settled.set(item, { ok });
    } catch (error) {
      if (isStoreDown(error) || items.length === 1) {
        const refusal = isStoreDown(error) ? storeDown(error) : toRefusal(error);
        for (const item of items) settled.set(item, { error: refusal });
        return;
      }
      log.warn({ items: items.length, error }, "intake.batch_split");
      const half = Math.ceil(items.length / 2);
      await attempt(work, items.slice(0, half), settled);
      await attempt(work, items.slice(half), settled);
    }
  }

  async function insist(work: Work, items: readonly ToldFact[]): Promise<Map<ToldFact, Accepted>> {
    for (let tries = 1; ; tries++) {
      const now = clock.now();
      try {
        return await work(items, now);
      } catch (error) {
        if (tries === TRIES_MAX) throw error;
        if (isMissingMonth(error)) await ensurePartitions(database, now);
        else if (!isDeadlock(error)) throw error;
      }
    }
  }

  return {
    idle: () => batcher.idle(),
    async accept({ tenant, callUuid, fact, raw }) {
      if (waitingBytes + raw.length > waitingBytesMax) throw tooBusy();
      waitingBytes += raw.length;
      try {
        const settled = await batcher.add({ tenantId: tenant.id, callUuid, fact, raw });
        if ("error" in settled) throw settled.error;
        figures.facts.inc({ status: settled.ok.status });
        return settled.ok;
      } catch (error) {
        figures.facts.inc({ status: "refused" });
        throw error;
      } finally {
        waitingBytes -= raw.length;
      }
    },
  };
}

/** Calls that were in the store when they were last heard of. Forgotten by the thousand: a set that loses one at a time grows slow. */
function createSeenCalls() {
  let young = new Set<string>();
  let old: ReadonlySet<string> = young;
  const toKey = ({ tenantId, callUuid }: ToldFact): string => `${tenantId} ${callUuid}`;
  return {
    has: (item: ToldFact): boolean => {
      const key = toKey(item);
      return young.has(key) || old.has(key);
    },
    add: (item: ToldFact): void => {
      young.add(toKey(item));
      if (young.size < SEEN_MAX / 2) return;
      old = young;
      young = new Set();
    },
  };
}

function createFigures(metrics: Metrics, waiting: () => number) {
  metrics.gauge("enlace_intake_waiting_facts", "Facts that wait for a commit", { read: waiting });
  return {
    facts: metrics.counter("enlace_intake_facts_total", "Facts by what became of them", ["status"]),
    batchSize: metrics.histogram("enlace_intake_batch_facts", "Facts in one commit", {
      buckets: [1, 2, 5, 10, 20, 50, 100, 200, 500],
    }),
    flushSeconds: metrics.histogram("enlace_intake_commit_seconds", "Time from the start of a batch to its commit"),
  };
}

function tooBusy(): AppError {
  return new AppError("unavailable", "Too many calls are waiting for the store; nothing was kept. Try again.", {
    retryAfterSeconds: FULL_RETRY_SECONDS,
  });
}

/** Retention let go of the call after it was found and before it was locked. */
function wentAway(): AppError {
  return new AppError("unavailable", "The call was deleted at this very moment; nothing was kept. Try again.", {
    retryAfterSeconds: FULL_RETRY_SECONDS,
  });
}

function storeDown(cause: unknown): AppError {
  return new AppError("unavailable", "The store does not answer; nothing was kept. Try again.", {
    retryAfterSeconds: DOWN_RETRY_SECONDS,
    cause,
  });
}
