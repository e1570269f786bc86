import { sql } from "kysely";
import type { RemoteRecord } from "../core/delivery-outcome.ts";
import { AppError } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../kit/postgres/database.ts";

/** How one record delivery of a call stands. */
export interface CallDelivery {
  deliveryId: string;
  connectionId: string;
  connector: string;
  connection: string;
  /** `held` and `paused` are the lane's: nothing will happen until somebody mends it. */
  state: "delivered" | "pending" | "held" | "paused" | "dead" | "discarded";
  remote: RemoteRecord | null;
  review: string | null;
  reason: string | null;
}

export interface CallWaiters {
  /**
   * Resolves once every record delivery of the call has delivered `revision` or will not by itself; at once when there are
   * none. Rejects with the signal's reason, and with `unavailable` when too many wait already.
   */
  waitForCall(call: WaitedCall, signal: AbortSignal): Promise<CallDelivery[]>;
  /** Something was settled here: look now. */
  nudge(): void;
}

export interface WaitedCall {
  tenantId: TenantId;
  callId: RowId;
  revision: number;
}

interface Waiter extends WaitedCall {
  resolve(deliveries: CallDelivery[]): void;
  reject(reason: unknown): void;
}

const WAITERS_MAX = 1_000;
const EVERY_MS = 100;

/** One look per tick for everybody who waits in this process, and none while nobody does. */
export function createCallWaiters({ database, clock }: { database: Database; clock: Clock }): CallWaiters {
  const waiters = new Set<Waiter>();
  let looking = false;
  let nudged = false;
  let cancel = (): void => undefined;

  async function look(): Promise<void> {
    if (looking) {
      nudged = true;
      return;
    }
    cancel();
    looking = true;
    nudged = false;
    const asked = [...waiters];
    try {
      const found = await loadDeliveries(database, asked);
      for (const [index, waiter] of asked.entries()) {
        const rows = found.get(index) ?? [];
        if (rows.every((row) => isOver(row, waiter.revision))) waiter.resolve(rows.map(toCallDelivery));
      }
    } catch (error) {
      for (const waiter of asked) waiter.reject(error);
    } finally {
      looking = false;
      if (waiters.size > 0 && nudged) void look();
      else if (waiters.size > 0) cancel = clock.after(EVERY_MS, () => void look());
    }
  }

  return {
    nudge: () => {
      if (waiters.size > 0) void look();
    },
    waitForCall: (call, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        if (waiters.size >= WAITERS_MAX)
          return reject(new AppError("unavailable", "too many requests wait for delivery"));
        const leave = (): void => {
          waiters.delete(waiter);
          signal.removeEventListener("abort", onAbort);
        };
        const onAbort = (): void => waiter.reject(signal.reason);
        const waiter: Waiter = {
          ...call,
          resolve: (deliveries) => {
            leave();
            resolve(deliveries);
          },
          reject: (reason) => {
            leave();
            reject(reason);
          },
        };
        waiters.add(waiter);
        signal.addEventListener("abort", onAbort, { once: true });
        void look();
      }),
  };
}

interface DeliveryRow {
  index: number;
  id: string;
  connection_id: string;
  connector: string;
  connection: string;
  state: string;
  delivered_revision: number;
  stands_still: "held" | "paused" | null;
  remote: RemoteRecord | null;
  review: string | null;
  reason: string | null;
}

async function loadDeliveries(
  database: Database,
  calls: readonly WaitedCall[],
): Promise<ReadonlyMap<number, DeliveryRow[]>> {
  const asked = calls.map(({ tenantId, callId }, index) => ({ tenant_id: tenantId, call_id: callId, index }));
  const { rows } = await sql<DeliveryRow>`
    select w.index, d.id, d.connection_id, c.connector, c.name as connection, d.state, d.delivered_revision, d.remote,
           d.review, d.reason,
           case when l.held_at is not null then 'held' when l.paused_at is not null or not c.enabled then 'paused' end
             as stands_still
      from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as w(index int, tenant_id int, call_id bigint)
      join deliveries d on d.tenant_id = w.tenant_id and d.subject_kind = 'call' and d.subject_id = w.call_id
       and d.kind = 'record'
      join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
      left join lanes l on l.tenant_id = d.tenant_id and l.connection_id = d.connection_id
     order by w.index, d.id`.execute(database.sql);
  return Map.groupBy(rows, (row) => row.index);
}

function isOver(row: DeliveryRow, revision: number): boolean {
  if (row.delivered_revision >= revision || row.state === "dead" || row.state === "discarded") return true;
  return row.state === "pending" && row.stands_still !== null;
}

function toCallDelivery(row: DeliveryRow): CallDelivery {
  return {
    deliveryId: row.id,
    connectionId: row.connection_id,
    connector: row.connector,
    connection: row.connection,
    state: toState(row),
    remote: row.remote,
    review: row.review,
    reason: row.reason,
  };
}

function toState(row: DeliveryRow): CallDelivery["state"] {
  if (row.state === "dead" || row.state === "discarded") return row.state;
  if (row.state === "pending" && row.stands_still !== null) return row.stands_still;
  // Delivered as far as was asked, even if a newer revision is already on its way.
  return "delivered";
}
