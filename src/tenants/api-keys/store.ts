import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Scope } from "../../http/access.ts";
import type { Sql } from "../../kit/postgres/database.ts";

export interface ApiKey {
  tenantId: TenantId;
  id: RowId;
  name: string;
  /** The first characters of the key, to recognise it by. */
  prefix: string;
  scopes: readonly Scope[];
  isOperator: boolean;
  /** Actor, as in the audit log. */
  createdBy: string;
  createdAt: Date;
  lastUsedAt: Date | null;
  expiresAt: Date | null;
  revokedAt: Date | null;
}

const COLUMNS = sql`k.tenant_id as "tenantId", k.id, k.name, k.prefix, k.scopes, k.is_operator as "isOperator",
  k.created_by as "createdBy", k.created_at as "createdAt", k.last_used_at as "lastUsedAt",
  k.expires_at as "expiresAt", k.revoked_at as "revokedAt"`;

/** The key of this hash if it is good at `now` and its tenant is enabled. */
export async function loadGoodKey(from: Sql, keyHash: Buffer, now: Date): Promise<ApiKey | null> {
  const { rows } = await sql<ApiKey>`
    select ${COLUMNS} from api_keys k join tenants t on t.id = k.tenant_id and t.disabled_at is null
     where k.key_hash = ${keyHash} and k.revoked_at is null and (k.expires_at is null or k.expires_at > ${now})`.execute(
    from,
  );
  return rows[0] ?? null;
}

export async function loadKeys(
  from: Sql,
  tenantId: TenantId,
  { afterId, rowsMax }: { afterId: string; rowsMax: number },
): Promise<ApiKey[]> {
  const { rows } = await sql<ApiKey>`
    select ${COLUMNS} from api_keys k where tenant_id = ${tenantId} and id > ${afterId}
     order by id limit ${rowsMax}`.execute(from);
  return rows;
}

export interface NewKey
  extends Pick<ApiKey, "tenantId" | "name" | "prefix" | "scopes" | "isOperator" | "createdBy" | "expiresAt"> {
  keyHash: Buffer;
}

export async function saveNewKey(transaction: Sql, key: NewKey, at: Date): Promise<ApiKey> {
  const { rows } = await sql<ApiKey>`
    insert into api_keys as k (tenant_id, name, prefix, key_hash, scopes, is_operator, created_by, created_at, expires_at)
    values (${key.tenantId}, ${key.name}, ${key.prefix}, ${key.keyHash}, ${[...key.scopes]}, ${key.isOperator},
            ${key.createdBy}, ${at}, ${key.expiresAt})
    returning ${COLUMNS}`.execute(transaction);
  if (!rows[0]) throw new Error("an insert returned nothing");
  return rows[0];
}

/** `null` when the tenant has no such key, or it is revoked already. */
export async function revokeKey(
  transaction: Sql,
  key: { tenantId: TenantId; id: RowId },
  at: Date,
): Promise<ApiKey | null> {
  const { rows } = await sql<ApiKey>`
    update api_keys as k set revoked_at = ${at}
     where tenant_id = ${key.tenantId} and id = ${key.id} and revoked_at is null returning ${COLUMNS}`.execute(
    transaction,
  );
  return rows[0] ?? null;
}

export async function saveUse(from: Sql, key: { tenantId: TenantId; id: RowId }, at: Date): Promise<void> {
  await sql`update api_keys set last_used_at = ${at}
             where tenant_id = ${key.tenantId} and id = ${key.id} and (last_used_at is null or last_used_at < ${at})`.execute(
    from,
  );
}
