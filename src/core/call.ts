import { type CallDetails, joinDetails } from "./call-details.ts";
import type { CallDirection, CallFact, EndedStatus, FactSource, ReportedStatus } from "./call-fact.ts";
import type { PartyNumber } from "./phone-number.ts";

/** Outcome of a call as the API, the console and every connector name it. */
export type CallOutcome = EndedStatus | "in_progress";

/**
 * One true call: a pure function of its facts. Nothing in it depends on the order in which facts came, on how often, or
 * on when we were told. Durations are whole seconds; unknown is `null`, never 0.
 */
export interface Call {
  direction: CallDirection;
  from: PartyNumber | null;
  to: PartyNumber | null;
  outcome: CallOutcome;
  /** `ringing` and `talking` only while the outcome is `in_progress`. */
  phase: "ringing" | "talking" | "ended";
  startedAt: Date;
  answeredAt: Date | null;
  endedAt: Date | null;
  ringSeconds: number | null;
  talkSeconds: number | null;
  agentExtension: string | null;
  trunk: string | null;
  pbx: string | null;
  recordingUrl: string | null;
  /** Rings, talks, holds, queues and so on, as far as a source told of them; `null` when none did. */
  details: CallDetails | null;
  /** Sources that contributed, sorted. */
  sources: readonly FactSource[];
}

/**
 * How far each status is in the life of a call. Among ended ones the surer statement wins: a phone that "answered" may be a
 * machine, and only somebody with an extension, or a transfer, proves that people talked (see `rankOf`).
 */
const PROGRESS: Readonly<Record<ReportedStatus, number>> = {
  ringing: 1,
  in_progress: 2,
  lost: 3,
  failed: 4,
  cancelled: 5,
  missed: 6,
  busy: 7,
  answered: 8,
  machine: 9,
  transferred: 11,
};
const ANSWERED_BY_SOMEBODY = 10;

/**
 * Reduces the facts of one call. Commutative, associative over unions and idempotent: any permutation and duplication of
 * the same facts gives an equal call. Throws `RangeError` on an empty list, because no facts is no call.
 */
export function reduceCall(facts: readonly CallFact[]): Call {
  const known = toCanonicalOrder(facts);
  const said = <T>(pick: (fact: CallFact) => T | undefined): T | undefined => lastSaid(known, pick);
  const parties = { from: toParty(known, (fact) => fact.from), to: toParty(known, (fact) => fact.to) };
  const direction = said((fact) => fact.direction) ?? guessDirection(parties);
  const outcome = toOutcome(known, direction);
  const times = toTimes(known, outcome);
  const talking = times.answeredAt !== null || strongestStatus(known) === "in_progress";
  return {
    direction,
    ...parties,
    outcome,
    phase: outcome !== "in_progress" ? "ended" : talking ? "talking" : "ringing",
    ...times,
    ringSeconds: toRingSeconds(outcome, times),
    talkSeconds: toTalkSeconds(
      outcome,
      times,
      said(({ talkSeconds }) => talkSeconds),
    ),
    agentExtension: said((fact) => fact.agentExtension) ?? null,
    trunk: said((fact) => fact.trunk) ?? null,
    pbx: said((fact) => fact.pbx) ?? null,
    recordingUrl: said((fact) => fact.recordingUrl) ?? null,
    details: joinDetails(
      known.flatMap(({ details }) => details ?? []),
      times.endedAt,
    ),
    sources: [...new Set(known.map((fact) => fact.source))].sort(),
  };
}

/** Colleagues who call each other are no customer's business; a call that was posted to the webhook is meant to be delivered. */
export const concernsCustomers = ({ direction, sources }: Call): boolean =>
  direction !== "internal" || sources.includes("webhook");

/** Each fact once, ordered by what it says and never by when it was received. */
function toCanonicalOrder(facts: readonly CallFact[]): [CallFact, ...CallFact[]] {
  const byKey = new Map(facts.map((fact) => [fact.key, fact]));
  const [first, ...rest] = [...byKey.values()].sort(
    (a, b) => rankOf(a) - rankOf(b) || a.at.getTime() - b.at.getTime() || (a.key < b.key ? -1 : 1),
  );
  if (first === undefined) throw new RangeError("a call needs at least one fact");
  return [first, ...rest];
}

function rankOf({ status, agentExtension }: CallFact): number {
  if (status === undefined) return 0;
  return status === "answered" && agentExtension !== undefined ? ANSWERED_BY_SOMEBODY : PROGRESS[status];
}

/** The value of the fact that is furthest in the life of the call; among equals the later, then the greater key. */
function lastSaid<T>(known: readonly CallFact[], pick: (fact: CallFact) => T | undefined): T | undefined {
  for (let index = known.length - 1; index >= 0; index--) {
    const fact = known[index];
    const value = fact && pick(fact);
    if (value !== undefined) return value;
  }
  return undefined;
}

function strongestStatus(known: readonly CallFact[]): ReportedStatus | undefined {
  return lastSaid(known, (fact) => fact.status);
}

type PickParty = (fact: CallFact) => PartyNumber | undefined;

/** Who it was beats "somebody who hides": PBXs often learn the number after the first event. */
function toParty(known: readonly CallFact[], pick: PickParty): PartyNumber | null {
  const named = lastSaid(known, (fact) => {
    const party = pick(fact);
    return party?.kind === "withheld" ? undefined : party;
  });
  return named ?? lastSaid(known, pick) ?? null;
}

function guessDirection({ from, to }: { from: PartyNumber | null; to: PartyNumber | null }): CallDirection {
  if (from?.kind !== "extension") return "inbound";
  return to?.kind === "extension" ? "internal" : "outbound";
}

/**
 * The strongest statement decides. An end that nobody explains is an answered call if somebody saw it answered, else a
 * lost one. A caller who gives up is, for those who were called, a missed call.
 */
function toOutcome(known: readonly CallFact[], direction: CallDirection): CallOutcome {
  const status = strongestStatus(known);
  if (status === undefined || PROGRESS[status] <= PROGRESS.in_progress) {
    const unexplainedEnd = known.some((fact) => fact.status === undefined && fact.endedAt !== undefined);
    if (!unexplainedEnd) return "in_progress";
    const answered = status === "in_progress" || known.some((fact) => fact.answeredAt || (fact.talkSeconds ?? 0) > 0);
    return answered ? "answered" : "lost";
  }
  return status === "cancelled" && direction === "inbound" ? "missed" : (status as EndedStatus);
}

type Times = Pick<Call, "startedAt" | "answeredAt" | "endedAt">;

/** Never out of order, whatever the clocks of the sources say. A call that nobody took has no `answeredAt`. */
function toTimes(known: readonly [CallFact, ...CallFact[]], outcome: CallOutcome): Times {
  const all = (pick: (fact: CallFact) => Date | undefined): number[] =>
    known.flatMap((fact) => pick(fact)?.getTime() ?? []);
  const starts = all((fact) => fact.startedAt);
  const startedAt = Math.min(...(starts.length > 0 ? starts : all((fact) => fact.at)));
  const isGuess = ({ status }: CallFact): boolean => status === "lost" && outcome !== "lost"; // told when it was noticed
  const ends = all((fact) => (isGuess(fact) ? undefined : fact.endedAt));
  const ending = all((fact) => (rankOf(fact) > PROGRESS.in_progress && !isGuess(fact) ? fact.at : undefined));
  const endedAt = outcome === "in_progress" ? null : Math.max(startedAt, ...(ends.length > 0 ? ends : ending));
  const answers = TAKEN.has(outcome) ? all((fact) => fact.answeredAt) : [];
  const answeredAt =
    answers.length === 0
      ? null
      : Math.min(endedAt ?? Number.POSITIVE_INFINITY, Math.max(startedAt, Math.min(...answers)));
  return { startedAt: new Date(startedAt), answeredAt: toDate(answeredAt), endedAt: toDate(endedAt) };
}

/** Somebody or something took the call; a queue or menu that let the caller wait did not. */
const TAKEN: ReadonlySet<CallOutcome> = new Set(["in_progress", "answered", "transferred", "machine"]);
const TALKED: ReadonlySet<CallOutcome> = new Set(["answered", "transferred"]);

function toRingSeconds(outcome: CallOutcome, { startedAt, answeredAt, endedAt }: Times): number | null {
  const until = answeredAt ?? (TAKEN.has(outcome) ? null : endedAt);
  return until && wholeSeconds(startedAt, until);
}

/**
 * Said by a source, else answer to end, else, for a call that was answered by nobody knows when, start to end: the older
 * middleware's own reading (150 s for its documented example).
 */
function toTalkSeconds(outcome: CallOutcome, times: Times, said: number | undefined): number | null {
  if (!TALKED.has(outcome)) return outcome === "in_progress" ? null : 0;
  if (said !== undefined) return said;
  return times.endedAt && wholeSeconds(times.answeredAt ?? times.startedAt, times.endedAt);
}

const toDate = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));

function wholeSeconds(from: Date, to: Date): number {
  return Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
}
