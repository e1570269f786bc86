import { sql } from "kysely";
import type { TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { deleteOld } from "../../kit/postgres/delete-old.ts";

export interface AuditRow {
  id: string;
  at: Date;
  actor: string;
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
    sql`tenant_id = ${tenantId}`,
    ...(beforeId ? [sql`id < ${beforeId}`] : []),
    ...(actor ? [sql`actor = ${actor}`] : []),
    ...(action ? [sql`action = ${action}`] : []),
    ...(target ? [sql`target = ${target}`] : []),
  ];
  const { rows } = await sql<AuditRow>`
    select id, at, actor, action, target, detail, address from audit_log
     where ${sql.join(conditions, sql` and `)}
     order by id desc limit ${rowsMax}`.execute(from);
  return rows;
}

/** Deletes entries of months past keeping. Returns how many went. */
export function dropOldAudit(
  database: Database,
  options: { now: Date; keepMonths: number; signal?: AbortSignal },
): Promise<number> {
  return deleteOld(database, { table: "audit_log", column: "at", ...options });
}
