import type { Disposition, OutcomeSource } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { AttemptState, DialAttempt, DialSource } from "../attempt.ts";

/** An attempt with what only the pipeline needs to know of it. */
export interface KeptAttempt extends DialAttempt {
  /** How often a trunk failed on the way to this person before this attempt. */
  trunkFailures: number;
  /** Of a further try at a number that a program asked for: the attempt that it was told of. */
  firstId: string | null;
  /** It failed the last time. */
  avoidTrunkId: RowId | null;
}

/** A row of `dial_attempts`. */
export interface AttemptRow {
  tenant_id: number;
  id: string;
  queued_at: Date;
  project_id: RowId;
  campaign_id: RowId | null;
  contact_id: RowId | null;
  source: DialSource;
  number: string;
  variables: Record<string, string>;
  ordinal: number;
  trunk_failures: number;
  first_id: string | null;
  avoid_trunk_id: RowId | null;
  state: AttemptState;
  due_at: Date | null;
  pbx_id: RowId | null;
  trunk_id: RowId | null;
  caller_id: string | null;
  disposition: Disposition | null;
  disposition_source: OutcomeSource | null;
  cause: number | null;
  digit: string | null;
  amd_status: string | null;
  amd_cause: string | null;
  dialed_at: Date | null;
  answered_at: Date | null;
  ended_at: Date | null;
  transfer_wait_seconds: number | null;
  transfer_talk_seconds: number | null;
}

export function fromRow(row: AttemptRow): KeptAttempt {
  return {
    tenantId: row.tenant_id as TenantId,
    id: row.id,
    projectId: row.project_id,
    campaignId: row.campaign_id,
    contactId: row.contact_id,
    source: row.source,
    number: row.number as PhoneNumber,
    variables: row.variables,
    ordinal: row.ordinal,
    trunkFailures: row.trunk_failures,
    firstId: row.first_id,
    avoidTrunkId: row.avoid_trunk_id,
    state: row.state,
    pbxId: row.pbx_id,
    trunkId: row.trunk_id,
    callerId: row.caller_id as PhoneNumber | null,
    disposition: row.disposition,
    dispositionSource: row.disposition_source,
    cause: row.cause,
    digit: row.digit,
    amd: row.amd_status === null ? null : { status: row.amd_status, cause: row.amd_cause ?? "" },
    queuedAt: row.queued_at,
    dialedAt: row.dialed_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    transferWaitSeconds: row.transfer_wait_seconds,
    transferTalkSeconds: row.transfer_talk_seconds,
  };
}

/** Names and types of the columns that a batch of attempts is written with, and what stands in each. */
export const COLUMNS: readonly (readonly [name: string, type: string, of: (attempt: KeptAttempt) => unknown])[] = [
  ["tenant_id", "int", (a) => a.tenantId],
  ["id", "text", (a) => a.id],
  ["queued_at", "timestamptz", (a) => a.queuedAt],
  ["project_id", "bigint", (a) => a.projectId],
  ["campaign_id", "bigint", (a) => a.campaignId],
  ["contact_id", "bigint", (a) => a.contactId],
  ["source", "text", (a) => a.source],
  ["number", "text", (a) => a.number],
  ["variables", "text", (a) => JSON.stringify(a.variables)],
  ["ordinal", "int", (a) => a.ordinal],
  ["trunk_failures", "int", (a) => a.trunkFailures],
  ["first_id", "text", (a) => a.firstId],
  ["avoid_trunk_id", "bigint", (a) => a.avoidTrunkId],
  ["state", "text", (a) => a.state],
  ["pbx_id", "bigint", (a) => a.pbxId],
  ["trunk_id", "bigint", (a) => a.trunkId],
  ["caller_id", "text", (a) => a.callerId],
  ["disposition", "text", (a) => a.disposition],
  ["disposition_source", "text", (a) => a.dispositionSource],
  ["cause", "int", (a) => a.cause],
  ["digit", "text", (a) => a.digit],
  ["amd_status", "text", (a) => a.amd?.status ?? null],
  ["amd_cause", "text", (a) => a.amd?.cause ?? null],
  ["dialed_at", "timestamptz", (a) => a.dialedAt],
  ["answered_at", "timestamptz", (a) => a.answeredAt],
  ["ended_at", "timestamptz", (a) => a.endedAt],
  ["transfer_wait_seconds", "int", (a) => a.transferWaitSeconds],
  ["transfer_talk_seconds", "int", (a) => a.transferTalkSeconds],
];

export const toColumns = (attempts: readonly KeptAttempt[]): unknown[][] => COLUMNS.map(([, , of]) => attempts.map(of));
