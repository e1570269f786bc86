import type pg from "pg";
import type { RemoteRecord } from "../core/delivery-outcome.ts";
import { type RowId, type TenantId, toTenantId } from "../core/ids.ts";
import type { Database } from "../kit/postgres/database.ts";
import { inIndexOrder } from "../kit/postgres/index-order.ts";
import { type LanePressure, toLaneQuota } from "./lane-quota.ts";
import { ROW } from "./row.ts";

/** One delivery that is ours until it is settled or the lease is lost. `number` fences: every lease of a row has its own. */
export interface LeasedDelivery {
  tenantId: TenantId;
  id: RowId;
  connectionId: string;
  connectionVersion: number;
  subjectKind: "call" | "lead";
  subjectId: RowId;
  subjectCreatedAt: Date;
  kind: "record" | "signal";
  name: string;
  revision: number;
  attempts: number;
  attemptsMax: number;
  /** The lane had failures or an open breaker when it was claimed from. */
  laneTroubled: boolean;
  number: number;
  expiresAt: Date | null;
  leasedAt: Date;
  remote: RemoteRecord | null;
}

/** What a look into one lane found besides the deliveries it gave. */
export interface LaneLook {
  connectionId: string;
  taken: number;
  /** Something that is due was left: no slot, no token, a sibling in flight, or this claim's own bound. */
  left: boolean;
  /** What was left could be taken at once: this claim ended at its own bound. */
  more: boolean;
  /** When the lane has work next; `null` when nothing waits for an instant. */
  nextDueAt: Date | null;
  /** Milliseconds until the breaker or the rate lets one more pass; `null` when they do not stand in the way. */
  waitMs: number | null;
}

export interface Claim {
  deliveries: LeasedDelivery[];
  looks: LaneLook[];
  /** Lanes another process is claiming from at this moment, or that are gone. */
  missed: string[];
}

export interface ClaimOptions {
  /** Lanes to look into, and how many deliveries to take from each at most; 1,000 altogether. */
  mostByLane: ReadonlyMap<string, number>;
  workerId: string;
  now: Date;
}

const LOCK_LANES = {
  name: "delivery.lock_lanes",
  text: `
select l.tenant_id, l.connection_id, l.concurrency, l.per_second, l.attempts_max, l.tokens, l.tokens_at, l.failures,
       l.open_until, c.version, (l.paused_at is not null or l.held_at is not null or not c.enabled) as stands_still
  from lanes l join connections c on c.tenant_id = l.tenant_id and c.id = l.connection_id
 where l.connection_id = any($1::bigint[])
 order by l.connection_id
   for update of l skip locked`,
} as const;

/**
 * A row is passed over while a sibling (same connection and subject) is leased; a signal also while an earlier one waits, and
 * a record while a signal is due. So deliveries of one subject are strictly serial, and one claim never takes two of them.
 * Must be its own statement after LOCK_LANES: only then its snapshot shows every lease taken under that lock. The siblings
 * are counted, not asked for with `not exists`, because the planner would turn that into a join over the lane's whole past;
 * and found without their tenant (the connection implies it), so that no index but the subject's fits.
 * What was picked changes by an upsert that always finds its row, see row.ts.
 */
const TAKE_DUE = {
  name: "delivery.take_due",
  text: `
with lane as (
  select q.connection_id, q.tenant_id, q.tokens, greatest(0, least(q.most, q.slots - l.leased)) as free,
         greatest(0, q.slots - l.leased) as slots_left,
         (select d.due_at from deliveries d where d.connection_id = q.connection_id and d.state = 'pending' and d.due_at > $2
           order by d.due_at limit 1) as next_due_at,
         (select count(*) from (
            select from deliveries d where d.connection_id = q.connection_id and d.state = 'pending' and d.due_at <= $2
             limit least(q.most, q.slots) + 1) due) as due
    from jsonb_to_recordset($1::jsonb) as q(tenant_id int, connection_id bigint, slots int, most int, tokens double precision)
   cross join lateral (select count(*) as leased from deliveries d
                        where d.connection_id = q.connection_id and d.state = 'leased') l
), picked as (
  select p.*
    from lane cross join lateral (
      select d.* from deliveries d
       where d.connection_id = lane.connection_id and d.tenant_id = lane.tenant_id
         and d.state = 'pending' and d.due_at <= $2 and (d.expires_at is null or d.expires_at > $2)
         and (select count(*) from deliveries s
               where s.subject_id = d.subject_id and s.subject_kind = d.subject_kind and s.connection_id = d.connection_id
                 and s.subject_created_at = d.subject_created_at and s.id <> d.id
                 and (s.state = 'leased'
                   or (s.state = 'pending' and s.kind = 'signal' and s.expires_at > $2
                       and case d.kind when 'signal' then s.id < d.id else s.due_at <= $2 end))) = 0
       order by d.due_at, d.id
       limit lane.free
         for update of d skip locked) p
   limit 1000
), claimed as (
  insert into deliveries as d (${ROW})
  overriding system value
  select ${ROW} from picked
  on conflict (tenant_id, id, subject_created_at) do update
     set state = 'leased', leased_revision = d.revision, lease_owner = $3, leased_at = $2, tries = d.tries + 1,
         last_attempt_at = $2, updated_at = $2
  returning d.tenant_id, d.id, d.connection_id, d.subject_kind, d.subject_id, d.subject_created_at, d.kind, d.name,
            d.revision, d.attempts, d.tries, d.expires_at, d.leased_at,
            coalesce(d.remote, (
              select s.remote from deliveries s
               where s.subject_id = d.subject_id and s.subject_kind = d.subject_kind and s.connection_id = d.connection_id
                 and s.subject_created_at = d.subject_created_at and s.remote is not null
               order by s.kind, s.id desc limit 1)) as remote
), spent as (
  update lanes l set tokens = lane.tokens - (select count(*) from claimed c where c.connection_id = l.connection_id),
                     tokens_at = $2
    from lane where l.tenant_id = lane.tenant_id and l.connection_id = lane.connection_id and lane.tokens is not null
)
select connection_id as lane_id, free, slots_left, due, next_due_at,
       null::int as tenant_id, null::bigint as id, null as subject_kind, null::bigint as subject_id,
       null::timestamptz as subject_created_at, null as kind, null as name, null::int as revision, null::int as attempts,
       null::int as tries, null::timestamptz as expires_at, null::timestamptz as leased_at, null::jsonb as remote
  from lane
union all
select connection_id, null, null, null, null, tenant_id, id, subject_kind, subject_id, subject_created_at, kind, name,
       revision, attempts, tries, expires_at, leased_at, remote
  from claimed`,
} as const;

/**
 * Takes due deliveries of these lanes in one short transaction. Exact across processes: while one claims from a lane, the
 * others pass it by, and what is leased is counted after the lane is locked.
 */
export async function claimDeliveries(database: Database, options: ClaimOptions): Promise<Claim> {
  return inIndexOrder(database, async (client) => {
    const asked = [...options.mostByLane.keys()];
    const lanes = await lockLanes(client, asked);
    const open = lanes.filter((lane) => !lane.stands_still);
    const rows = open.length === 0 ? [] : await takeDue(client, open, options);
    const byLane = new Map(open.map((lane) => [lane.connection_id, lane]));
    const seen = new Set(lanes.map((lane) => lane.connection_id));
    return {
      deliveries: rows.flatMap((row) => toLeased(row, byLane.get(row.lane_id)) ?? []),
      looks: toLooks(rows, { lanes: byLane, now: options.now }),
      missed: asked.filter((id) => !seen.has(id)),
    };
  });
}

interface LaneRow {
  tenant_id: number;
  connection_id: string;
  concurrency: number;
  per_second: number | null;
  attempts_max: number;
  tokens: number;
  tokens_at: Date;
  failures: number;
  open_until: Date | null;
  version: number;
  stands_still: boolean;
}

/** First one row for each lane, then one for each delivery. */
type TakenRow = LookRow | DeliveryRow;

interface LookRow {
  lane_id: string;
  free: string;
  slots_left: string;
  /** Counted up to one more than the claim would take. */
  due: string;
  next_due_at: Date | null;
  id: null;
}

interface DeliveryRow {
  lane_id: string;
  id: RowId;
  tenant_id: number;
  subject_kind: "call" | "lead";
  subject_id: RowId;
  subject_created_at: Date;
  kind: "record" | "signal";
  name: string;
  revision: number;
  attempts: number;
  tries: number;
  expires_at: Date | null;
  leased_at: Date;
  remote: RemoteRecord | null;
}

async function lockLanes(client: pg.PoolClient, connectionIds: readonly string[]): Promise<LaneRow[]> {
  return (await client.query<LaneRow>({ ...LOCK_LANES, values: [connectionIds] })).rows;
}

async function takeDue(client: pg.PoolClient, lanes: readonly LaneRow[], options: ClaimOptions): Promise<TakenRow[]> {
  const quotas = lanes.map((lane) => {
    const { slots, tokens } = toLaneQuota(toPressure(lane), options.now);
    const room = options.mostByLane.get(lane.connection_id) ?? 0;
    const most = Math.min(room, tokens === null ? room : Math.floor(tokens));
    return { tenant_id: lane.tenant_id, connection_id: lane.connection_id, slots, most, tokens };
  });
  const values = [JSON.stringify(quotas), options.now, options.workerId];
  return (await client.query<TakenRow>({ ...TAKE_DUE, values })).rows;
}

const toPressure = (lane: LaneRow): LanePressure => ({
  concurrency: lane.concurrency,
  perSecond: lane.per_second,
  tokens: lane.tokens,
  tokensAt: lane.tokens_at,
  failures: lane.failures,
  openUntil: lane.open_until,
});

function toLeased(row: TakenRow, lane: LaneRow | undefined): LeasedDelivery | undefined {
  if (row.id === null || !lane) return undefined;
  return {
    tenantId: toTenantId(row.tenant_id),
    id: row.id,
    connectionId: row.lane_id,
    connectionVersion: lane.version,
    subjectKind: row.subject_kind,
    subjectId: row.subject_id,
    subjectCreatedAt: row.subject_created_at,
    kind: row.kind,
    name: row.name,
    revision: row.revision,
    attempts: row.attempts,
    attemptsMax: lane.attempts_max,
    laneTroubled: lane.failures > 0 || lane.open_until !== null,
    number: row.tries,
    expiresAt: row.expires_at,
    leasedAt: row.leased_at,
    remote: row.remote,
  };
}

function toLooks(rows: readonly TakenRow[], { lanes, now }: { lanes: Map<string, LaneRow>; now: Date }): LaneLook[] {
  const taken = Map.groupBy(
    rows.filter((row) => row.id !== null),
    (row) => row.lane_id,
  );
  return rows.flatMap((row) => {
    const lane = lanes.get(row.lane_id);
    if (row.id !== null || !lane) return [];
    const count = taken.get(row.lane_id)?.length ?? 0;
    const left = count < Number(row.due);
    return {
      connectionId: row.lane_id,
      taken: count,
      left,
      more: left && count > 0 && count >= Number(row.free) && count < Number(row.slots_left),
      nextDueAt: row.next_due_at,
      waitMs: toLaneQuota(toPressure(lane), now).waitMs,
    };
  });
}
