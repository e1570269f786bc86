import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { User, UserKey } from "../users/store.ts";

export interface Session {
  tenantId: TenantId;
  id: string;
  userId: RowId;
  createdAt: Date;
  usedAt: Date;
  expiresAt: Date;
  userAgent: string;
  address: string;
}

const COLUMNS = sql`s.tenant_id as "tenantId", s.id, s.user_id as "userId", s.created_at as "createdAt",
  s.used_at as "usedAt", s.expires_at as "expiresAt", s.user_agent as "userAgent", s.address`;
const USER = sql`u.tenant_id as "tenantId", u.id, u.username, u.name, u.role, u.is_operator as "isOperator",
  u.must_change_password as "mustChangePassword", u.disabled_at as "disabledAt", u.last_login_at as "lastLoginAt",
  u.created_at as "createdAt", u.updated_at as "updatedAt"`;

/** The user of a session that is good at `now`, with tenant and user enabled; one look-up by primary keys. */
export async function loadSessionUser(
  from: Sql,
  { tenantId, id, userId }: Pick<Session, "tenantId" | "id" | "userId">,
  now: Date,
): Promise<User | null> {
  const { rows } = await sql<User>`
    select ${USER} from sessions s
      join users u on u.tenant_id = s.tenant_id and u.id = s.user_id and u.disabled_at is null
      join tenants t on t.id = s.tenant_id and t.disabled_at is null
     where s.tenant_id = ${tenantId} and s.id = ${id} and s.user_id = ${userId}
       and s.revoked_at is null and s.expires_at > ${now}`.execute(from);
  return rows[0] ?? null;
}

export interface RefreshRow extends Session {
  tokenHash: Buffer;
  previousTokenHash: Buffer | null;
  isGood: boolean;
}

/** Locks the session until the commit: of two refreshes at once one comes second. */
export async function lockSession(transaction: Sql, id: string, now: Date): Promise<RefreshRow | null> {
  const { rows } = await sql<RefreshRow>`
    select ${COLUMNS}, s.token_hash as "tokenHash", s.previous_token_hash as "previousTokenHash",
           s.revoked_at is null and s.expires_at > ${now} as "isGood"
      from sessions s where s.id = ${id} for update`.execute(transaction);
  return rows[0] ?? null;
}

export async function saveNewSession(transaction: Sql, session: Session, tokenHash: Buffer): Promise<void> {
  await sql`
    insert into sessions (tenant_id, id, user_id, token_hash, created_at, used_at, expires_at, user_agent, address)
    values (${session.tenantId}, ${session.id}, ${session.userId}, ${tokenHash}, ${session.createdAt}, ${session.usedAt},
            ${session.expiresAt}, ${session.userAgent}, ${session.address})`.execute(transaction);
}

export async function saveRotation(
  transaction: Sql,
  id: string,
  next: { tokenHash: Buffer; at: Date; expiresAt: Date; address: string },
): Promise<void> {
  await sql`update sessions set previous_token_hash = token_hash, token_hash = ${next.tokenHash}, used_at = ${next.at},
                   expires_at = ${next.expiresAt}, address = ${next.address}
             where id = ${id}`.execute(transaction);
}

/** Sessions that are good at `now`, most recently used first. */
export async function loadSessions(
  from: Sql,
  { tenantId, id }: UserKey,
  { now, rowsMax }: { now: Date; rowsMax: number },
): Promise<Session[]> {
  const { rows } = await sql<Session>`
    select ${COLUMNS} from sessions s
     where s.tenant_id = ${tenantId} and s.user_id = ${id} and s.revoked_at is null and s.expires_at > ${now}
     order by s.used_at desc, s.id limit ${rowsMax}`.execute(from);
  return rows;
}

/** `null` when the tenant has no such session, or it has ended. */
export async function loadSession(
  from: Sql,
  key: { tenantId: TenantId; id: string },
  now: Date,
): Promise<Session | null> {
  const { rows } = await sql<Session>`
    select ${COLUMNS} from sessions s
     where s.tenant_id = ${key.tenantId} and s.id = ${key.id} and s.revoked_at is null and s.expires_at > ${now}`.execute(
    from,
  );
  return rows[0] ?? null;
}

export async function revokeSession(transaction: Sql, id: string, at: Date): Promise<void> {
  await sql`update sessions set revoked_at = coalesce(revoked_at, ${at}) where id = ${id}`.execute(transaction);
}

export async function revokeSessionsOfUser(
  transaction: Sql,
  { tenantId, id }: UserKey,
  { at, exceptSessionId = null }: { at: Date; exceptSessionId?: string | null },
): Promise<void> {
  await sql`update sessions set revoked_at = ${at}
             where tenant_id = ${tenantId} and user_id = ${id} and revoked_at is null
               and (${exceptSessionId}::text is null or id <> ${exceptSessionId})`.execute(transaction);
}

/** Keeps a user's sessions bounded: ended ones are deleted, of good ones the `keep` most recently used stay. */
export async function trimSessions(
  transaction: Sql,
  { tenantId, id }: UserKey,
  { now, keep }: { now: Date; keep: number },
): Promise<void> {
  await sql`delete from sessions
             where tenant_id = ${tenantId} and user_id = ${id} and (revoked_at is not null or expires_at <= ${now})`.execute(
    transaction,
  );
  await sql`delete from sessions where tenant_id = ${tenantId} and user_id = ${id} and id in (
              select id from sessions where tenant_id = ${tenantId} and user_id = ${id}
               order by used_at desc, id offset ${keep})`.execute(transaction);
}
