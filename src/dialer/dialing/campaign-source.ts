import type { Disposition } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { CampaignContact, ContactState } from "../campaign.ts";

export interface ContactRef {
  tenantId: TenantId;
  campaignId: RowId;
  contactId: RowId;
}

/** What the pipeline needs of campaigns; see campaigns/campaigns.ts. */
export interface CampaignSource {
  listDialable(now: Date): Promise<readonly { tenantId: TenantId; id: RowId; projectId: RowId }[]>;
  claim(ask: {
    quotas: readonly { tenantId: TenantId; campaignId: RowId; most: number }[];
    limit: number;
    now: Date;
    owner: string;
  }): Promise<CampaignContact[]>;
  settle(
    outcomes: readonly (ContactRef & {
      state: Exclude<ContactState, "dialing">;
      disposition: Disposition | null;
      attempts: number | null;
      nextAt: Date | null;
    })[],
    now: Date,
  ): Promise<number>;
  release(contacts: readonly (ContactRef & { nextAt?: Date })[], now: Date): Promise<number>;
  listDialing(ask: {
    owner: string | null;
    claimedBefore: Date;
    after: ContactRef | null;
    rowsMax: number;
  }): Promise<CampaignContact[]>;
  finishDone(now: Date): Promise<readonly { tenantId: TenantId; id: RowId }[]>;
}
