import type { Disposition } from "../core/disposition.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { PhoneNumber } from "../core/phone-number.ts";

/*
 *   draft ── start ──▶ active ◀── start ── paused          recycle: completed, stopped ──▶ a new draft
 *                        ├── pause ──▶ paused
 *                        ├── stop (paused too) ──▶ stopped
 *                        └── nobody pending, nobody being dialled ──▶ completed
 */
export type CampaignState = "draft" | "active" | "paused" | "stopped" | "completed";

export interface Campaign {
  tenantId: TenantId;
  id: RowId;
  projectId: RowId;
  name: string;
  state: CampaignState;
  startedAt: Date | null;
  endedAt: Date | null;
}

export type ContactState = "pending" | "dialing" | "completed" | "failed" | "skipped";

/** Somebody a campaign is to call. */
export interface CampaignContact {
  tenantId: TenantId;
  id: RowId;
  campaignId: RowId;
  number: PhoneNumber;
  variables: Readonly<Record<string, string>>;
  state: ContactState;
  attempts: number;
  disposition: Disposition | null;
  /** Not to be dialled before. */
  nextAt: Date;
}
