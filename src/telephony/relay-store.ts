import { sql } from "kysely";
import type { TenantId } from "../core/ids.ts";
import type { Database, Sql } from "../kit/postgres/database.ts";

/** An order as it lies in `pbx_commands`; command and answer are JSON that only relay.ts reads. */
export interface StoredOrder {
  tenantId: TenantId;
  id: string;
  pbxId: string;
  command: unknown;
}

/** What has become of it. */
export interface OrderState {
  takenAt: Date | null;
  answer: unknown;
}

/** Channel that wakes the processes that listen to PBXs; the payload is the PBX's id. */
export const ORDERS = "pbx_commands";
/** Channel that wakes who asked; the payload is the order's id. */
export const ANSWERS = "pbx_answers";

export async function saveOrder(
  database: Database,
  order: StoredOrder,
  { at, expiresAt }: { at: Date; expiresAt: Date },
) {
  const { tenantId, id, pbxId, command } = order;
  await database.pool.query({
    name: "pbx-order-save",
    text: `with saved as (
             insert into pbx_commands (tenant_id, id, pbx_id, command, created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6) returning pbx_id)
           select pg_notify('${ORDERS}', pbx_id::text) from saved`,
    values: [tenantId, id, pbxId, JSON.stringify(command), at, expiresAt],
  });
}

/** How it stands; wakes the other side again while nobody has taken it, since a notification may be missed. */
export async function loadOrder(on: Sql, { tenantId, id }: StoredOrder): Promise<OrderState | null> {
  const { rows } = await sql<OrderState>`
    select taken_at as "takenAt", answer,
           case when taken_at is null then pg_notify(${ORDERS}, pbx_id::text) end as woken
      from pbx_commands where tenant_id = ${tenantId} and id = ${id}`.execute(on);
  return rows[0] ?? null;
}

/** Takes it back, whatever has become of it; nobody can begin to carry it out after this. */
export async function removeOrder(on: Sql, { tenantId, id }: StoredOrder): Promise<OrderState | null> {
  const { rows } = await sql<OrderState>`
    delete from pbx_commands where tenant_id = ${tenantId} and id = ${id}
    returning taken_at as "takenAt", answer`.execute(on);
  return rows[0] ?? null;
}

/** Orders taken at once; whoever gets as many looks again. */
export const TAKEN_MAX = 100;

/** Takes the open orders for these PBXs, the oldest first, at most `TAKEN_MAX`: from now on they are the caller's alone. */
export async function takeOrders(on: Sql, pbxIds: readonly string[], at: Date): Promise<StoredOrder[]> {
  const { rows } = await sql<StoredOrder>`
    update pbx_commands set taken_at = ${at}
     where (tenant_id, id) in (
       select tenant_id, id from pbx_commands
        where pbx_id = any(${[...pbxIds]}::bigint[]) and taken_at is null and expires_at > ${at}
        order by created_at limit ${TAKEN_MAX} for update skip locked)
    returning tenant_id as "tenantId", id, pbx_id as "pbxId", command`.execute(on);
  return rows;
}

export async function saveAnswer(on: Sql, { tenantId, id }: StoredOrder, answer: unknown): Promise<void> {
  await sql`
    with saved as (
      update pbx_commands set answer = ${JSON.stringify(answer)}::jsonb where tenant_id = ${tenantId} and id = ${id}
      returning id)
    select pg_notify(${ANSWERS}, id) from saved`.execute(on);
}

/** Orders whose asker died before taking them back. */
export async function dropOldOrders(on: Sql, before: Date): Promise<void> {
  await sql`delete from pbx_commands where expires_at < ${before}`.execute(on);
}
