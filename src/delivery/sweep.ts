import { sql } from "kysely";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../kit/postgres/database.ts";
import { inIndexOrder } from "../kit/postgres/index-order.ts";
import { reapLostLeases, releaseUnknownLeases } from "./reaper.ts";
import { say } from "./words.ts";
import type { Worker } from "./worker.ts";

const REMOVED = say("connectionRemoved");
const TOO_LATE = say("tooLate");

export interface SweepOptions {
  database: Database;
  clock: Clock;
  log: Log;
  workerId: string;
  worker: Pick<Worker, "hint" | "inFlight">;
  leaseMs: number;
  graceMs: number;
}

/** The answer to a claim arrives within this or not at all: statements end after a minute, see kit/postgres/database.ts. */
const CLAIM_ANSWER_MAX_MS = 70_000;

/**
 * One round of looking for what no notification tells: late signals, lost leases, lanes with work that nobody hinted, and
 * deliveries of connections that were removed. Every step is bounded; what is left waits for the next round.
 */
export function createSweep({ database, clock, log, workerId, worker, leaseMs, graceMs }: SweepOptions) {
  let afterId = "0";

  async function takeBackLeases(now: Date): Promise<void> {
    for (const lost of await reapLostLeases(database, { now, leaseMs, graceMs })) {
      log.warn({ ...lost }, "delivery.lease_reaped");
    }
    const since = new Date(now.getTime() - CLAIM_ANSWER_MAX_MS);
    const known = worker.inFlight();
    for (const connectionId of await releaseUnknownLeases(database, { workerId, known, since, now })) {
      log.warn({ connectionId, workerId }, "delivery.lease_unknown");
    }
  }

  async function hintLanes(now: Date): Promise<void> {
    const lanes = await lookAround(database, afterId);
    afterId = lanes.length >= LANES_PER_LOOK ? (lanes.at(-1)?.connectionId ?? "0") : "0";
    for (const lane of lanes) if (!lane.gone && !lane.standsStill) worker.hint(lane.connectionId, lane.dueAt);
    const orphaned = lanes.filter((lane) => lane.gone).map((lane) => lane.connectionId);
    const discarded = await discardOrphans(database, orphaned, now);
    if (discarded > 0) log.info({ discarded, connectionIds: orphaned }, "delivery.orphans_discarded");
  }

  return async (): Promise<void> => {
    const now = clock.now();
    const expired = await expireSignals(database, now);
    if (expired > 0) log.info({ expired }, "delivery.signals_expired");
    await takeBackLeases(now);
    await hintLanes(now);
  };
}

/** A lane with waiting deliveries, as the look-around sees it. */
export interface SeenLane {
  connectionId: string;
  /** When its first delivery is due. */
  dueAt: Date;
  /** Paused, held or disabled: nothing to do until somebody changes that. */
  standsStill: boolean;
  /** The connection was removed. */
  gone: boolean;
}

const LANES_PER_LOOK = 500;
const ROWS_MAX = 1_000;

/**
 * The slow look-around for what no hint told: jumps from lane to lane over the index of waiting deliveries, at most 500 lanes
 * from `afterId` on, however many deliveries each has. An empty answer means that the end was reached.
 */
export async function lookAround(database: Database, afterId: string): Promise<SeenLane[]> {
  const { rows } = await inIndexOrder(database, (client) =>
    client.query<SeenLane>({ ...LOOK_AROUND, values: [afterId, LANES_PER_LOOK] }),
  );
  return rows;
}

const LOOK_AROUND = {
  name: "delivery.look_around",
  text: `
with recursive lane as (
  (select connection_id, due_at from deliveries where state = 'pending' and connection_id > $1
    order by connection_id, due_at limit 1)
  union all
  select next.connection_id, next.due_at from lane cross join lateral (
    select d.connection_id, d.due_at from deliveries d where d.state = 'pending' and d.connection_id > lane.connection_id
     order by d.connection_id, d.due_at limit 1) next
), seen as (
  select * from lane limit $2
)
select seen.connection_id as "connectionId", seen.due_at as "dueAt", l.connection_id is null as gone,
       (l.paused_at is not null or l.held_at is not null or not coalesce(c.enabled, false)) as "standsStill"
  from seen
  left join lanes l on l.connection_id = seen.connection_id
  left join connections c on c.id = seen.connection_id
 order by seen.connection_id`,
} as const;

/** Waiting deliveries of connections that were removed, a thousand at a time. */
export async function discardOrphans(database: Database, connectionIds: readonly string[], now: Date): Promise<number> {
  if (connectionIds.length === 0) return 0;
  const result = await sql`
    update deliveries d set state = 'discarded', reason = ${REMOVED.text}, reason_words = ${JSON.stringify(REMOVED)}::jsonb,
           updated_at = ${now}
      from (select tenant_id, id, subject_created_at from deliveries
             where state = 'pending' and connection_id = any(${[...connectionIds]}::bigint[])
             limit ${ROWS_MAX} for update skip locked) orphan
     where d.tenant_id = orphan.tenant_id and d.id = orphan.id and d.subject_created_at = orphan.subject_created_at`.execute(
    database.sql,
  );
  return Number(result.numAffectedRows ?? 0);
}

/** Signals whose deadline passed while they waited. No attempt was made, none is counted. */
export async function expireSignals(database: Database, now: Date): Promise<number> {
  const result = await sql`
    update deliveries d set state = 'expired', reason = coalesce(d.reason, ${TOO_LATE.text}), updated_at = ${now},
           reason_words = case when d.reason is null then ${JSON.stringify(TOO_LATE)}::jsonb else d.reason_words end
      from (select tenant_id, id, subject_created_at from deliveries
             where state = 'pending' and expires_at <= ${now}
             order by expires_at limit ${ROWS_MAX} for update skip locked) late
     where d.tenant_id = late.tenant_id and d.id = late.id and d.subject_created_at = late.subject_created_at`.execute(
    database.sql,
  );
  return Number(result.numAffectedRows ?? 0);
}
