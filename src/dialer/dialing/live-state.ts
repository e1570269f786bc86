import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { TrunkHealth } from "./trunk-breakers.ts";

/** What is being dialled for a tenant right now, whichever processes do it. */
export interface LiveState {
  calls: number;
  perSecond: number;
  queued: number;
  trunks: readonly { trunkId: RowId; calls: number; perSecond: number; phase: TrunkHealth | null }[];
  campaigns: readonly { campaignId: RowId; dialing: number; talking: number }[];
}

export interface LiveAsk {
  tenantId: TenantId;
  /** Supervisors see what they are assigned to; `null`: everything. */
  assignee: RowId | null;
  now: Date;
}

interface Row {
  trunk_id: RowId | null;
  campaign_id: RowId | null;
  state: "queued" | "dialing" | "talking";
  calls: string;
  recent: string;
}

export async function loadLiveState(
  database: Database,
  { tenantId, assignee, now }: LiveAsk,
  toHealth: (trunkId: RowId) => TrunkHealth | null,
): Promise<LiveState> {
  const { rows } = await database.pool.query<Row>({
    name: "dialing.live",
    text: `select trunk_id, campaign_id, state, count(*) as calls, count(*) filter (where dialed_at > $2) as recent
             from dial_attempts a
            where tenant_id = $1 and state in ('queued', 'dialing', 'talking')
              and ($3::bigint is null or exists (select from project_users u where u.tenant_id = a.tenant_id
                                                    and u.project_id = a.project_id and u.user_id = $3))
            group by trunk_id, campaign_id, state`,
    values: [tenantId, new Date(now.getTime() - 1_000), assignee],
  });
  const sum = (own: readonly Row[], what: "calls" | "recent" = "calls"): number =>
    own.reduce((total, row) => total + Number(row[what]), 0);
  const live = rows.filter(({ state }) => state !== "queued");
  const of = (own: readonly Row[], state: Row["state"]): number => sum(own.filter((row) => row.state === state));
  return {
    calls: sum(live),
    perSecond: sum(live, "recent"),
    queued: of(rows, "queued"),
    trunks: [...Map.groupBy(live, ({ trunk_id }) => trunk_id)].flatMap(([trunkId, own]) =>
      trunkId === null ? [] : [{ trunkId, calls: sum(own), perSecond: sum(own, "recent"), phase: toHealth(trunkId) }],
    ),
    campaigns: [...Map.groupBy(live, ({ campaign_id }) => campaign_id)].flatMap(([campaignId, own]) =>
      campaignId === null ? [] : [{ campaignId, dialing: of(own, "dialing"), talking: of(own, "talking") }],
    ),
  };
}
