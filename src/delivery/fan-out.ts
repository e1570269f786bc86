import type pg from "pg";
import type { Connector } from "../connectors/connector.ts";
import type { CallChange } from "../core/call-change.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";

export interface FanOutOptions {
  /** Enabled connections of these tenants; what it must load, it loads with `client`. */
  listRoutable(
    tenantIds: readonly TenantId[],
    client: pg.PoolClient,
  ): Promise<ReadonlyMap<TenantId, readonly ConnectionRecord[]>>;
  connectors: readonly Connector[];
  clock: Clock;
}

/** Plans the deliveries of changed calls. Runs inside the transaction that changes them: both happen, or neither. */
export type FanOut = (client: pg.PoolClient, changes: readonly CallChange[]) => Promise<void>;

/** One row to be, as PLAN_DELIVERIES reads it. */
interface PlannedRow {
  tenant_id: number;
  connection_id: string;
  subject_id: string;
  subject_created_at: Date;
  kind: "record" | "signal";
  name: string;
  sequence: number;
  revision: number;
  expires_at: Date | null;
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

/** A notification holds less than 8,000 bytes; 300 ids of at most 20 characters fit. */
const IDS_PER_NOTIFICATION = 300;

export function createFanOut({ listRoutable, connectors, clock }: FanOutOptions): FanOut {
  const byId = new Map(connectors.map((connector) => [connector.id, connector]));

  return async (client, changes) => {
    if (changes.length === 0) return;
    const now = clock.now();
    const routable = await listRoutable([...new Set(changes.map((change) => change.tenantId))], client);
    const rows = new Map<string, PlannedRow>();
    for (const change of changes) {
      for (const connection of routable.get(change.tenantId) ?? []) {
        for (const row of planRows({ change, connection, connector: byId.get(connection.connector), now })) {
          keepNewest(rows, row);
        }
      }
    }
    if (rows.size === 0) return;
    const lanes = new Set([...rows.values()].map((row) => row.connection_id));
    await client.query({
      ...PLAN_DELIVERIES,
      values: [JSON.stringify([...rows.values()]), now, toPayloads([...lanes])],
    });
  };
}

interface PlanInputs {
  change: CallChange;
  connection: ConnectionRecord;
  connector: Connector | undefined;
  now: Date;
}

/**
 * What happens inside a call that goes on is told when it has ended; only another phone that rings is news now: its user wants
 * the pop-up too.
 */
const isWorthTelling = ({ isDetail, call }: CallChange, kind: "record" | "signal"): boolean =>
  !isDetail || call.phase === "ended" || (kind === "signal" && call.phase === "ringing");

function planRows({ change, connection, connector, now }: PlanInputs): PlannedRow[] {
  if (!connector) return [];
  // Settings that cannot be read now may be mended later: the record waits for that, so nothing is lost.
  const planned =
    connection.problem === null ? connector.plan(change.call, connection.settings) : [{ kind: "record" } as const];
  return planned
    .filter((plan) => (plan.kind === "record" || !change.recovered) && isWorthTelling(change, plan.kind))
    .map((plan) => ({
      tenant_id: change.tenantId,
      connection_id: connection.id,
      subject_id: change.callId,
      subject_created_at: change.callCreatedAt,
      kind: plan.kind,
      name: plan.kind === "signal" ? plan.name : "",
      sequence: plan.kind === "signal" ? change.revision : 0,
      revision: change.revision,
      expires_at: plan.kind === "signal" ? new Date(now.getTime() + plan.expiresAfterMs) : null,
    }));
}

/** One batch may hold a call twice; one statement may touch a row once. */
function keepNewest(rows: Map<string, PlannedRow>, row: PlannedRow): void {
  const key = [row.connection_id, row.subject_id, row.kind, row.name, row.sequence].join("\n");
  const known = rows.get(key);
  if (!known || known.revision < row.revision) rows.set(key, row);
}

function toPayloads(ids: readonly string[]): string[] {
  const payloads: string[] = [];
  for (let from = 0; from < ids.length; from += IDS_PER_NOTIFICATION) {
    payloads.push(ids.slice(from, from + IDS_PER_NOTIFICATION).join(","));
  }
  return payloads;
}
