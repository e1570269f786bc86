import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { deleteOld } from "../../kit/postgres/delete-old.ts";

export interface AuditRow {
  id: string;
  at: Date;
  actor: string;
  /** The username or the name of the key; `null` when it is gone, and for Enlace itself. */
  actorName: string | null;
  action: string;
  target: string;
  detail: Record<string, unknown>;
  address: string;
}

export interface AuditFilter {
  /** Newest first, below this id. */
  beforeId?: string | undefined;
  actor?: string | undefined;
  action?: string | undefined;
  target?: string | undefined;
  rowsMax: number;
}

export async function loadAudit(from: Sql, tenantId: TenantId, filter: AuditFilter): Promise<AuditRow[]> {
  const { beforeId, actor, action, target, rowsMax } = filter;
  const conditions = [
    sql`a.tenant_id = ${tenantId}`,
    ...(beforeId ? [sql`a.id < ${beforeId}`] : []),
    ...(actor ? [sql`a.actor in (${actor}, (${toActorOf(tenantId, actor)}))`] : []),
    ...(action ? [sql`a.action = ${action}`] : []),
    ...(target ? [sql`a.target = ${target}`] : []),
  ];
  const { rows } = await sql<AuditRow>`
    select a.id, a.at, a.actor, coalesce(u.username, k.name) as "actorName", a.action, a.target, a.detail, a.address
      from audit_log a
      left join users u on u.tenant_id = a.tenant_id and a.actor = 'user:' || u.id
      left join api_keys k on k.tenant_id = a.tenant_id and a.actor = 'key:' || k.id
     where ${sql.join(conditions, sql` and `)}
     order by a.id desc limit ${rowsMax}`.execute(from);
  return rows;
}

/** How the log names the person of this username; none when there is nobody. */
const toActorOf = (tenantId: TenantId, username: string) =>
  sql`select 'user:' || id from users where tenant_id = ${tenantId} and username = ${username.toLowerCase()}`;

/** Deletes entries of months past keeping. Returns how many went. */
export function dropOldAudit(
  database: Database,
  options: { now: Date; keepMonths: number; signal?: AbortSignal },
): Promise<number> {
  return deleteOld(database, { table: "audit_log", column: "at", ...options });
}
