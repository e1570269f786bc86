import type { Disposition, OutcomeSource } from "../core/disposition.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import type { PhoneNumber } from "../core/phone-number.ts";

/** Who wanted the call. `api`: POST /dial and the older /call. */
export type DialSource = "campaign" | "api" | "test";

/*
 *   queued ── slot, token and permission ──▶ dialing ── picked up ──▶ talking ──▶ ended
 *     └─ refused for good ──▶ ended (suppressed)    └─ not reached ──▶ ended (busy, no_answer, …)
 *
 * The disposition may come before the end (the key that opts out is heard while the call goes on); a slot is free at the end only.
 */
export type AttemptState = "queued" | "dialing" | "talking" | "ended";

/** One try to reach one number. Its id is the ChannelId, the call's Linkedid and (after the PBX's prefix) its call_uuid. */
export interface DialAttempt {
  tenantId: TenantId;
  /** `d` and 24 hexadecimal digits. */
  id: string;
  projectId: RowId;
  campaignId: RowId | null;
  contactId: RowId | null;
  source: DialSource;
  number: PhoneNumber;
  /** The contact's columns, for what is said and for the webhook. */
  variables: Readonly<Record<string, string>>;
  /** Which try at this contact, from 1. */
  ordinal: number;
  state: AttemptState;
  pbxId: RowId | null;
  trunkId: RowId | null;
  callerId: PhoneNumber | null;
  disposition: Disposition | null;
  dispositionSource: OutcomeSource | null;
  /** Q.850. */
  cause: number | null;
  digit: string | null;
  /** AMDSTATUS and AMDCAUSE; `null`: not looked. */
  amd: { status: string; cause: string } | null;
  queuedAt: Date;
  dialedAt: Date | null;
  answeredAt: Date | null;
  endedAt: Date | null;
  /** Seconds that the overflow side rang, and talked. */
  transferWaitSeconds: number | null;
  transferTalkSeconds: number | null;
}

/** What becomes known of an attempt while it lives. Only what is told is set. */
export interface AttemptChange {
  id: string;
  source: OutcomeSource;
  disposition?: Disposition;
  cause?: number;
  digit?: string;
  amd?: { status: string; cause: string };
  answeredAt?: Date;
  endedAt?: Date;
  transferWaitSeconds?: number;
  transferTalkSeconds?: number;
}
