import { type Disposition, type OutcomeSource, outweighs } from "../../core/disposition.ts";
import type { AttemptChange, DialAttempt } from "../attempt.ts";

/** How the first leg of a call fared, in the words of telephony's originate-outcome.ts. */
export type LegOutcome =
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

export interface LegResult {
  outcome: LegOutcome;
  /** Q.850. */
  cause: number | null;
  /** A phone was heard to ring. */
  hasRung?: boolean;
  /** The PBX gave up on a leg of which it had heard nothing. */
  isSilent?: boolean;
}

/** Q.850: the subscriber is absent. The trunk did its work; nobody is there. */
const ABSENT = 20;

const BY_OUTCOME: Readonly<Record<Exclude<LegOutcome, "answered" | "unknown">, Disposition>> = {
  busy: "busy",
  no_answer: "no_answer",
  rejected: "rejected",
  invalid_number: "invalid_number",
  unavailable: "congestion", // the trunk is away
  congestion: "congestion",
  failed: "failed",
  refused: "failed",
};

/** Q.850 of a leg that was never answered. An ordinary end (16) of it is a phone that nobody picked up. */
const BY_CAUSE: Readonly<Record<number, Disposition>> = {
  1: "invalid_number",
  3: "invalid_number",
  16: "no_answer",
  17: "busy",
  18: "no_answer",
  19: "no_answer",
  20: "no_answer",
  21: "rejected",
  22: "invalid_number",
  27: "invalid_number",
  28: "invalid_number",
  34: "congestion",
  38: "congestion",
  41: "congestion",
  42: "congestion",
  44: "congestion",
};

/** What a leg that was not answered means for the attempt, and who says so. */
export function toDisposition({
  outcome,
  cause,
}: LegResult): { disposition: Disposition; source: OutcomeSource } | null {
  if (outcome === "answered" || outcome === "unknown") return null;
  if (outcome === "unavailable" && cause === ABSENT) return { disposition: "no_answer", source: "hangup" };
  const byCause = outcome === "failed" ? BY_CAUSE[cause ?? 0] : undefined;
  return { disposition: byCause ?? BY_OUTCOME[outcome], source: cause === null ? "originate" : "hangup" };
}

/**
 * Takes in what is told of an attempt. A disposition gives way to a surer source and, from the same one, to what is told later;
 * who asked not to be called again has asked for good.
 */
export function applyChange(attempt: DialAttempt, change: AttemptChange): void {
  if (change.disposition !== undefined && mayReplace(attempt, change.source)) {
    attempt.disposition = change.disposition;
    attempt.dispositionSource = change.source;
  }
  attempt.cause = attempt.cause ?? change.cause ?? null;
  attempt.digit = change.digit ?? attempt.digit;
  attempt.amd = change.amd ?? attempt.amd;
  attempt.answeredAt = earlier(attempt.answeredAt, change.answeredAt);
  attempt.transferWaitSeconds = change.transferWaitSeconds ?? attempt.transferWaitSeconds;
  attempt.transferTalkSeconds = change.transferTalkSeconds ?? attempt.transferTalkSeconds;
}

function mayReplace({ disposition, dispositionSource }: DialAttempt, by: OutcomeSource): boolean {
  if (disposition === null || dispositionSource === null) return true;
  if (disposition === "opted_out") return false;
  return by === dispositionSource || outweighs(by, dispositionSource);
}

const earlier = (known: Date | null, told: Date | undefined): Date | null =>
  known === null || (told !== undefined && told < known) ? (told ?? known) : known;

/** Temporary failure: the dialplan's word for somebody who picked up and heard nothing, because Enlace was away. */
const UNHEARD = 41;

/**
 * Says how a call that has ended came out, where nobody has said it. Of a hang-up that was heard its cause tells. Else somebody
 * who picked up was reached, a phone that had the time to ring out was not picked up, and anything else is a failure of ours.
 */
export function settleDisposition(
  attempt: DialAttempt,
  { wasHeard, ringSeconds, now }: { wasHeard: boolean; ringSeconds: number; now: Date },
): void {
  if (attempt.disposition !== null) return;
  const { answeredAt, cause, dialedAt } = attempt;
  const heard = answeredAt === null ? BY_CAUSE[cause ?? 0] : cause === UNHEARD ? "failed" : "answered";
  if (wasHeard && heard !== undefined) {
    attempt.disposition = heard;
    attempt.dispositionSource = "hangup";
    return;
  }
  const rangOut = now.getTime() - (dialedAt ?? now).getTime() >= ringSeconds * 1000;
  attempt.disposition = answeredAt !== null ? "answered" : rangOut ? "no_answer" : "failed";
  attempt.dispositionSource = "orphan";
}
