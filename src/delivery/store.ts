import { type RawBuilder, sql } from "kysely";
import type { RemoteRecord } from "../core/delivery-outcome.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Exchange } from "../kit/http-exchange.ts";
import type { Sql } from "../kit/postgres/database.ts";

/** What people may ask of the deliveries of their tenant. Every question and change names the tenant. */
export const STATES = ["pending", "leased", "delivered", "dead", "expired", "discarded"] as const;
export type DeliveryState = (typeof STATES)[number];

export interface StoredDelivery {
  id: RowId;
  connectionId: RowId;
  connection: string;
  connector: string;
  callId: RowId;
  kind: "record" | "signal";
  name: string;
  state: DeliveryState;
  revision: number;
  deliveredRevision: number;
  attempts: number;
  tries: number;
  dueAt: Date;
  expiresAt: Date | null;
  remote: RemoteRecord | null;
  reason: string | null;
  review: string | null;
  lastAttemptAt: Date | null;
  deliveredAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

export interface StoredAttempt {
  number: number;
  startedAt: Date;
  durationMs: number;
  revision: number;
  outcome: "delivered" | "retry" | "rejected" | "hold" | "lost";
  reason: string | null;
  exchanges: readonly Exchange[];
}

export interface DeliveryFilter {
  states?: readonly DeliveryState[] | undefined;
  connectionId?: string | undefined;
  kind?: "record" | "signal" | undefined;
  callId?: string | undefined;
  /** By when the delivery was planned: from `since`, before `until`. */
  since?: Date | undefined;
  until?: Date | undefined;
}

const COLUMNS = sql`d.id, d.connection_id as "connectionId", c.name as connection, c.connector, d.subject_id as "callId",
  d.kind, d.name, d.state, d.revision, d.delivered_revision as "deliveredRevision", d.attempts, d.tries,
  d.due_at as "dueAt", d.expires_at as "expiresAt", d.remote, d.reason, d.review, d.last_attempt_at as "lastAttemptAt",
  d.delivered_at as "deliveredAt", d.created_at as "createdAt", d.updated_at as "updatedAt"`;

/** Also used by dead-letters.ts: what a filter means is said once. */
export function toConditions(tenantId: TenantId, filter: DeliveryFilter): RawBuilder<unknown> {
  const conditions = [sql`d.tenant_id = ${tenantId} and d.subject_kind = 'call'`];
  if (filter.states) {
    // One constant per state lets the planner use the partial indexes.
    conditions.push(sql`d.state in (${sql.join(filter.states.map((state) => sql.lit(state)))})`);
  }
  if (filter.connectionId !== undefined) conditions.push(sql`d.connection_id = ${filter.connectionId}`);
  if (filter.kind !== undefined) conditions.push(sql`d.kind = ${filter.kind}`);
  if (filter.callId !== undefined) conditions.push(sql`d.subject_id = ${filter.callId}`);
  if (filter.since !== undefined) conditions.push(sql`d.created_at >= ${filter.since}`);
  if (filter.until !== undefined) conditions.push(sql`d.created_at < ${filter.until}`);
  return sql.join(conditions, sql` and `);
}

/** Newest first, from before `beforeId`. */
export async function loadDeliveries(
  from: Sql,
  tenantId: TenantId,
  { filter, beforeId, rowsMax }: { filter: DeliveryFilter; beforeId: string | undefined; rowsMax: number },
): Promise<StoredDelivery[]> {
  const { rows } = await sql<StoredDelivery>`
    select ${COLUMNS} from deliveries d join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
     where ${toConditions(tenantId, filter)} and (${beforeId ?? null}::bigint is null or d.id < ${beforeId ?? null})
     order by d.id desc limit ${rowsMax}`.execute(from);
  return rows;
}

export async function loadDelivery(from: Sql, tenantId: TenantId, id: string): Promise<StoredDelivery | null> {
  const { rows } = await sql<StoredDelivery>`
    select ${COLUMNS} from deliveries d join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
     where d.tenant_id = ${tenantId} and d.id = ${id} and d.subject_kind = 'call'`.execute(from);
  return rows[0] ?? null;
}

/** Newest first. */
export async function loadAttempts(
  from: Sql,
  tenantId: TenantId,
  { deliveryId, beforeNumber, rowsMax }: { deliveryId: string; beforeNumber: number | undefined; rowsMax: number },
): Promise<StoredAttempt[]> {
  const { rows } = await sql<StoredAttempt>`
    select number, started_at as "startedAt", duration_ms as "durationMs", revision, outcome, reason, exchanges
      from attempts
     where tenant_id = ${tenantId} and delivery_id = ${deliveryId}
       and (${beforeNumber ?? null}::int is null or number < ${beforeNumber ?? null})
     order by number desc limit ${rowsMax}`.execute(from);
  return rows;
}
