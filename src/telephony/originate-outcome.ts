/**
 * How the first leg of an originate fared. `unknown`: the PBX was away when it was decided; its channel is gone.
 * `refused`: Asterisk did not take the job.
 */
export type OriginateOutcome =
  | "answered"
  | "busy"
  | "no_answer"
  | "rejected"
  | "invalid_number"
  | "unavailable"
  | "congestion"
  | "failed"
  | "refused"
  | "unknown";

/** Q.850 causes as Asterisk maps SIP to them; reference: Asterisk's Hangup-Cause-Mappings. */
const BY_CAUSE: Readonly<Record<number, OriginateOutcome>> = {
  1: "invalid_number",
  3: "invalid_number",
  17: "busy",
  18: "no_answer",
  19: "no_answer",
  20: "unavailable",
  21: "rejected",
  22: "invalid_number",
  28: "invalid_number",
  34: "congestion",
  44: "congestion",
};
const BY_STATUS: Readonly<Record<string, OriginateOutcome>> = {
  BUSY: "busy",
  NOANSWER: "no_answer",
  CONGESTION: "congestion",
  CHANUNAVAIL: "unavailable",
};
/** OriginateResponse Reason. 0 says nothing: PJSIP gives it for busy, 404 and 503 alike. */
const BY_REASON: Readonly<Record<number, OriginateOutcome>> = { 3: "no_answer", 5: "busy", 8: "congestion" };

export interface FailureFacts {
  cause: number | undefined;
  dialStatus: string | undefined;
  reason: number | undefined;
  /** False: Asterisk made none, because the trunk or phone was known to be away, the id lives, or it had no means left. */
  hadChannel: boolean;
}

/** The surest statement wins: a telling cause, then DialStatus (NOANSWER for a 404), then Reason. */
export function toFailure({ cause, dialStatus, reason, hadChannel }: FailureFacts): OriginateOutcome {
  const told = BY_CAUSE[cause ?? 0] ?? BY_STATUS[dialStatus ?? ""] ?? BY_REASON[reason ?? 0];
  return told ?? (hadChannel ? "failed" : "unavailable");
}

/** OriginateResponse: given up when its Timeout was over. */
const GIVEN_UP = 3;
/** Q.850: no user responding. SIP's 408, which Asterisk also makes up itself when an INVITE is answered by nobody. */
const NOBODY_RESPONDS = 18;
/** SIP's timer B is 32 seconds. */
const INVITE_MS = 30_000;

/** Of a leg that did not ring: whether nothing at all came back, as far as Asterisk tells. A far end that says no (480, 404 …) was heard. */
export function isUnheard({
  cause,
  reason,
  tookMs,
}: {
  cause: number | null;
  reason: number | undefined;
  tookMs: number;
}) {
  return reason === GIVEN_UP || (cause === NOBODY_RESPONDS && tookMs >= INVITE_MS);
}

/** Whether this cause alone decides: nothing that is told later says more. */
export function isTelling(cause: number | undefined): boolean {
  return BY_CAUSE[cause ?? 0] !== undefined;
}
