import { sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";

/** The call that began last; `null` when there is none yet. */
export async function loadLastCallId(from: Sql, tenantId: TenantId): Promise<RowId | null> {
  const { rows } = await sql<{ id: RowId }>`
    select id from calls where tenant_id = ${tenantId} order by started_at desc, id desc limit 1`.execute(from);
  return rows[0]?.id ?? null;
}
