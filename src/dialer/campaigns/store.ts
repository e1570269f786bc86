import { sql } from "kysely";
import type { Disposition } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { Campaign, CampaignState, ContactState } from "../campaign.ts";
import type { Assignee } from "../projects/store.ts";

export interface StoredCampaign extends Campaign {
  createdAt: Date;
  updatedAt: Date;
}

/** How many contacts of a campaign are in this state and came out so. */
export interface ContactCount {
  state: ContactState;
  disposition: Disposition | null;
  contacts: number;
}

const COLUMNS = sql.raw(
  `c.tenant_id as "tenantId", c.id, c.project_id as "projectId", c.name, c.state, c.started_at as "startedAt",
   c.ended_at as "endedAt", c.created_at as "createdAt", c.updated_at as "updatedAt"`,
);

const onlyOf = (assignee: Assignee) =>
  assignee === null
    ? sql``
    : sql`and exists (select from project_users u
                       where u.tenant_id = c.tenant_id and u.project_id = c.project_id and u.user_id = ${assignee})`;

export interface CampaignFilter {
  projectId?: string | undefined;
  state?: CampaignState | undefined;
  assignee: Assignee;
}

/** Newest first. */
export async function loadCampaigns(
  from: Sql,
  tenantId: TenantId,
  { projectId, state, assignee, beforeId, rowsMax }: CampaignFilter & { beforeId: string | null; rowsMax: number },
): Promise<StoredCampaign[]> {
  const { rows } = await sql<StoredCampaign>`
    select ${COLUMNS} from campaigns c
     where c.tenant_id = ${tenantId} and c.deleted_at is null
       ${beforeId === null ? sql`` : sql`and c.id < ${beforeId}`}
       ${projectId === undefined ? sql`` : sql`and c.project_id = ${projectId}`}
       ${state === undefined ? sql`` : sql`and c.state = ${state}`} ${onlyOf(assignee)}
     order by c.id desc limit ${rowsMax}`.execute(from);
  return rows;
}

export async function loadCampaign(from: Sql, tenantId: TenantId, id: string): Promise<StoredCampaign | null> {
  const { rows } = await sql<StoredCampaign>`
    select ${COLUMNS} from campaigns c
     where c.tenant_id = ${tenantId} and c.id = ${id} and c.deleted_at is null`.execute(from);
  return rows[0] ?? null;
}

export async function saveNewCampaign(
  on: Sql,
  { tenantId, projectId, name, at }: { tenantId: TenantId; projectId: RowId; name: string; at: Date },
): Promise<StoredCampaign> {
  const { rows } = await sql<StoredCampaign>`
    insert into campaigns as c (tenant_id, project_id, name, created_at, updated_at)
    values (${tenantId}, ${projectId}, ${name}, ${at}, ${at}) returning ${COLUMNS}`.execute(on);
  return rows[0] as StoredCampaign;
}

/** Its name, state and instants. */
export async function saveCampaign(on: Sql, campaign: Campaign, at: Date): Promise<void> {
  await sql`
    update campaigns set name = ${campaign.name}, state = ${campaign.state}, started_at = ${campaign.startedAt},
                         ended_at = ${campaign.endedAt}, updated_at = ${at}
     where tenant_id = ${campaign.tenantId} and id = ${campaign.id}`.execute(on);
}

export async function markDeleted(on: Sql, { tenantId, id }: Campaign, at: Date): Promise<void> {
  await sql`update campaigns set deleted_at = ${at} where tenant_id = ${tenantId} and id = ${id}`.execute(on);
}

export async function countCampaigns(from: Sql, tenantId: TenantId): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from campaigns where tenant_id = ${tenantId} and deleted_at is null`.execute(from);
  return rows[0]?.count ?? 0;
}

export async function loadCounts(
  from: Sql,
  tenantId: TenantId,
  campaignIds: readonly string[],
): Promise<Map<string, ContactCount[]>> {
  const { rows } = await sql<ContactCount & { campaignId: string }>`
    select campaign_id as "campaignId", state, nullif(disposition, '') as disposition, contacts::float8 as contacts
      from campaign_counts
     where tenant_id = ${tenantId} and campaign_id = any(${[...campaignIds]}::bigint[]) and contacts <> 0
     order by campaign_id, state, campaign_counts.disposition`.execute(from);
  return Map.groupBy(rows, ({ campaignId }) => campaignId) as Map<string, ContactCount[]>;
}

/** Whether anybody is left to call, without counting. */
export async function hasPending(from: Sql, { tenantId, id }: Pick<Campaign, "tenantId" | "id">): Promise<boolean> {
  const { rows } = await sql`
    select from campaign_contacts
     where tenant_id = ${tenantId} and campaign_id = ${id} and state = 'pending' limit 1`.execute(from);
  return rows.length > 0;
}
