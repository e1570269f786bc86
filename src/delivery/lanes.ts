import { sql } from "kysely";
import type { Pace } from "../connectors/connector.ts";
import type { TenantId } from "../core/ids.ts";
import { toWording, type Wording } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Sql } from "../kit/postgres/database.ts";

/**
 * What administrators do to lanes, and what they see of them. Every function takes the transaction in which the connection
 * itself is changed. Changes that let a lane run again wake the workers when that transaction commits.
 */
export interface Lanes {
  create(on: Sql, lane: LaneKey & LaneLimits): Promise<void>;
  /** Changes only what is given. */
  change(on: Sql, lane: LaneKey & Partial<LaneLimits>): Promise<void>;
  /** False when it was paused already. */
  pause(on: Sql, lane: LaneKey & { by: string }): Promise<boolean>;
  /** Ends a pause, a hold and an open breaker: somebody says that it works now. */
  resume(on: Sql, lane: LaneKey): Promise<void>;
  /** Ends a hold alone: the settings changed or a check went well. False when there was none. */
  release(on: Sql, lane: LaneKey): Promise<boolean>;
  /** Waiting deliveries become orphans; sweep.ts discards them. */
  remove(on: Sql, lane: LaneKey): Promise<void>;
  /** By connection id. */
  loadStatus(on: Sql, tenantId: TenantId, connectionIds: readonly string[]): Promise<Map<string, LaneStatus>>;
}

export interface LaneKey {
  tenantId: TenantId;
  connectionId: string;
}

export interface LaneLimits extends Pace {
  attemptsMax: number;
}

export interface LaneStatus extends LaneLimits {
  state: "active" | "paused" | "held" | "breaker_open" | "disabled";
  /** Who paused it, or why it is held or open. */
  reason: string | null;
  reasonWords: Wording | null;
  /** Deliveries that wait or are in flight, counted up to `QUEUE_COUNT_MAX`. */
  queueDepth: number;
  dead: number;
  /** When the delivery that waits longest was due; `null` when none is overdue. */
  oldestDueAt: Date | null;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  lastReason: string | null;
  lastReasonWords: Wording | null;
}

/** Beyond this a queue is "at least this long": counting more would cost more than it tells. */
export const QUEUE_COUNT_MAX = 10_000;

export function createLanes({ clock }: { clock: Clock }): Lanes {
  return {
    create: async (on, { tenantId, connectionId, concurrency, perSecond, attemptsMax }) => {
      await sql`
        insert into lanes (tenant_id, connection_id, concurrency, per_second, attempts_max, tokens, tokens_at)
        values (${tenantId}, ${connectionId}, ${concurrency}, ${perSecond}, ${attemptsMax}, 1, ${clock.now()})`.execute(
        on,
      );
    },
    change: async (on, { tenantId, connectionId, concurrency, perSecond, attemptsMax }) => {
      await sql`
        update lanes set concurrency = coalesce(${concurrency ?? null}, concurrency),
               attempts_max = coalesce(${attemptsMax ?? null}, attempts_max),
               per_second = case when ${perSecond === undefined} then per_second else ${perSecond ?? null} end
         where tenant_id = ${tenantId} and connection_id = ${connectionId}`.execute(on);
      await wake(on, connectionId);
    },
    pause: async (on, { tenantId, connectionId, by }) => {
      const result = await sql`
        update lanes set paused_at = ${clock.now()}, paused_by = ${by}
         where tenant_id = ${tenantId} and connection_id = ${connectionId} and paused_at is null`.execute(on);
      return Number(result.numAffectedRows ?? 0) > 0;
    },
    resume: async (on, { tenantId, connectionId }) => {
      await sql`
        update lanes set paused_at = null, paused_by = null, held_at = null, hold_reason = null, recheck_at = null,
               failures = 0, open_until = null
         where tenant_id = ${tenantId} and connection_id = ${connectionId}`.execute(on);
      await wake(on, connectionId);
    },
    release: async (on, { tenantId, connectionId }) => {
      const result = await sql`
        update lanes set held_at = null, hold_reason = null, recheck_at = null, failures = 0, open_until = null
         where tenant_id = ${tenantId} and connection_id = ${connectionId} and held_at is not null`.execute(on);
      await wake(on, connectionId);
      return Number(result.numAffectedRows ?? 0) > 0;
    },
    remove: async (on, { tenantId, connectionId }) => {
      await sql`delete from lanes where tenant_id = ${tenantId} and connection_id = ${connectionId}`.execute(on);
    },
    loadStatus: (on, tenantId, connectionIds) => loadStatus(on, { tenantId, connectionIds, now: clock.now() }),
  };
}

/** Tells every process that a lane may have work; delivered when the transaction commits. */
export async function wake(on: Sql, connectionId: string): Promise<void> {
  await sql`select pg_notify('deliveries', ${connectionId})`.execute(on);
}

interface StatusQuery {
  tenantId: TenantId;
  connectionIds: readonly string[];
  now: Date;
}

async function loadStatus(on: Sql, { tenantId, connectionIds, now }: StatusQuery): Promise<Map<string, LaneStatus>> {
  const { rows } = await sql<LaneStatus & { connectionId: string }>`
    select l.connection_id as "connectionId", l.concurrency, l.per_second as "perSecond", l.attempts_max as "attemptsMax",
           case when not c.enabled then 'disabled' when l.paused_at is not null then 'paused'
                when l.held_at is not null then 'held' when l.open_until > ${now} then 'breaker_open'
                else 'active' end as state,
           case when l.paused_at is not null then l.paused_by when l.held_at is not null then l.hold_reason
                when l.open_until > ${now} then l.last_reason end as reason,
           case when l.paused_at is not null then null when l.held_at is not null then l.hold_words
                when l.open_until > ${now} then l.last_words end as "reasonWords",
           (select count(*)::int from (
              (select 1 from deliveries d where d.connection_id = l.connection_id and d.state = 'pending'
                limit ${QUEUE_COUNT_MAX})
              union all
              select 1 from deliveries d where d.connection_id = l.connection_id and d.state = 'leased') q) as "queueDepth",
           (select count(*)::int from (
              select 1 from deliveries d where d.tenant_id = l.tenant_id and d.connection_id = l.connection_id
                 and d.state = 'dead' limit ${QUEUE_COUNT_MAX}) q) as dead,
           (select min(d.due_at) from deliveries d where d.connection_id = l.connection_id and d.state = 'pending'
               and d.due_at <= ${now}) as "oldestDueAt",
           l.last_success_at as "lastSuccessAt", l.last_failure_at as "lastFailureAt", l.last_reason as "lastReason",
           l.last_words as "lastReasonWords"
      from lanes l join connections c on c.tenant_id = l.tenant_id and c.id = l.connection_id
     where l.tenant_id = ${tenantId} and l.connection_id = any(${[...connectionIds]}::bigint[])`.execute(on);
  const withWords = (status: LaneStatus): LaneStatus => ({
    ...status,
    reasonWords: toWording(status.reason, status.reasonWords),
    lastReasonWords: toWording(status.lastReason, status.lastReasonWords),
  });
  return new Map(rows.map(({ connectionId, ...status }) => [connectionId, withWords(status)]));
}
