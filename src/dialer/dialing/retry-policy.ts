import type { Disposition } from "../../core/disposition.ts";
import type { ContactState } from "../campaign.ts";
import type { RetryRules } from "../project.ts";

/** What an attempt that has ended came to. */
export interface EndedAttempt {
  disposition: Disposition;
  /** Attempts at this person, this one too; one that a trunk failed does not count. */
  attempts: number;
  /** How often a trunk failed on the way to this person, this time too. */
  trunkFailures: number;
  /** The interval counts from here: from when the phone began to ring, never from when we learned how it ended. */
  dialedAt: Date;
}

/** What becomes of the person. */
export interface NextStep {
  state: Exclude<ContactState, "dialing">;
  /** `null`: it is over. */
  nextAt: Date | null;
  /** Over another trunk than the one that failed, if there is one. */
  otherTrunk: boolean;
}

/** Of these no rule makes another attempt. */
const FINAL: ReadonlySet<Disposition> = new Set(["transferred", "opted_out", "invalid_number", "suppressed"]);
/** Of these only a rule that names them does. */
const BY_RULE_ONLY: ReadonlySet<Disposition> = new Set(["answered", "no_input", "rejected", "abandoned"]);
const REACHED: ReadonlySet<Disposition> = new Set(["answered", "transferred", "opted_out"]);
/** Nobody is called twice within it, whatever a rule says. */
const SECONDS_MIN = 30;
/** A person behind trunks that never work is given up, too. */
const TRUNK_FAILURES_MAX = 10;

/** A trunk failed, and nobody's phone rang: no attempt at the person. */
export const isTrunkFailure = (disposition: Disposition): boolean => disposition === "congestion";

/** Retry rules (features-and-rules 4.3): when the same person may be called again, if ever. Pure. */
export function toNextStep(rules: RetryRules, ended: EndedAttempt): NextStep {
  const { disposition, attempts, trunkFailures, dialedAt } = ended;
  const rule = rules.byDisposition[disposition];
  const failed = isTrunkFailure(disposition);
  const attemptsMax = Math.min(rules.attemptsMax, rule?.attemptsMax ?? rules.attemptsMax);
  const isOver =
    FINAL.has(disposition) ||
    rule === null ||
    (rule === undefined && BY_RULE_ONLY.has(disposition)) ||
    (failed ? trunkFailures >= TRUNK_FAILURES_MAX : attempts >= attemptsMax);
  if (isOver) return { state: toFinalState(disposition), nextAt: null, otherTrunk: false };
  const seconds = Math.max(SECONDS_MIN, rule?.afterSeconds ?? rules.afterSeconds);
  return {
    state: "pending",
    nextAt: new Date(dialedAt.getTime() + seconds * 1000),
    otherTrunk: rule?.otherTrunk ?? failed,
  };
}

function toFinalState(disposition: Disposition): "completed" | "failed" | "skipped" {
  if (disposition === "suppressed") return "skipped";
  return REACHED.has(disposition) ? "completed" : "failed";
}
