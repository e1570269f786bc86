import type pg from "pg";
import type { Connector } from "../connectors/connector.ts";
import type { CallChange, NewCall } from "../core/call-change.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";

export interface FanOutOptions {
  /** Enabled connections of these tenants; what it must load, it loads with `client`. */
  listRoutable(
    tenantIds: readonly TenantId[],
    client: pg.Pool | pg.PoolClient,
  ): Promise<ReadonlyMap<TenantId, readonly ConnectionRecord[]>>;
  connectors: readonly Connector[];
  clock: Clock;
}

/** Plans deliveries where calls change, so that both happen, or neither. */
export interface FanOut {
  /** Of calls that became different, on the open transaction of `client`. */
  planChanged(client: pg.PoolClient, changes: readonly CallChange[]): Promise<void>;
  /** Of calls that are being made, inside the one statement that makes them. */
  withNew: {
    /** How many there are. */
    parameters: number;
    /**
     * Expressions for its `with` list, after `opened(tenant_id, id, call_uuid)`. `$1` is now, theirs are `$<first>` and the
     * next one. The statement must read `announced(payload)` once.
     */
    toSql(first: number): string;
    toValues(on: pg.Pool, calls: readonly NewCall[]): Promise<[string, string[]]>;
  };
}

/** One row to be, but for whose it is. */
interface Planned {
  tenant_id: number;
  connection_id: string;
  kind: "record" | "signal";
  name: string;
  sequence: number;
  revision: number;
  expires_at: Date | null;
}

/** As PLAN_DELIVERIES reads it. */
interface PlannedRow extends Planned {
  subject_id: string;
  subject_created_at: Date;
}

/**
 * A record is one row per connection and call: a newer revision finds it and raises it. What was delivered or dead is due at
 * once (unless a late success of its last attempt may still show up) and starts its attempts anew; what waits keeps its place and its back-off; what is leased notices at its settling.
 * What a person discarded stays discarded. Rows are sorted so that two batches never wait for each other's.
 */
const PLAN_DELIVERIES = {
  name: "delivery.plan",
  text: `
with planned as (
  insert into deliveries as d (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, name, sequence,
                               state, revision, due_at, expires_at, created_at, updated_at)
  select tenant_id, connection_id, 'call', subject_id, subject_created_at, kind, name, sequence,
         'pending', revision, $2, expires_at, $2, $2
    from jsonb_to_recordset($1::jsonb) as p(tenant_id int, connection_id bigint, subject_id bigint,
         subject_created_at timestamptz, kind text, name text, sequence int, revision int, expires_at timestamptz)
   order by tenant_id, connection_id, subject_id, kind, name, sequence
  on conflict (tenant_id, subject_kind, subject_id, connection_id, kind, name, sequence, subject_created_at) do update
     set revision = excluded.revision,
         state    = case when d.state in ('delivered', 'dead') then 'pending' else d.state end,
         attempts = case when d.state in ('delivered', 'dead') then 0 else d.attempts end,
         due_at   = case d.state when 'delivered' then excluded.due_at when 'dead' then greatest(excluded.due_at, d.due_at)
                                 else d.due_at end,
         updated_at = excluded.updated_at
   where d.kind = 'record' and d.revision < excluded.revision
)
select pg_notify('deliveries', payload) from unnest($3::text[]) as payload`,
} as const;

/** Nothing of a new call is there yet, so nothing is in the way. Sorted like PLAN_DELIVERIES. */
const toPlanNewSql = (first: number): string => `
planned as (
  insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, name, sequence,
                          state, revision, due_at, expires_at, created_at, updated_at)
  select o.tenant_id, p.connection_id, 'call', o.id, $1, p.kind, p.name, p.sequence, 'pending', p.revision, $1, p.expires_at, $1, $1
    from opened o
    join jsonb_to_recordset($${first}::jsonb) as p(tenant_id int, call_uuid text, connection_id bigint, kind text, name text,
         sequence int, revision int, expires_at timestamptz) using (tenant_id, call_uuid)
   order by o.tenant_id, p.connection_id, o.id, p.kind, p.name
), announced as (
  select pg_notify('deliveries', payload) as payload from unnest($${first + 1}::text[]) as payload
)`;

/** A notification holds less than 8,000 bytes; 300 ids of at most 20 characters fit. */
const IDS_PER_NOTIFICATION = 300;

export function createFanOut({ listRoutable, connectors, clock }: FanOutOptions): FanOut {
  const byId = new Map(connectors.map((connector) => [connector.id, connector]));

  async function plan<C extends ToldCall>(
    on: pg.Pool | pg.PoolClient,
    calls: readonly C[],
    keep: (call: C, planned: Planned) => void,
  ): Promise<void> {
    const now = clock.now();
    const routable = await listRoutable([...new Set(calls.map(({ tenantId }) => tenantId))], on);
    for (const call of calls) {
      for (const connection of routable.get(call.tenantId) ?? []) {
        const connector = byId.get(connection.connector);
        for (const planned of planRows({ call, connection, connector, now })) keep(call, planned);
      }
    }
  }

  return {
    planChanged: async (client, changes) => {
      if (changes.length === 0) return;
      const rows = new Map<string, PlannedRow>();
      await plan(client, changes, ({ callId, callCreatedAt }, planned) =>
        keepNewest(rows, { ...planned, subject_id: callId, subject_created_at: callCreatedAt }),
      );
      if (rows.size === 0) return;
      const values = [JSON.stringify([...rows.values()]), clock.now(), toPayloads(rows.values())];
      await client.query({ ...PLAN_DELIVERIES, values });
    },
    withNew: {
      parameters: 2,
      toSql: toPlanNewSql,
      toValues: async (on, calls) => {
        const rows: (Planned & { call_uuid: string })[] = [];
        await plan(on, calls.map(toFirstRevision), ({ callUuid }, planned) =>
          rows.push({ ...planned, call_uuid: callUuid }),
        );
        return [JSON.stringify(rows), toPayloads(rows)];
      },
    },
  };
}

/** What a plan depends on. */
type ToldCall = Pick<CallChange, "tenantId" | "call" | "revision" | "recovered" | "isDetail">;

const toFirstRevision = (call: NewCall): NewCall & { revision: number } => ({ ...call, revision: 1 });

interface PlanInputs {
  call: ToldCall;
  connection: ConnectionRecord;
  connector: Connector | undefined;
  now: Date;
}

/**
 * What happens inside a call that goes on is told when it has ended; only another phone that rings is news now: its user wants
 * the pop-up too.
 */
const isWorthTelling = ({ isDetail, call }: ToldCall, kind: "record" | "signal"): boolean =>
  !isDetail || call.phase === "ended" || (kind === "signal" && call.phase === "ringing");

function planRows({ call, connection, connector, now }: PlanInputs): Planned[] {
  if (!connector) return [];
  // Settings that cannot be read now may be mended later: the record waits for that, so nothing is lost.
  const planned =
    connection.problem === null ? connector.plan(call.call, connection.settings) : [{ kind: "record" } as const];
  return planned
    .filter((plan) => (plan.kind === "record" || !call.recovered) && isWorthTelling(call, plan.kind))
    .map((plan) => ({
      tenant_id: call.tenantId,
      connection_id: connection.id,
      kind: plan.kind,
      name: plan.kind === "signal" ? plan.name : "",
      sequence: plan.kind === "signal" ? call.revision : 0,
      revision: call.revision,
      expires_at: plan.kind === "signal" ? new Date(now.getTime() + plan.expiresAfterMs) : null,
    }));
}

/** One batch may hold a call twice; one statement may touch a row once. */
function keepNewest(rows: Map<string, PlannedRow>, row: PlannedRow): void {
  const key = [row.connection_id, row.subject_id, row.kind, row.name, row.sequence].join("\n");
  const known = rows.get(key);
  if (!known || known.revision < row.revision) rows.set(key, row);
}

/** Which lanes have work, as few notifications as hold their ids. */
function toPayloads(rows: Iterable<Planned>): string[] {
  const ids = [...new Set(Array.from(rows, (row) => row.connection_id))];
  const payloads: string[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_NOTIFICATION) {
    payloads.push(ids.slice(from, from + IDS_PER_NOTIFICATION).join(","));
  }
  return payloads;
}
