import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Answered } from "./pacing.ts";

/** Persons who answered, and those of them who found nobody. */
export interface Abandonment {
  /** The last 30 days, today too. */
  month: Answered;
  today: Answered;
}

/** What the pacing of a project is bounded by. */
export interface AgentFigures extends Abandonment {
  /** Of each active campaign by itself. */
  campaigns: readonly Abandonment[];
  /** Of the last seven days. */
  seen: { ended: number; live: number };
  /** Calls that ring, and those that somebody or something has answered. */
  ringing: number;
  answered: number;
}

const COUNTED = `coalesce(sum(d.live), 0)::int as live, coalesce(sum(d.abandoned), 0)::int as abandoned,
  coalesce(sum(d.live) filter (where d.day = t.day), 0)::int as "liveToday",
  coalesce(sum(d.abandoned) filter (where d.day = t.day), 0)::int as "abandonedToday"`;

/** Of a project whose calls go to people. One statement. */
export async function loadAgentFigures(
  { pool }: Pick<Database, "pool">,
  { tenantId, id }: { tenantId: TenantId; id: RowId },
  now: Date,
): Promise<AgentFigures> {
  const { rows } = await pool.query<
    Counted & Record<"ended7" | "live7" | "ringing" | "answered", number> & { campaigns: Counted[] }
  >({
    name: "agents-figures",
    text: `select ${COUNTED},
                  coalesce(sum(d.ended) filter (where d.day > t.day - 7), 0)::int as ended7,
                  coalesce(sum(d.live) filter (where d.day > t.day - 7), 0)::int as live7,
                  (select count(*)::int from dial_attempts a
                    where a.tenant_id = $1 and a.project_id = $2 and a.state = 'dialing') as ringing,
                  (select count(*)::int from dial_attempts a
                    where a.tenant_id = $1 and a.project_id = $2 and a.state = 'talking') as answered,
                  (select coalesce(jsonb_agg(n), '[]') from (
                     select ${COUNTED} from campaigns c
                       left join agent_campaign_days d on d.tenant_id = c.tenant_id and d.project_id = c.project_id and d.campaign_id = c.id
                                                      and d.day > ($3::timestamptz at time zone 'UTC')::date - 30
                                                      and d.day <= ($3::timestamptz at time zone 'UTC')::date
                      cross join (select ($3::timestamptz at time zone 'UTC')::date as day) t
                      where c.tenant_id = $1 and c.project_id = $2 and c.state = 'active' and c.deleted_at is null
                      group by c.id) n) as campaigns
             from (select ($3::timestamptz at time zone 'UTC')::date as day) t
             left join agent_days d on d.tenant_id = $1 and d.project_id = $2 and d.day > t.day - 30 and d.day <= t.day`,
    values: [tenantId, id, now],
  });
  const row = rows[0];
  if (!row) throw new Error("an aggregate without a row");
  return {
    ...toAbandonment(row),
    campaigns: row.campaigns.map(toAbandonment),
    seen: { ended: row.ended7, live: row.live7 },
    ...{ ringing: row.ringing, answered: row.answered },
  };
}

type Counted = Record<"live" | "abandoned" | "liveToday" | "abandonedToday", number>;

const toAbandonment = (row: Counted): Abandonment => ({
  month: { live: row.live, abandoned: row.abandoned },
  today: { live: row.liveToday, abandoned: row.abandonedToday },
});
