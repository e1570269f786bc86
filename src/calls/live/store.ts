import type { RowId, TenantId } from "../../core/ids.ts";
import { toInstant } from "../../http/wire.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { LiveCall } from "./schema.ts";

/** A call in progress, with what only the house needs to know of it. */
export interface FoundLiveCall {
  call: LiveCall;
  callUuid: string;
}

interface LiveRow extends Omit<LiveCall, "started_at" | "answered_at"> {
  call_uuid: string;
  started_at: Date;
  answered_at: Date | null;
}

/** Calls that ring or talk now, newest first; an index holds just these. */
export async function loadLiveCalls(
  { pool }: Pick<Database, "pool">,
  tenantId: TenantId,
  rowsMax: number,
): Promise<FoundLiveCall[]> {
  const { rows } = await pool.query<LiveRow>({
    name: "calls-live",
    text: `select id, call_uuid, direction, from_text as "from", to_text as "to",
                  case phase when 'talking' then 'talking' else 'ringing' end as state,
                  agent_extension, trunk, pbx, started_at, answered_at
             from calls where tenant_id = $1 and outcome = 'in_progress'
            order by started_at desc, id desc limit $2`,
    values: [tenantId, rowsMax],
  });
  return rows.map(({ call_uuid: callUuid, ...row }) => ({
    callUuid,
    call: { ...row, started_at: toInstant(row.started_at), answered_at: toInstant(row.answered_at) },
  }));
}

/** Attempt ids are the ends of the call_uuids of what the dialer calls. */
const ATTEMPT_ID = /d[0-9a-f]{24}$/;

/** What somebody sees who is assigned to `own`: of what the dialer calls only these projects' calls. Pure. */
export function toOwnCalls(
  found: readonly FoundLiveCall[],
  { own, projectOf }: { own: ReadonlySet<RowId>; projectOf: ReadonlyMap<string, RowId> },
): LiveCall[] {
  return found.flatMap(({ call, callUuid }) => {
    const projectId = projectOf.get(ATTEMPT_ID.exec(callUuid)?.[0] ?? "");
    return projectId === undefined || own.has(projectId) ? [call] : [];
  });
}
