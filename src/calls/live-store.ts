import { sql } from "kysely";
import type { TenantId } from "../core/ids.ts";
import { toInstant } from "../http/wire.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { LiveCall } from "./live-schema.ts";

interface LiveRow extends Omit<LiveCall, "started_at" | "answered_at"> {
  started_at: Date;
  answered_at: Date | null;
}

/** Calls that ring or talk now, newest first; an index holds just these. */
export async function loadLiveCalls(database: Database, tenantId: TenantId, rowsMax: number): Promise<LiveCall[]> {
  const { rows } = await sql<LiveRow>`
    select id, direction, from_text as "from", to_text as "to", case phase when 'talking' then 'talking' else 'ringing' end as state,
           agent_extension, trunk, pbx, started_at, answered_at
      from calls where tenant_id = ${tenantId} and outcome = 'in_progress'
     order by started_at desc, id desc limit ${rowsMax}`.execute(database.sql);
  return rows.map((row) => ({
    ...row,
    started_at: toInstant(row.started_at),
    answered_at: toInstant(row.answered_at),
  }));
}
