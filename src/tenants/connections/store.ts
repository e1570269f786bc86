import { sql } from "kysely";
import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** A row of `connections`; its settings as stored, secrets sealed. */
export interface StoredConnection {
  tenantId: TenantId;
  id: RowId;
  connector: string;
  name: string;
  settings: unknown;
  origin: "environment" | "api";
  enabled: boolean;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS_TEXT = `tenant_id as "tenantId", id, connector, name, settings, origin, enabled, version,
  created_at as "createdAt", updated_at as "updatedAt"`;
const COLUMNS = sql.raw(COLUMNS_TEXT);

/** All connections of these tenants that were not removed, in one question, on the client of the caller's transaction. */
export async function loadConnectionsOf(
  client: pg.Pool | pg.PoolClient,
  tenantIds: readonly TenantId[],
): Promise<StoredConnection[]> {
  const { rows } = await client.query<StoredConnection>({
    name: "connections.of_tenants",
    text: `select ${COLUMNS_TEXT} from connections where tenant_id = any($1::int[]) and deleted_at is null order by id`,
    values: [tenantIds],
  });
  return rows;
}

export interface ConnectionFilter {
  afterId: string;
  rowsMax: number;
  connector?: string | undefined;
}

export async function loadConnections(
  from: Sql,
  tenantId: TenantId,
  filter: ConnectionFilter,
): Promise<StoredConnection[]> {
  const { rows } = await sql<StoredConnection>`
    select ${COLUMNS} from connections
     where tenant_id = ${tenantId} and deleted_at is null and id > ${filter.afterId}
       and (${filter.connector ?? null}::text is null or connector = ${filter.connector ?? null})
     order by id limit ${filter.rowsMax}`.execute(from);
  return rows;
}

export async function loadConnection(from: Sql, tenantId: TenantId, id: string): Promise<StoredConnection | null> {
  const { rows } = await sql<StoredConnection>`
    select ${COLUMNS} from connections where tenant_id = ${tenantId} and id = ${id} and deleted_at is null`.execute(
    from,
  );
  return rows[0] ?? null;
}

/** As `loadConnection`; nobody else changes it until the transaction ends. */
export async function lockConnection(on: Sql, tenantId: TenantId, id: string): Promise<StoredConnection | null> {
  const { rows } = await sql<StoredConnection>`
    select ${COLUMNS} from connections
     where tenant_id = ${tenantId} and id = ${id} and deleted_at is null for update`.execute(on);
  return rows[0] ?? null;
}

export async function loadEnvironmentConnection(
  on: Sql,
  tenantId: TenantId,
  connector: string,
): Promise<StoredConnection | null> {
  const { rows } = await sql<StoredConnection>`
    select ${COLUMNS} from connections
     where tenant_id = ${tenantId} and connector = ${connector} and origin = 'environment' and deleted_at is null
     order by id limit 1 for update`.execute(on);
  return rows[0] ?? null;
}

export async function countConnections(from: Sql, tenantId: TenantId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from connections where tenant_id = ${tenantId} and deleted_at is null`.execute(from);
  return rows[0]?.count ?? 0;
}

export async function isNameTaken(from: Sql, tenantId: TenantId, name: string): Promise<boolean> {
  const { rows } = await sql`
    select from connections where tenant_id = ${tenantId} and name = ${name} and deleted_at is null`.execute(from);
  return rows.length > 0;
}

export type NewConnection = Pick<
  StoredConnection,
  "tenantId" | "connector" | "name" | "settings" | "origin" | "enabled"
>;

export async function saveNewConnection(on: Sql, connection: NewConnection, at: Date): Promise<StoredConnection> {
  const { tenantId, connector, name, origin, enabled } = connection;
  const { rows } = await sql<StoredConnection>`
    insert into connections (tenant_id, connector, name, settings, origin, enabled, created_at, updated_at)
    values (${tenantId}, ${connector}, ${name}, ${JSON.stringify(connection.settings)}::jsonb, ${origin}, ${enabled},
            ${at}, ${at})
    returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error("an insert without a row");
  return rows[0];
}

export async function saveConnection(on: Sql, connection: StoredConnection, at: Date): Promise<StoredConnection> {
  const { tenantId, id, name, enabled, version } = connection;
  const { rows } = await sql<StoredConnection>`
    update connections set name = ${name}, settings = ${JSON.stringify(connection.settings)}::jsonb, enabled = ${enabled},
           version = ${version}, updated_at = ${at}
     where tenant_id = ${tenantId} and id = ${id} returning ${COLUMNS}`.execute(on);
  if (!rows[0]) throw new Error(`connection ${id} is gone`);
  return rows[0];
}

export async function markRemoved(on: Sql, connection: StoredConnection, at: Date): Promise<void> {
  await sql`update connections set deleted_at = ${at}, enabled = false, updated_at = ${at}, settings = '{}'
             where tenant_id = ${connection.tenantId} and id = ${connection.id}`.execute(on);
}
