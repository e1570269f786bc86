import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Role } from "../../http/access.ts";
import type { Sql } from "../../kit/postgres/database.ts";

export interface User {
  tenantId: TenantId;
  id: RowId;
  /** Lower case, unique over all tenants. */
  username: string;
  name: string;
  role: Role;
  isOperator: boolean;
  mustChangePassword: boolean;
  disabledAt: Date | null;
  lastLoginAt: Date | null;
  createdAt: Date;
  updatedAt: Date;
}

const COLUMNS = sql`tenant_id as "tenantId", id, username, name, role, is_operator as "isOperator",
  must_change_password as "mustChangePassword", disabled_at as "disabledAt", last_login_at as "lastLoginAt",
  created_at as "createdAt", updated_at as "updatedAt"`;

export interface UserKey {
  tenantId: TenantId;
  id: RowId;
}

export async function loadUsers(
  from: Sql,
  tenantId: TenantId,
  page: { afterId: string; rowsMax: number },
): Promise<User[]> {
  const { rows } = await sql<User>`
    select ${COLUMNS} from users where tenant_id = ${tenantId} and id > ${page.afterId}
     order by id limit ${page.rowsMax}`.execute(from);
  return rows;
}

export async function loadUser(from: Sql, { tenantId, id }: UserKey): Promise<User | null> {
  const { rows } = await sql<User>`select ${COLUMNS} from users where tenant_id = ${tenantId} and id = ${id}`.execute(
    from,
  );
  return rows[0] ?? null;
}

/** For logging in: the one place where the hash leaves the table. */
export async function loadPassword(from: Sql, username: string): Promise<{ user: User; passwordHash: string } | null> {
  const { rows } = await sql<User & { passwordHash: string }>`
    select ${COLUMNS}, password_hash as "passwordHash" from users where username = ${username}`.execute(from);
  if (!rows[0]) return null;
  const { passwordHash, ...user } = rows[0];
  return { user, passwordHash };
}

export interface NewUser
  extends Pick<User, "tenantId" | "username" | "name" | "role" | "isOperator" | "mustChangePassword"> {
  passwordHash: string;
}

/** `null` when the username is taken, in whatever tenant. */
export async function saveNewUser(transaction: Sql, user: NewUser, at: Date): Promise<User | null> {
  const { rows } = await sql<User>`
    insert into users (tenant_id, username, name, role, is_operator, password_hash, must_change_password, created_at, updated_at)
    values (${user.tenantId}, ${user.username}, ${user.name}, ${user.role}, ${user.isOperator}, ${user.passwordHash},
            ${user.mustChangePassword}, ${at}, ${at})
    on conflict (username) do nothing returning ${COLUMNS}`.execute(transaction);
  return rows[0] ?? null;
}

export async function saveUser(transaction: Sql, user: User, at: Date): Promise<User> {
  const { rows } = await sql<User>`
    update users set name = ${user.name}, role = ${user.role}, is_operator = ${user.isOperator},
           disabled_at = ${user.disabledAt}, updated_at = ${at}
     where tenant_id = ${user.tenantId} and id = ${user.id} returning ${COLUMNS}`.execute(transaction);
  if (!rows[0]) throw new Error(`user ${user.id} is gone`);
  return rows[0];
}

export async function savePassword(
  transaction: Sql,
  { tenantId, id }: UserKey,
  change: { passwordHash: string; mustChangePassword: boolean; at: Date },
): Promise<void> {
  await sql`update users set password_hash = ${change.passwordHash}, must_change_password = ${change.mustChangePassword},
                   updated_at = ${change.at}
             where tenant_id = ${tenantId} and id = ${id}`.execute(transaction);
}

export async function saveLogin(transaction: Sql, { tenantId, id }: UserKey, at: Date): Promise<void> {
  await sql`update users set last_login_at = ${at} where tenant_id = ${tenantId} and id = ${id}`.execute(transaction);
}

/** With all sessions. */
export async function removeUser(transaction: Sql, { tenantId, id }: UserKey): Promise<void> {
  await sql`delete from users where tenant_id = ${tenantId} and id = ${id}`.execute(transaction);
}

/** How many could still administer if this user could not: the tenant, and the installation. */
export async function countOthers(
  transaction: Sql,
  { tenantId, id }: UserKey,
): Promise<{ admins: number; operators: number }> {
  const { rows } = await sql<{ admins: number; operators: number }>`
    select count(*) filter (where tenant_id = ${tenantId})::int as admins,
           count(*) filter (where is_operator)::int as operators
      from users where role = 'admin' and disabled_at is null and id <> ${id}
       and (tenant_id = ${tenantId} or is_operator)`.execute(transaction);
  return rows[0] ?? { admins: 0, operators: 0 };
}

/** One at a time, so that two operators cannot each remove the other. */
export async function lockOperators(transaction: Sql): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtext('enlace.operators'))`.execute(transaction);
}
