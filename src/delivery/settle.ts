import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { toKeptWords } from "../core/sentence.ts";
import { type Batcher, createBatcher } from "../kit/batcher.ts";
import type { Clock } from "../kit/clock.ts";
import type { Exchange } from "../kit/http-exchange.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import { inIndexOrder } from "../kit/postgres/index-order.ts";
import type { Random } from "../kit/random.ts";
import type { LeasedDelivery } from "./claim.ts";
import { createLaneHealth } from "./lane-health.ts";
import { ROW } from "./row.ts";
import { type Settlement, toSettlement } from "./settlement.ts";
import { toStorableJson } from "./storable.ts";

/** What an attempt came to, whoever made it. */
export interface AttemptResult {
  delivery: LeasedDelivery;
  /** The call's revision that was really sent; at least the leased one. */
  revision: number;
  outcome: DeliveryOutcome;
  /** `bug`: our own code threw. `given_back`: we ended it ourselves. */
  cause: "answer" | "bug" | "given_back";
  durationMs: number;
  exchanges: readonly Exchange[];
}

/** What the delivery became; `lost` when the lease was not ours any more, so that nothing but the attempt was written. */
export interface Settled {
  state: Settlement["state"] | "lost";
  /** When the delivery is due next, if it waits again. */
  dueAt: Date | null;
}

export interface SettleOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  workerId: string;
  graceMs: number;
  /** Told after each commit. */
  onSettled(): void;
}

/** The one place where outcomes become state: many attempts per statement, one commit. */
export interface Settle {
  (result: AttemptResult): Promise<Settled>;
  /** Resolves when everything handed in so far is written. */
  idle(): Promise<void>;
}

interface SettledRow {
  id: string;
  state: Settlement["state"];
  due_at: Date | null;
}

interface Item extends AttemptResult {
  settlement: Settlement;
}

const ITEMS_PER_BATCH = 100;
const BATCHES_AT_ONCE = 2;
const WAITING_MAX = 10_000;
const REASON_MAX = 2_000;

/**
 * Only a row that is still ours changes; rows are locked in the order of their items, which is that of fan-out.ts, so that
 * the two never wait for each other crosswise. They change by an upsert, see row.ts. The attempt is written in any case: over the `lost` that the reaper may have written in its place.
 */
const SETTLE = {
  name: "delivery.settle",
  text: `
with item as (
  select * from jsonb_to_recordset($1::jsonb) as i(tenant_id int, id bigint, subject_created_at timestamptz, number int,
    outcome text, state text, revision int, attempts int, due_at timestamptz, newer_due_at timestamptz, reason text,
    reason_words jsonb, attempt_reason text, attempt_words jsonb, remote jsonb, review text, review_words jsonb, started_at timestamptz, duration_ms int, exchanges jsonb)
), ours as materialized (
  select d.*, i.outcome, i.revision as sent_revision, i.attempts as attempts_now, i.state as state_now, i.due_at as due_now,
         i.reason as reason_now, i.reason_words as reason_words_now, i.remote as remote_now, i.review as review_now,
         i.review_words as review_words_now,
         (d.revision > i.revision and d.kind = 'record') as is_outrun, i.newer_due_at
    from item i cross join lateral (
      select * from deliveries d
       where d.tenant_id = i.tenant_id and d.id = i.id and d.subject_created_at = i.subject_created_at
      offset 0 -- by the key, and only then asked whose it is
         for update) d
   where d.state = 'leased' and d.lease_owner = $2 and d.tries = i.number
), changed as (
  insert into deliveries as d (${ROW}, attempts, delivered_revision, delivered_at, remote, review, review_words, reason,
    reason_words)
  overriding system value
  select tenant_id, id, connection_id, subject_kind, subject_id, subject_created_at, kind, name, sequence,
         case when is_outrun then 'pending' else state_now end, revision,
         case when is_outrun then newer_due_at else due_now end, created_at, $3,
         case when is_outrun and state_now = 'dead' then 0 else attempts_now end,
         case when outcome = 'delivered' then greatest(delivered_revision, sent_revision) else delivered_revision end,
         case when outcome = 'delivered' then $3 else delivered_at end,
         coalesce(remote_now, remote),
         case when outcome = 'delivered' then review_now else review end,
         case when outcome = 'delivered' then review_words_now else review_words end,
         reason_now, reason_words_now
    from ours
  on conflict (tenant_id, id, subject_created_at) do update
     set state = excluded.state, attempts = excluded.attempts, due_at = excluded.due_at,
         delivered_revision = excluded.delivered_revision, delivered_at = excluded.delivered_at, remote = excluded.remote,
         review = excluded.review, review_words = excluded.review_words, reason = excluded.reason,
         reason_words = excluded.reason_words, updated_at = excluded.updated_at,
         lease_owner = null, leased_revision = null, leased_at = null
  returning d.id, d.state, case d.state when 'pending' then d.due_at end as due_at
), logged as (
  insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, revision, outcome, reason, reason_words,
    exchanges)
  select tenant_id, id, number, started_at, duration_ms, revision, outcome, attempt_reason, attempt_words, exchanges
    from item
  on conflict (tenant_id, delivery_id, number, started_at) do update
     set duration_ms = excluded.duration_ms, outcome = excluded.outcome, reason = excluded.reason,
         reason_words = excluded.reason_words, exchanges = excluded.exchanges
)
select * from changed`,
} as const;

export function createSettle(options: SettleOptions): Settle {
  const { database, clock, random, metrics, log } = options;
  const recordLaneEvents = createLaneHealth(options);
  const attempts = metrics.counter("enlace_delivery_attempts_total", "Attempts to deliver, by what they came to.", [
    "outcome",
    "kind",
  ]);
  const durations = metrics.histogram("enlace_delivery_attempt_seconds", "How long an attempt to deliver took.");
  const lost = metrics.counter(
    "enlace_delivery_leases_lost_total",
    "Attempts whose lease was lost before they settled.",
  );

  async function flush(results: readonly AttemptResult[]): Promise<Settled[]> {
    const now = clock.now();
    const { graceMs } = options;
    const items = results.toSorted(byLockOrder).map((result) => {
      const settlement = toItemSettlement(result, { now, fraction: random.fraction(), graceMs });
      return { ...result, settlement };
    });
    // Lanes first: a held or open lane must stand still before its row can be claimed again.
    await recordLaneEvents(toLaneEvents(items), now);
    const values = [toStorableJson(items.map((item) => toRow(item))), options.workerId, now];
    const { rows } = await inIndexOrder(database, (client) => client.query<SettledRow>({ ...SETTLE, values }));
    const byId = new Map(rows.map((row) => [row.id, { state: row.state, dueAt: row.due_at }]));
    options.onSettled();
    return results.map(({ delivery }) => byId.get(delivery.id) ?? { state: "lost", dueAt: null });
  }

  const batcher: Batcher<AttemptResult, Settled> = createBatcher({
    flush,
    itemsMax: ITEMS_PER_BATCH,
    concurrency: BATCHES_AT_ONCE,
    waitingMax: WAITING_MAX,
    onFull: () => new Error("too many attempts wait to be written"),
  });

  /** One wide line per attempt, and its figures. */
  function report({ delivery, outcome, cause, durationMs, revision }: AttemptResult, settled: Settled): void {
    const reason = "reason" in outcome ? { reason: outcome.reason } : {};
    const fields = {
      tenantId: delivery.tenantId,
      deliveryId: delivery.id,
      connectionId: delivery.connectionId,
      callId: delivery.subjectId,
      kind: delivery.kind,
      attempt: delivery.number,
      revision,
      outcome: outcome.kind,
      ...reason,
      cause,
      durationMs: Math.round(durationMs),
      state: settled.state,
    };
    attempts.inc({ outcome: outcome.kind, kind: delivery.kind });
    durations.observe(durationMs / 1_000);
    if (settled.state === "lost") {
      lost.inc();
      log.warn(fields, "delivery.lease_lost");
    } else if (settled.state === "dead") log.warn(fields, "delivery.dead");
    else log.info(fields, "delivery.attempted");
  }

  const settle = async (result: AttemptResult): Promise<Settled> => {
    const settled = await batcher.add(result);
    report(result, settled);
    return settled;
  };
  return Object.assign(settle, { idle: () => batcher.idle() });
}

/** As fan-out.ts orders its rows; a signal is locked by nobody else. */
function byLockOrder({ delivery: a }: AttemptResult, { delivery: b }: AttemptResult): number {
  return (
    a.tenantId - b.tenantId ||
    Number(BigInt(a.connectionId) - BigInt(b.connectionId)) ||
    Number(BigInt(a.subjectId) - BigInt(b.subjectId)) ||
    (a.kind < b.kind ? -1 : 1)
  );
}

function toItemSettlement(
  { delivery, outcome, cause }: AttemptResult,
  at: { now: Date; fraction: number; graceMs: number },
): Settlement {
  const { attempts, attemptsMax, expiresAt } = delivery;
  return toSettlement({ attempts, attemptsMax, expiresAt, outcome, givenBack: cause === "given_back", ...at });
}

function toRow({ delivery, outcome, settlement, revision, durationMs, exchanges }: Item): Record<string, unknown> {
  const reason = settlement.reason?.slice(0, REASON_MAX) ?? null;
  const attemptReason = "reason" in outcome ? outcome.reason.slice(0, REASON_MAX) : null;
  const review = outcome.kind === "delivered" ? (outcome.review ?? null) : null;
  return {
    tenant_id: delivery.tenantId,
    id: delivery.id,
    subject_created_at: delivery.subjectCreatedAt,
    number: delivery.number,
    outcome: outcome.kind,
    state: settlement.state,
    revision,
    attempts: settlement.attempts,
    due_at: settlement.dueAt,
    newer_due_at: settlement.newerDueAt,
    ...{ reason, reason_words: toKeptWords(reason, settlement.words) },
    ...{ attempt_reason: attemptReason, attempt_words: toKeptWords(attemptReason, outcome.words) },
    remote: outcome.kind === "delivered" ? outcome.remote : null,
    ...{ review, review_words: toKeptWords(review, outcome.words) },
    started_at: delivery.leasedAt,
    duration_ms: Math.round(durationMs),
    exchanges,
  };
}

function toLaneEvents(items: readonly Item[]) {
  return items.map(({ delivery, outcome, cause }) => ({
    connectionId: delivery.connectionId,
    version: delivery.connectionVersion,
    outcome,
    cause,
    wasTroubled: delivery.laneTroubled,
  }));
}
