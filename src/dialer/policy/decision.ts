import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { DialSource } from "../attempt.ts";

/**
 * Why a call is not made, in the order in which it is asked:
 *
 *   suppressed             on the do-not-call list
 *   policy_missing         a campaign whose project has chosen no policy
 *   policy_unacknowledged  nobody has put their name to the policy as it is now
 *   jurisdiction           the number is of a country that the policy does not speak of
 *   consent                the grounds for calling do not suffice
 *   ring                   the project lets the phone ring shorter than the policy asks
 *   caller_id              no number of ours may be shown to this one
 *   conversation, abandoned   too soon after a talk, or after a call that found nobody of us
 *   cap, debt_cap          called often enough, across all campaigns, or about this debt
 *   window                 not at this hour, in some zone where the callee may be
 */
export const BLOCK_RULES = [
  "suppressed",
  "policy_missing",
  "policy_unacknowledged",
  "jurisdiction",
  "consent",
  "ring",
  "caller_id",
  "conversation",
  "abandoned",
  "cap",
  "debt_cap",
  "window",
] as const;
export type BlockRule = (typeof BLOCK_RULES)[number];

/** One call that somebody wants to make. */
export interface DecisionRequest {
  tenantId: TenantId;
  /** Asked again for the same attempt, an allowance counts once. */
  attemptId: string;
  projectId: RowId;
  campaignId: RowId | null;
  contactId: RowId | null;
  /** `test`: to one's own phones; only the do-not-call list holds. */
  source: DialSource;
  number: PhoneNumber;
  /** Columns of the contact: `consent_basis`, `debt_id` and `time_zone` are read here. */
  variables: Readonly<Record<string, string>>;
}

export type Decision = Allowed | Blocked;

/** The call counts from now on; tell `noteAttempts` what became of it, also when it was never dialled. */
export interface Allowed {
  allowed: true;
  /** `null`: the project has none of its own; the trunk's is shown. */
  callerId: PhoneNumber | null;
  /** Whether the person must hear that the call is recorded, if it is. */
  noticeRequired: boolean;
  /** `<policy>@<version>`; `null`: no policy was asked for. */
  policyVersion: string | null;
}

export interface Blocked {
  allowed: false;
  rule: BlockRule;
  /** Never, as things are: the contact is skipped. */
  final: boolean;
  /** First instant at which it may be asked again with hope; `null` with `final`. */
  nextAt: Date | null;
  /** What the rule looked at, in JSON. */
  inputs: Readonly<Record<string, unknown>>;
  policyVersion: string | null;
}
