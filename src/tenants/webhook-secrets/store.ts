import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { SecretBox } from "../../kit/secret-box.ts";

const FIELD = "webhook_secret";
export type Origin = "environment" | "api";

export interface SealedSecret {
  id: string;
  sealed: string;
  origin: Origin;
  createdAt: Date;
  /** `null` is the current one. */
  expiresAt: Date | null;
}

const COLUMNS = sql`id, sealed, origin, created_at as "createdAt", expires_at as "expiresAt"`;

/** The secrets that are good at `now`, the current one first. */
export async function loadSealedSecrets(from: Sql, tenantId: TenantId, now: Date): Promise<SealedSecret[]> {
  const { rows } = await sql<SealedSecret>`
    select ${COLUMNS} from webhook_secrets
     where tenant_id = ${tenantId} and (expires_at is null or expires_at > ${now})
     order by expires_at desc nulls first, id desc`.execute(from);
  return rows;
}

/** The last secret that came from the environment, good or not. */
export async function loadEnvironmentSecret(from: Sql, tenantId: TenantId): Promise<SealedSecret | null> {
  const { rows } = await sql<SealedSecret>`
    select ${COLUMNS} from webhook_secrets
     where tenant_id = ${tenantId} and origin = 'environment' order by id desc limit 1`.execute(from);
  return rows[0] ?? null;
}

export interface NewSecret {
  tenantId: TenantId;
  sealed: string;
  origin: Origin;
  at: Date;
  /** Until when the ones before it stay good. One that ends earlier anyway keeps its end. */
  othersExpireAt: Date;
}

/** Makes a secret the current one and clears away those that ended long ago. */
export async function saveNewSecret(transaction: Sql, secret: NewSecret): Promise<SealedSecret> {
  const { tenantId, sealed, origin, at, othersExpireAt } = secret;
  await sql`update webhook_secrets set expires_at = least(expires_at, ${othersExpireAt})
             where tenant_id = ${tenantId} and (expires_at is null or expires_at > ${othersExpireAt})`.execute(
    transaction,
  );
  await sql`delete from webhook_secrets
             where tenant_id = ${tenantId} and expires_at < ${at}::timestamptz - interval '30 days' and origin = 'api'`.execute(
    transaction,
  );
  const { rows } = await sql<SealedSecret>`
    insert into webhook_secrets (tenant_id, sealed, origin, created_at)
    values (${tenantId}, ${sealed}, ${origin}, ${at}) returning ${COLUMNS}`.execute(transaction);
  if (!rows[0]) throw new Error("an insert returned nothing");
  return rows[0];
}

export function sealWebhookSecret(box: SecretBox, tenantId: TenantId, secret: string): string {
  return box.seal(secret, { tenantId, field: FIELD });
}

/** Throws `SealError` when ENLACE_SECRET is not the one it was sealed with. */
export function openWebhookSecret(box: SecretBox, tenantId: TenantId, sealed: string): string {
  return box.open(sealed, { tenantId, field: FIELD });
}
