import type { TenantId } from "../core/ids.ts";
import type { Database } from "../kit/postgres/database.ts";

const OPEN_CALLS_MAX = 20_000;

/** call_uuids of a PBX's calls that AMI told of and that nobody has told the end of, oldest first, at most 20,000. */
export async function listOpenCalls(database: Database, tenantId: TenantId, pbx: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ call_uuid: string }>({
    name: "telephony-open-calls",
    text: `select call_uuid from calls
           where tenant_id = $1 and pbx = $2 and outcome = 'in_progress' and sources && '{ami,recovery}'
           order by started_at limit $3`,
    values: [tenantId, pbx, OPEN_CALLS_MAX],
  });
  return rows.map((row) => row.call_uuid);
}
