import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";

/** Whose token it is, with what is needed to read the events that are shown with it. */
export interface TokenOwner {
  tenantId: TenantId;
  tenantNumber: string;
  pbxId: RowId;
  /** Calls carry it as `pbx`. */
  name: string;
  /** IANA zone in which the PBX writes its times. */
  timeZone: string;
  callIdPrefix: string;
  /** ISO 3166-1 alpha-2, for numbers without a country code. */
  country: string;
  /** Numbers of the tenant's extensions, as far as it said which there are. */
  extensions: readonly string[];
}

const OWNER = sql.raw(
  `p.tenant_id as "tenantId", t.number as "tenantNumber", p.id as "pbxId", p.name, p.time_zone as "timeZone",
   p.call_id_prefix as "callIdPrefix", t.country,
   array(select e.number from extensions e where e.tenant_id = p.tenant_id) as extensions`,
);

export interface FoundToken extends TokenOwner {
  tokenHash: Buffer;
  expiresAt: Date | null;
}

/** A PBX that is switched off, or whose tenant is, shows no good token. */
export async function findTokenOwner(from: Sql, hashes: readonly Buffer[]): Promise<FoundToken | null> {
  const { rows } = await sql<FoundToken>`
    select k.token_hash as "tokenHash", k.expires_at as "expiresAt", ${OWNER}
      from pbx_tokens k join pbxs p on p.tenant_id = k.tenant_id and p.id = k.pbx_id join tenants t on t.id = k.tenant_id
     where k.token_hash = any(${[...hashes]}::bytea[]) and p.enabled and t.disabled_at is null`.execute(from);
  return rows[0] ?? null;
}

export async function loadTokenOwner(from: Sql, tenantId: TenantId, pbxId: string): Promise<TokenOwner | null> {
  const { rows } = await sql<TokenOwner>`
    select ${OWNER} from pbxs p join tenants t on t.id = p.tenant_id
     where p.tenant_id = ${tenantId} and p.id = ${pbxId}`.execute(from);
  return rows[0] ?? null;
}

export interface NewToken {
  tenantId: TenantId;
  pbxId: string;
  tokenHash: Buffer;
  origin: "environment" | "api";
  at: Date;
  /** Until when those before it stay good. */
  othersExpireAt: Date;
}

/** False when the token is in use already, wherever. */
export async function saveNewToken(on: Sql, token: NewToken): Promise<boolean> {
  const { tenantId, pbxId, tokenHash, origin, at, othersExpireAt } = token;
  await expireTokens(on, { tenantId, pbxId, at: othersExpireAt });
  // Its own one again is no clash: an environment may go back to what it gave before.
  await sql`delete from pbx_tokens
             where tenant_id = ${tenantId} and pbx_id = ${pbxId}
               and (token_hash = ${tokenHash} or (expires_at <= ${at} and origin = 'api'))`.execute(on);
  const { numAffectedRows } = await sql`
    insert into pbx_tokens (tenant_id, pbx_id, token_hash, origin, created_at)
    values (${tenantId}, ${pbxId}, ${tokenHash}, ${origin}, ${at})
    on conflict (token_hash) do nothing`.execute(on);
  return (numAffectedRows ?? 0n) > 0n;
}

/** Every token of the PBX ends at `at`, unless it ends earlier anyway. */
export async function expireTokens(on: Sql, which: { tenantId: TenantId; pbxId: string; at: Date }): Promise<void> {
  await sql`update pbx_tokens set expires_at = ${which.at}
             where tenant_id = ${which.tenantId} and pbx_id = ${which.pbxId}
               and (expires_at is null or expires_at > ${which.at})`.execute(on);
}

/** The last token that came from the environment, good or not. */
export async function loadEnvironmentToken(from: Sql, tenantId: TenantId, pbxId: string): Promise<Buffer | null> {
  const { rows } = await sql<{ tokenHash: Buffer }>`
    select token_hash as "tokenHash" from pbx_tokens
     where tenant_id = ${tenantId} and pbx_id = ${pbxId} and origin = 'environment' order by id desc limit 1`.execute(
    from,
  );
  return rows[0]?.tokenHash ?? null;
}
