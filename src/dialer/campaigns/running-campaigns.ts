import type { Disposition } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { CampaignState } from "../campaign.ts";
import type { ContactCount } from "./store.ts";

/** A campaign that calls, or is to go on calling, with all that a wallboard says of it. */
export interface RunningCampaign {
  id: RowId;
  name: string;
  state: Extract<CampaignState, "active" | "paused">;
  startedAt: Date | null;
  projectId: RowId;
  project: string;
  counts: ContactCount[];
  /** Of projects whose calls go to people: of the last 30 days; `null`: there are no people. */
  agents: { live: number; abandoned: number; shareMax: number } | null;
}

/** Those that call before those that pause, the newest first. One statement, as cheap with ten million contacts as with ten. */
export async function loadRunningCampaigns(
  { pool }: Pick<Database, "pool">,
  tenantId: TenantId,
  { now, rowsMax }: { now: Date; rowsMax: number },
): Promise<RunningCampaign[]> {
  const { rows } = await pool.query<RunningCampaign>({
    name: "campaigns-running",
    text: `select c.id, c.name, c.state, c.started_at as "startedAt", c.project_id as "projectId", p.name as project,
                  coalesce((select jsonb_agg(jsonb_build_object('state', n.state, 'contacts', n.contacts,
                                                                'disposition', nullif(n.disposition, ''))
                                             order by n.state, n.disposition)
                              from campaign_counts n
                             where n.tenant_id = c.tenant_id and n.campaign_id = c.id and n.contacts <> 0), '[]') as counts,
                  case when p.mode = 'agents' then (
                    select jsonb_build_object('live', coalesce(sum(d.live), 0), 'abandoned', coalesce(sum(d.abandoned), 0),
                                              'shareMax', (p.agents ->> 'abandonedShareMax')::float8)
                      from agent_days d
                     where d.tenant_id = c.tenant_id and d.project_id = c.project_id
                       and d.day > ($2::timestamptz at time zone 'UTC')::date - 30) end as agents
             from campaigns c join projects p on p.tenant_id = c.tenant_id and p.id = c.project_id
            where c.tenant_id = $1 and c.deleted_at is null and c.state in ('active', 'paused')
            order by c.state, c.id desc limit $3`,
    values: [tenantId, now, rowsMax],
  });
  return rows;
}

/** A phone was picked up, by whoever; a machine is not somebody. */
const ANSWERED: ReadonlySet<Disposition> = new Set(["answered", "transferred", "no_input", "opted_out", "abandoned"]);

/** How many contacts were called, and how many of them picked up. Pure. */
export function toReached(counts: readonly ContactCount[]): { called: number; answered: number } {
  const called = counts.filter(({ disposition }) => disposition !== null && disposition !== "suppressed");
  const sum = (own: readonly ContactCount[]): number => own.reduce((total, { contacts }) => total + contacts, 0);
  return {
    called: sum(called),
    answered: sum(called.filter(({ disposition }) => disposition && ANSWERED.has(disposition))),
  };
}
