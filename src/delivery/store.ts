import { type RawBuilder, sql } from "kysely";
import type { RemoteRecord } from "../core/delivery-outcome.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { toWording, type Wording } from "../core/sentence.ts";
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
  reasonWords: Wording | null;
  review: string | null;
  reviewWords: Wording | null;
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
  reasonWords: Wording | null;
  exchanges: readonly Exchange[];
}

export interface DeliveryFilter {
  states?: readonly DeliveryState[] | undefined;
  connectionId?: string | undefined;
  kind?: "record" | "signal" | undefined;
  callId?: string | undefined;
  /** Only these. */
  ids?: readonly string[] | undefined;
  /** By when the delivery was planned: from `since`, before `until`. */
  since?: Date | undefined;
  until?: Date | undefined;
  /** Only what the asker sees. */
  own?: OwnDeliveries | undefined;
}

/** What must hold of a delivery `d` for somebody to see it; `null`: nothing. Whoever knows calls says it: see calls/own-calls.ts. */
export type OwnDeliveries = RawBuilder<unknown> | null;

const COLUMNS = sql`d.id, d.connection_id as "connectionId", c.name as connection, c.connector, d.subject_id as "callId",
  d.kind, d.name, d.state, d.revision, d.delivered_revision as "deliveredRevision", d.attempts, d.tries,
  d.due_at as "dueAt", d.expires_at as "expiresAt", d.remote, d.reason, d.reason_words as "reasonWords", d.review,
  d.review_words as "reviewWords", d.last_attempt_at as "lastAttemptAt",
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
  if (filter.ids !== undefined) conditions.push(sql`d.id = any(${[...filter.ids]}::bigint[])`);
  if (filter.since !== undefined) conditions.push(sql`d.created_at >= ${filter.since}`);
  if (filter.until !== undefined) conditions.push(sql`d.created_at < ${filter.until}`);
  if (filter.own) conditions.push(filter.own);
  return sql.join(conditions, sql` and `);
}

export interface FoundDeliveries {
  deliveries: StoredDelivery[];
  /** Where it gave up before it had `rowsMax` of them; `null`: there are no more, or it has them. */
  walkedTo: RowId | null;
}

/** Deliveries that a page looks at for somebody who sees a part of them: less than a quarter of a second. */
const WALKED_MAX = 20_000;

/** Newest first, from before `beforeId`. */
export async function loadDeliveries(
  from: Sql,
  tenantId: TenantId,
  { filter: { own, ...filter }, beforeId, rowsMax }: DeliveryPage,
): Promise<FoundDeliveries> {
  const walk = sql`select * from deliveries d
     where ${toConditions(tenantId, filter)} and (${beforeId ?? null}::bigint is null or d.id < ${beforeId ?? null})
     ${own ? sql`order by d.id desc limit ${WALKED_MAX}` : sql``}`;
  const { rows } = await sql<StoredDelivery>`
    select ${COLUMNS} from (${walk}) d join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
     where ${own ?? sql`true`} order by d.id desc limit ${rowsMax}`.execute(from);
  const deliveries = rows.map(withWords);
  if (!own || rows.length >= rowsMax) return { deliveries, walkedTo: null };
  const end = await sql<{ id: RowId }>`select id from (${walk}) d offset ${WALKED_MAX - 1} limit 1`.execute(from);
  return { deliveries, walkedTo: end.rows[0]?.id ?? null };
}

export interface DeliveryPage {
  filter: DeliveryFilter;
  beforeId: string | undefined;
  rowsMax: number;
}

export async function loadDelivery(
  from: Sql,
  tenantId: TenantId,
  { id, own = null }: { id: string; own?: OwnDeliveries | undefined },
): Promise<StoredDelivery | null> {
  const { rows } = await sql<StoredDelivery>`
    select ${COLUMNS} from deliveries d join connections c on c.tenant_id = d.tenant_id and c.id = d.connection_id
     where d.tenant_id = ${tenantId} and d.id = ${id} and d.subject_kind = 'call' and ${own ?? sql`true`}`.execute(
    from,
  );
  return rows[0] ? withWords(rows[0]) : null;
}

/** As read, `reasonWords` and `reviewWords` are what is kept beside the texts, maybe beside older ones. */
function withWords(row: StoredDelivery): StoredDelivery {
  const { reason, reasonWords, review, reviewWords } = row;
  return { ...row, reasonWords: toWording(reason, reasonWords), reviewWords: toWording(review, reviewWords) };
}

/** Newest first. */
export async function loadAttempts(
  from: Sql,
  tenantId: TenantId,
  { deliveryId, beforeNumber, rowsMax }: { deliveryId: string; beforeNumber: number | undefined; rowsMax: number },
): Promise<StoredAttempt[]> {
  const { rows } = await sql<StoredAttempt>`
    select number, started_at as "startedAt", duration_ms as "durationMs", revision, outcome, reason,
           reason_words as "reasonWords", exchanges
      from attempts
     where tenant_id = ${tenantId} and delivery_id = ${deliveryId}
       and (${beforeNumber ?? null}::int is null or number < ${beforeNumber ?? null})
     order by number desc limit ${rowsMax}`.execute(from);
  return rows.map((row) => ({ ...row, reasonWords: toWording(row.reason, row.reasonWords) }));
}
