import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Answered } from "./pacing.ts";

/** What the pacing of a project is bounded by. */
export interface AgentFigures {
  month: Answered;
  today: Answered;
  /** Of the last seven days. */
  seen: { ended: number; live: number };
  /** Calls that ring, and those that somebody or something has answered. */
  ringing: number;
  answered: number;
}

/** Of a project whose calls go to people. One statement. */
export async function loadAgentFigures(
  { pool }: Pick<Database, "pool">,
  { tenantId, id }: { tenantId: TenantId; id: RowId },
  now: Date,
): Promise<AgentFigures> {
  const { rows } = await pool.query<
    Record<"live" | "abandoned" | "liveToday" | "abandonedToday" | "ended7" | "live7" | "ringing" | "answered", number>
  >({
    name: "agents-figures",
    text: `select coalesce(sum(d.live), 0)::int as live, coalesce(sum(d.abandoned), 0)::int as abandoned,
                  coalesce(sum(d.live) filter (where d.day = t.day), 0)::int as "liveToday",
                  coalesce(sum(d.abandoned) filter (where d.day = t.day), 0)::int as "abandonedToday",
                  coalesce(sum(d.ended) filter (where d.day > t.day - 7), 0)::int as ended7,
                  coalesce(sum(d.live) filter (where d.day > t.day - 7), 0)::int as live7,
                  (select count(*)::int from dial_attempts a
                    where a.tenant_id = $1 and a.project_id = $2 and a.state = 'dialing') as ringing,
                  (select count(*)::int from dial_attempts a
                    where a.tenant_id = $1 and a.project_id = $2 and a.state = 'talking') as answered
             from (select ($3::timestamptz at time zone 'UTC')::date as day) t
             left join agent_days d on d.tenant_id = $1 and d.project_id = $2 and d.day > t.day - 30 and d.day <= t.day`,
    values: [tenantId, id, now],
  });
  const row = rows[0];
  if (!row) throw new Error("an aggregate without a row");
  return {
    month: { live: row.live, abandoned: row.abandoned },
    today: { live: row.liveToday, abandoned: row.abandonedToday },
    seen: { ended: row.ended7, live: row.live7 },
    ...{ ringing: row.ringing, answered: row.answered },
  };
}
