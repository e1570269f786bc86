/**
 * How one dial attempt, or a campaign contact at its end, came out. The set is closed; the codes of the older dialer
 * (A, XFER, N, AM, …) are a matter of `compat/apicall.ts`.
 *
 *   answered        a person spoke or listened, and nothing further was asked or said
 *   transferred     pressed the expected key (or was given to an agent) and the other side picked up
 *   no_input        a person, but no key or wrong keys only
 *   opted_out       asked not to be called again
 *   machine         an answering machine
 *   abandoned       a person answered and no agent was free in time
 *   suppressed      not dialled: on a suppression list, or a policy forbids it for good
 */
export const DISPOSITIONS = [
  "answered",
  "transferred",
  "no_input",
  "opted_out",
  "machine",
  "abandoned",
  "busy",
  "no_answer",
  "rejected",
  "invalid_number",
  "congestion",
  "failed",
  "suppressed",
] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** Who says how an attempt came out, the surest last: a terminal outcome is never overwritten by a weaker source. */
export const OUTCOME_SOURCES = ["orphan", "originate", "hangup", "ivr"] as const;
export type OutcomeSource = (typeof OUTCOME_SOURCES)[number];

/** Whether what `by` says may replace what `than` said. */
export function outweighs(by: OutcomeSource, than: OutcomeSource): boolean {
  return OUTCOME_SOURCES.indexOf(by) > OUTCOME_SOURCES.indexOf(than);
}
