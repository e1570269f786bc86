import { sql } from "kysely";
import type { Disposition } from "../../core/disposition.ts";
import type { TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { CampaignContact, ContactState } from "../campaign.ts";

export interface StoredContact extends CampaignContact {
  lastAttemptAt: Date | null;
}

export interface ContactFilter {
  state?: ContactState | undefined;
  disposition?: Disposition | undefined;
  number?: PhoneNumber | undefined;
}

/** In the order of their import. */
export async function loadContacts(
  from: Sql,
  campaign: { tenantId: TenantId; id: string },
  { state, disposition, number, afterId, rowsMax }: ContactFilter & { afterId: string; rowsMax: number },
): Promise<StoredContact[]> {
  const { rows } = await sql<StoredContact>`
    select tenant_id as "tenantId", campaign_id as "campaignId", id, number, variables, state, attempts, disposition,
           next_at as "nextAt", last_attempt_at as "lastAttemptAt"
      from campaign_contacts
     where tenant_id = ${campaign.tenantId} and campaign_id = ${campaign.id} and id > ${afterId}
       ${state === undefined ? sql`` : sql`and state = ${state}`}
       ${disposition === undefined ? sql`` : sql`and disposition = ${disposition}`}
       ${number === undefined ? sql`` : sql`and number = ${number}`}
     order by id limit ${rowsMax}`.execute(from);
  return rows;
}
