import { type RawBuilder, sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import { toWording, type Wording } from "../core/sentence.ts";
import type { Sql } from "../kit/postgres/database.ts";
import { CHANGED_MAX, MATCHED_MAX } from "./dead-letters.ts";
import { type DeliveryFilter, loadDeliveries, type StoredDelivery, toConditions } from "./store.ts";

/** What replaying or discarding would do, told before it is done: to how many, where, and what stands in the way. */
export interface Preview {
  /** Deliveries that would be changed, counted up to 100,000. */
  matched: number;
  /** Of these, changed by one request; the rest by asking again. */
  at_once: number;
  /** Signals whose deadline has passed: they are left alone. */
  too_late: number;
  oldest_at: Date | null;
  newest_at: Date | null;
  /** Where they go, most first. */
  connections: ConnectionPart[];
  /** The newest few. */
  sample: StoredDelivery[];
}

export interface ConnectionPart {
  connection_id: RowId;
  connection: string;
  matched: number;
  /** Records that are over there already: they are brought up to date, not doubled. */
  updates: number;
  /** Records that are not there yet, as far as we know. */
  creates: number;
  signals: number;
  /** Whether it delivers now; what is sent anew to one that stands still waits until it runs again. */
  lane: "active" | "paused" | "held" | "breaker_open" | "disabled";
  lane_reason: string | null;
  laneReasonWords: Wording | null;
}

export type Deed = "replay" | "discard";

const SAMPLE_ROWS = 5;
/** Of the states that the API takes; see dead-letters.ts. */
const MAY: Readonly<Record<Deed, readonly string[]>> = { replay: ["dead", "discarded"], discard: ["dead", "pending"] };

export async function previewDeed(
  from: Sql,
  tenantId: TenantId,
  { deed, filter, now }: { deed: Deed; filter: DeliveryFilter; now: Date },
): Promise<Preview> {
  const states = (filter.states ?? ["dead"]).filter((state) => MAY[deed].includes(state));
  if (states.length === 0) return NOTHING;
  const where = toConditions(tenantId, { ...filter, states });
  const parts = await countParts(from, where, now);
  const sum = (field: "matched" | "too_late"): number => parts.reduce((all, part) => all + part[field], 0);
  const matched = sum("matched");
  return {
    ...{ matched, at_once: Math.min(matched, CHANGED_MAX), too_late: sum("too_late") },
    oldest_at: toEdge(
      parts.map(({ oldest_at }) => oldest_at),
      Math.min,
    ),
    newest_at: toEdge(
      parts.map(({ newest_at }) => newest_at),
      Math.max,
    ),
    connections: parts.flatMap(({ too_late: _, oldest_at: __, newest_at: ___, ...part }) =>
      part.matched > 0 ? [part] : [],
    ),
    sample: (
      await loadDeliveries(from, tenantId, {
        filter: { ...filter, states },
        beforeId: undefined,
        rowsMax: SAMPLE_ROWS,
      })
    ).deliveries,
  };
}

const NOTHING: Preview = {
  ...{ matched: 0, at_once: 0, too_late: 0, oldest_at: null, newest_at: null, connections: [], sample: [] },
};

interface PartRow extends ConnectionPart {
  too_late: number;
  oldest_at: Date | null;
  newest_at: Date | null;
}

async function countParts(from: Sql, where: RawBuilder<unknown>, now: Date): Promise<PartRow[]> {
  const { rows } = await sql<PartRow>`
    with found as (
      select d.tenant_id, d.connection_id, d.kind, d.remote is not null as is_there, d.created_at,
             d.kind = 'record' or d.expires_at > ${now} as may
        from deliveries d where ${where} limit ${MATCHED_MAX}),
    counted as (
      select tenant_id, connection_id, count(*) filter (where may)::int as matched,
             count(*) filter (where kind = 'record' and is_there)::int as updates,
             count(*) filter (where kind = 'record' and not is_there)::int as creates,
             count(*) filter (where kind = 'signal' and may)::int as signals,
             count(*) filter (where not may)::int as too_late,
             min(created_at) filter (where may) as oldest_at, max(created_at) filter (where may) as newest_at
        from found group by tenant_id, connection_id)
    select n.connection_id, n.matched, n.updates, n.creates, n.signals, n.too_late, n.oldest_at, n.newest_at, c.name as connection,
           case when not c.enabled then 'disabled' when l.paused_at is not null then 'paused'
                when l.held_at is not null then 'held' when l.open_until > ${now} then 'breaker_open' else 'active' end as lane,
           case when l.held_at is not null then l.hold_reason when l.open_until > ${now} then l.last_reason end as lane_reason,
           case when l.held_at is not null then l.hold_words when l.open_until > ${now} then l.last_words end as "laneReasonWords"
      from counted n
      join connections c on c.tenant_id = n.tenant_id and c.id = n.connection_id
      left join lanes l on l.tenant_id = n.tenant_id and l.connection_id = n.connection_id
     order by n.matched desc, n.connection_id`.execute(from);
  return rows.map((row) => ({ ...row, laneReasonWords: toWording(row.lane_reason, row.laneReasonWords) }));
}

function toEdge(instants: readonly (Date | null)[], pick: (...values: number[]) => number): Date | null {
  const known = instants.flatMap((at) => (at === null ? [] : [at.getTime()]));
  return known.length === 0 ? null : new Date(pick(...known));
}
