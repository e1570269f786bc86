import { sql } from "kysely";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";

/**
 * Active campaigns in which nobody is pending or being dialled become `completed`. The contacts themselves are asked, one
 * look into two small indexes, so that a wrong count could never keep a campaign alive. Whoever adds contacts to an active
 * campaign changes its `updated_at` in the same transaction: a campaign that was changed since this looked is left alone.
 */
export async function completeDone(on: Sql, now: Date): Promise<{ tenantId: TenantId; id: RowId }[]> {
  const { rows } = await sql<{ tenantId: TenantId; id: RowId }>`
    update campaigns c set state = 'completed', ended_at = ${now}, updated_at = ${now}
      from campaigns seen
     where seen.tenant_id = c.tenant_id and seen.id = c.id and seen.updated_at = c.updated_at
       and c.state = 'active' and c.deleted_at is null
       and (select count(*) from (select from campaign_contacts p
             where p.tenant_id = c.tenant_id and p.campaign_id = c.id and p.state = 'pending' limit 1) one) = 0
       and (select count(*) from (select from campaign_contacts p
             where p.tenant_id = c.tenant_id and p.campaign_id = c.id and p.state = 'dialing' limit 1) one) = 0
    returning c.tenant_id as "tenantId", c.id`.execute(on);
  return rows;
}

/**
 * Counts the contacts of a completed campaign afresh, once, when nothing moves them any more. Returns whether there was one
 * to count: call it again until there is none.
 */
export async function recountOne(database: Database, now: Date): Promise<boolean> {
  return database.sql.transaction().execute(async (on) => {
    const { rows } = await sql<{ tenantId: TenantId; id: RowId }>`
      select tenant_id as "tenantId", id from campaigns
       where state = 'completed' and counted_at is null and deleted_at is null
       order by tenant_id, id limit 1 for update skip locked`.execute(on);
    const [campaign] = rows;
    if (!campaign) return false;
    const { tenantId, id } = campaign;
    await sql`update campaigns set counted_at = ${now} where tenant_id = ${tenantId} and id = ${id}`.execute(on);
    await sql`delete from campaign_counts where tenant_id = ${tenantId} and campaign_id = ${id}`.execute(on);
    await sql`
      insert into campaign_counts (tenant_id, campaign_id, state, disposition, contacts)
      select tenant_id, campaign_id, state, coalesce(disposition, ''), count(*) from campaign_contacts
       where tenant_id = ${tenantId} and campaign_id = ${id} group by 1, 2, 3, 4`.execute(on);
    return true;
  });
}
