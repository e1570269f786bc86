import { sql } from "kysely";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { toKeptWords, toWording, type Wording } from "../core/sentence.ts";
import { type BreakerState, CLOSED, toStateAfterFailure } from "../kit/breaker.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";
import type { Random } from "../kit/random.ts";
import { toStorableJson, toStorableText } from "./storable.ts";

/** Five failures of the other side in a row; then a look after 5 s, later after up to a minute. */
const BREAKER = { failuresMax: 5, firstMs: 5_000, maxMs: 60_000 };
/** The first look of our own at a held connection; see held-lanes.ts. */
const FIRST_RECHECK_MS = 60_000;
const SUCCESS_NOTED_EVERY_MS = 1_000;
const NOTED_MAX = 50_000;
const REASON_MAX = 500;

export interface LaneEvent {
  connectionId: string;
  /** Of the settings the attempt was made with. */
  version: number;
  outcome: DeliveryOutcome;
  cause: "answer" | "bug" | "given_back";
  /** When it was claimed, the lane had failures or an open breaker. */
  wasTroubled: boolean;
}

interface Lane extends BreakerState {
  connectionId: string;
  version: number;
  lastSuccessAt: Date | null;
  lastFailureAt: Date | null;
  lastReason: string | null;
  lastWords?: Wording | undefined;
  heldAt: Date | null;
  holdReason: string | null;
  holdWords?: Wording | undefined;
}

/**
 * Carries outcomes into the lanes: breaker, hold, last success and failure. All is well far more often than not, so a lane
 * without trouble costs at most one small write per second and process. Lanes are locked in the order of their ids.
 */
export function createLaneHealth({ database, clock, random }: { database: Database; clock: Clock; random: Random }) {
  const notedAtMs = new Map<string, number>();

  /** Lanes whose success is news: there was trouble, or the last one noted is a second old. */
  function toNews(events: readonly LaneEvent[]): string[] {
    const nowMs = clock.monotonicMs();
    const isNews = ({ connectionId, wasTroubled }: LaneEvent): boolean =>
      wasTroubled || nowMs - (notedAtMs.get(connectionId) ?? Number.NEGATIVE_INFINITY) >= SUCCESS_NOTED_EVERY_MS;
    const news = new Set(events.filter(isNews).map((event) => event.connectionId));
    if (notedAtMs.size > NOTED_MAX) notedAtMs.clear();
    for (const connectionId of news) notedAtMs.set(connectionId, nowMs);
    return [...news];
  }

  return async (events: readonly LaneEvent[], now: Date): Promise<void> => {
    const told = events.filter((event) => event.cause === "answer");
    const troubled = new Set(told.filter(isTrouble).map((event) => event.connectionId));
    const news = toNews(told.filter((event) => !troubled.has(event.connectionId)));
    for (const connectionId of troubled) notedAtMs.delete(connectionId);
    await Promise.all([
      news.length > 0 && noteSuccess(database.sql, news, now),
      troubled.size > 0 &&
        database.sql.transaction().execute(async (transaction) => {
          for (const lane of await lockLanes(transaction, [...troubled])) {
            const own = told.filter((event) => event.connectionId === lane.connectionId);
            await saveLane(transaction, applyEvents(lane, own, { now, random }), now);
          }
        }),
    ]);
  };
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
      return { ...lane, ...CLOSED, ...toFailed(outcome, now) };
    case "retry": {
      const breaker = toStateAfterFailure(lane, BREAKER, { now, fraction: random.fraction() });
      return { ...lane, ...breaker, ...toFailed(outcome, now) };
    }
    case "hold": {
      const failed = { ...lane, ...toFailed(outcome, now) };
      // Made with settings that were replaced meanwhile: the new ones deserve their own attempt.
      if (version !== lane.version || lane.heldAt !== null) return failed;
      return { ...failed, heldAt: now, holdReason: outcome.reason, holdWords: outcome.words };
    }
  }
}

const toFailed = ({ reason, words }: { reason: string; words?: Wording }, now: Date) => ({
  ...{ lastFailureAt: now, lastReason: reason, lastWords: words },
});

const isTrouble = (event: LaneEvent): boolean => event.outcome.kind !== "delivered";

async function noteSuccess(on: Sql, connectionIds: readonly string[], now: Date): Promise<void> {
  await sql`
    with well as (
      select tenant_id, connection_id from lanes where connection_id = any(${connectionIds}::bigint[])
       order by connection_id for update)
    update lanes l set failures = 0, open_until = null, last_success_at = ${now}
      from well where l.tenant_id = well.tenant_id and l.connection_id = well.connection_id`.execute(on);
}

async function lockLanes(on: Sql, connectionIds: readonly string[]): Promise<Lane[]> {
  const { rows } = await sql<Lane & { keptLast: unknown; keptHold: unknown }>`
    select l.connection_id as "connectionId", c.version, l.failures, l.open_until as "openUntil", l.held_at as "heldAt",
           l.hold_reason as "holdReason", l.last_success_at as "lastSuccessAt", l.last_failure_at as "lastFailureAt",
           l.last_reason as "lastReason", l.last_words as "keptLast", l.hold_words as "keptHold"
      from lanes l join connections c on c.tenant_id = l.tenant_id and c.id = l.connection_id
     where l.connection_id = any(${connectionIds}::bigint[])
     order by l.connection_id for update of l`.execute(on);
  return rows.map(({ keptLast, keptHold, ...lane }) => ({
    ...lane,
    lastWords: toWording(lane.lastReason, keptLast) ?? undefined,
    holdWords: toWording(lane.holdReason, keptHold) ?? undefined,
  }));
}

async function saveLane(on: Sql, lane: Lane, now: Date): Promise<void> {
  const cut = (text: string | null): string | null => text && toStorableText(text).slice(0, REASON_MAX);
  const [holdReason, lastReason] = [cut(lane.holdReason), cut(lane.lastReason)];
  const keep = (reason: string | null, words?: Wording): string => toStorableJson(toKeptWords(reason, words));
  const recheckAt = new Date(now.getTime() + FIRST_RECHECK_MS);
  await sql`
    update lanes set failures = ${lane.failures}, open_until = ${lane.openUntil}, held_at = ${lane.heldAt},
           recheck_at = case when ${lane.heldAt}::timestamptz is null then null else coalesce(recheck_at, ${recheckAt}) end,
           hold_reason = ${holdReason}, hold_words = nullif(${keep(holdReason, lane.holdWords)}::jsonb, 'null'),
           last_success_at = ${lane.lastSuccessAt}, last_failure_at = ${lane.lastFailureAt},
           last_reason = ${lastReason}, last_words = nullif(${keep(lastReason, lane.lastWords)}::jsonb, 'null')
     where connection_id = ${lane.connectionId}`.execute(on);
}
