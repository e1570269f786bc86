import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

export interface Extension {
  tenantId: TenantId;
  number: string;
  /** Names of its phones in Asterisk's channels. */
  peers: readonly string[];
  name: string;
  /** Whose phone it is. */
  userId: RowId | null;
  createdAt: Date;
  updatedAt: Date;
}

export type ExtensionFields = Pick<Extension, "number" | "peers" | "name" | "userId">;

const COLUMNS = sql`tenant_id as "tenantId", number, peers, name, user_id as "userId", created_at as "createdAt",
  updated_at as "updatedAt"`;

export async function loadExtensions(
  from: Sql,
  tenantId: TenantId,
  page: { afterNumber: string; rowsMax: number },
): Promise<Extension[]> {
  const { rows } = await sql<Extension>`
    select ${COLUMNS} from extensions where tenant_id = ${tenantId} and number > ${page.afterNumber}
     order by number limit ${page.rowsMax}`.execute(from);
  return rows;
}

export async function loadExtension(from: Sql, tenantId: TenantId, number: string): Promise<Extension | null> {
  const { rows } = await sql<Extension>`
    select ${COLUMNS} from extensions where tenant_id = ${tenantId} and number = ${number}`.execute(from);
  return rows[0] ?? null;
}

/** Numbers of a person's extensions. */
export async function loadExtensionsOf(from: Sql, tenantId: TenantId, userId: RowId): Promise<string[]> {
  const { rows } = await sql<{ number: string }>`
    select number from extensions where tenant_id = ${tenantId} and user_id = ${userId} order by number limit 100`.execute(
    from,
  );
  return rows.map(({ number }) => number);
}

/** The same of several people, by person; those without any are missing. */
export async function loadExtensionsOfAll(
  from: Sql,
  tenantId: TenantId,
  userIds: readonly RowId[],
): Promise<ReadonlyMap<RowId, readonly string[]>> {
  const { rows } = await sql<{ id: RowId; numbers: string[] }>`
    select user_id as id, array_agg(number order by number) as numbers from extensions
     where tenant_id = ${tenantId} and user_id = any(${[...userIds]}::bigint[]) group by user_id`.execute(from);
  return new Map(rows.map(({ id, numbers }) => [id, numbers]));
}

/** Another extension that has one of these peers. */
export async function findPeerOwner(
  from: Sql,
  tenantId: TenantId,
  { number, peers }: Pick<Extension, "number" | "peers">,
): Promise<string | null> {
  const { rows } = await sql<{ number: string }>`
    select number from extensions
     where tenant_id = ${tenantId} and number <> ${number} and peers && ${[...peers]}::text[] limit 1`.execute(from);
  return rows[0]?.number ?? null;
}

export async function countExtensions(from: Sql, tenantId: TenantId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from extensions where tenant_id = ${tenantId}`.execute(from);
  return rows[0]?.count ?? 0;
}

/** Makes or replaces it. */
export async function saveExtension(
  on: Sql,
  tenantId: TenantId,
  { number, peers, name, userId, at }: ExtensionFields & { at: Date },
): Promise<Extension> {
  const { rows } = await sql<Extension>`
    insert into extensions (tenant_id, number, peers, name, user_id, created_at, updated_at)
    values (${tenantId}, ${number}, ${[...peers]}, ${name}, ${userId}, ${at}, ${at})
    on conflict (tenant_id, number) do update
       set peers = excluded.peers, name = excluded.name, user_id = excluded.user_id, updated_at = excluded.updated_at
    returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error("an insert without a row");
  return rows[0];
}

/** False when there was none. */
export async function removeExtension(on: Sql, tenantId: TenantId, number: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from extensions where tenant_id = ${tenantId} and number = ${number}`.execute(on);
  return (numAffectedRows ?? 0n) > 0n;
}
