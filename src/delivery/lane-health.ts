import { sql } from "kysely";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { type BreakerState, CLOSED, toStateAfterFailure } from "../kit/breaker.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";
import type { Random } from "../kit/random.ts";
import { toStorableText } from "./storable.ts";

/** Five failures of the other side in a row; then a look after 5 s, later after up to a minute. */
const BREAKER = { failuresMax: 5, firstMs: 5_000, maxMs: 60_000 };
/** The first look of our own at a held connection; see held-lanes.ts. */
const FIRST_RECHECK_MS = 60_000;
const SUCCESS_NOTED_EVERY_MS = 1_000;
const REASON_MAX = 500;

export interface LaneEvent {
  connectionId: string;
  /** Of the settings the attempt was made with. */
  version: number;
  outcome: DeliveryOutcome;
  cause: "answer" | "bug" | "given_back";
}

interface Lane extends BreakerState {
  connectionId: string;
  version: number;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  lastReason: string | null;
  heldAt: Date | null;
  holdReason: string | null;
}

/**
 * Carries outcomes into the lanes: breaker, hold, last success and failure. All is well far more often than not, so a lane
 * without trouble costs at most one small write per second. Lanes are locked in the order of their ids.
 */
export async function recordLaneEvents(
  database: Database,
  events: readonly LaneEvent[],
  { now, random }: { now: Date; random: Random },
): Promise<void> {
  const told = events.filter((event) => event.cause === "answer");
  const troubled = new Set(told.filter(isTrouble).map((event) => event.connectionId));
  const well = new Set(told.map((event) => event.connectionId).filter((id) => !troubled.has(id)));
  if (well.size > 0) await noteSuccess(database.sql, [...well], now);
  if (troubled.size === 0) return;
  await database.sql.transaction().execute(async (transaction) => {
    for (const lane of await lockLanes(transaction, [...troubled])) {
      const own = told.filter((event) => event.connectionId === lane.connectionId);
      await saveLane(transaction, applyEvents(lane, own, { now, random }), now);
    }
  });
}

/** Pure: one lane after its events, in their order. A rejection is the record's fault and says that the other side works. */
export function applyEvents(lane: Lane, events: readonly LaneEvent[], at: { now: Date; random: Random }): Lane {
  return events.reduce((state, event) => applyEvent(state, event, at), lane);
}

function applyEvent(lane: Lane, { outcome, version }: LaneEvent, { now, random }: { now: Date; random: Random }): Lane {
  switch (outcome.kind) {
    case "delivered":
      return { ...lane, ...CLOSED, lastSuccessAt: now };
    case "rejected":
      return { ...lane, ...CLOSED, lastFailureAt: now, lastReason: outcome.reason };
    case "retry": {
      const breaker = toStateAfterFailure(lane, BREAKER, { now, fraction: random.fraction() });
      return { ...lane, ...breaker, lastFailureAt: now, lastReason: outcome.reason };
    }
    case "hold": {
      const failed = { ...lane, lastFailureAt: now, lastReason: outcome.reason };
      // Made with settings that were replaced meanwhile: the new ones deserve their own attempt.
      if (version !== lane.version || lane.heldAt !== null) return failed;
      return { ...failed, heldAt: now, holdReason: outcome.reason };
    }
  }
}

const isTrouble = (event: LaneEvent): boolean => event.outcome.kind !== "delivered";

async function noteSuccess(on: Sql, connectionIds: readonly string[], now: Date): Promise<void> {
  const stale = new Date(now.getTime() - SUCCESS_NOTED_EVERY_MS);
  await sql`
    with troubled as (
      select tenant_id, connection_id from lanes
       where connection_id = any(${connectionIds}::bigint[])
         and (failures > 0 or open_until is not null or last_success_at is null or last_success_at < ${stale})
       order by connection_id for update)
    update lanes l set failures = 0, open_until = null, last_success_at = ${now}
      from troubled t where l.tenant_id = t.tenant_id and l.connection_id = t.connection_id`.execute(on);
}

async function lockLanes(on: Sql, connectionIds: readonly string[]): Promise<Lane[]> {
  const { rows } = await sql<Lane>`
    select l.connection_id as "connectionId", c.version, l.failures, l.open_until as "openUntil", l.held_at as "heldAt",
           l.hold_reason as "holdReason", l.last_success_at as "lastSuccessAt", l.last_failure_at as "lastFailureAt",
           l.last_reason as "lastReason"
      from lanes l join connections c on c.tenant_id = l.tenant_id and c.id = l.connection_id
     where l.connection_id = any(${connectionIds}::bigint[])
     order by l.connection_id for update of l`.execute(on);
  return rows;
}

async function saveLane(on: Sql, lane: Lane, now: Date): Promise<void> {
  const cut = (text: string | null): string | null => text && toStorableText(text).slice(0, REASON_MAX);
  const recheckAt = new Date(now.getTime() + FIRST_RECHECK_MS);
  await sql`
    update lanes set failures = ${lane.failures}, open_until = ${lane.openUntil}, held_at = ${lane.heldAt},
           recheck_at = case when ${lane.heldAt}::timestamptz is null then null else coalesce(recheck_at, ${recheckAt}) end,
           hold_reason = ${cut(lane.holdReason)}, last_success_at = ${lane.lastSuccessAt},
           last_failure_at = ${lane.lastFailureAt}, last_reason = ${cut(lane.lastReason)}
     where connection_id = ${lane.connectionId}`.execute(on);
}
