import type { RowId, TenantId } from "../../core/ids.ts";
import { toInstant } from "../../http/wire.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { PROJECT_OF_CALL } from "../own-calls.ts";
import type { OwnPart } from "./board.ts";
import type { LiveCall } from "./schema.ts";

/** A call in progress, with what only the house needs to know of it. */
export interface FoundLiveCall {
  call: LiveCall;
  /** `null`: of no project, or nobody asked. */
  projectId: string | null;
}

interface LiveRow extends Omit<LiveCall, "started_at" | "answered_at"> {
  project_id: string | null;
  started_at: Date;
  answered_at: Date | null;
}

/** Calls that ring or talk now, newest first; an index holds just these. Whose they are is asked only where somebody sees a part. */
export async function loadLiveCalls(
  { pool }: Pick<Database, "pool">,
  tenantId: TenantId,
  { rowsMax, withProjects }: { rowsMax: number; withProjects: boolean },
): Promise<FoundLiveCall[]> {
  const { rows } = await pool.query<LiveRow>({
    name: withProjects ? "calls-live-projects" : "calls-live",
    text: `select id, ${withProjects ? PROJECT_OF_CALL : "null"} as project_id, direction, from_text as "from", to_text as "to",
                  case phase when 'talking' then 'talking' else 'ringing' end as state,
                  agent_extension, trunk, pbx, started_at, answered_at
             from calls c where tenant_id = $1 and outcome = 'in_progress'
            order by started_at desc, id desc limit $2`,
    values: [tenantId, rowsMax],
  });
  return rows.map(({ project_id: projectId, ...row }) => ({
    projectId,
    call: { ...row, started_at: toInstant(row.started_at), answered_at: toInstant(row.answered_at) },
  }));
}

/** What somebody sees who is assigned to these projects. Pure. */
export function toOwnPart(found: readonly FoundLiveCall[], projects: ReadonlySet<RowId>): OwnPart {
  const calls = found.flatMap(({ call, projectId }) =>
    projectId === null || projects.has(projectId as RowId) ? [call] : [],
  );
  return { projects, calls, hidesCalls: calls.length < found.length };
}
