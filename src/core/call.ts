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
  /** Sources that contributed, sorted. */
  sources: readonly FactSource[];
}

/** How far each status is in the life of a call. Among ended ones the surer statement wins: talk beats everything. */
const PROGRESS: Readonly<Record<ReportedStatus, number>> = {
  ringing: 1,
  in_progress: 2,
  lost: 3,
  failed: 4,
  cancelled: 5,
  missed: 6,
  busy: 7,
  machine: 8,
  answered: 9,
  transferred: 10,
};
const TALKED: ReadonlySet<CallOutcome> = new Set(["answered", "transferred"]);

/**
 * Reduces the facts of one call. Commutative, associative over unions and idempotent: any permutation and duplication of
 * the same facts gives an equal call. Throws `RangeError` on an empty list, because no facts is no call.
 */
export function reduceCall(facts: readonly CallFact[]): Call {
  const known = toCanonicalOrder(facts);
  const first = known[0];
  if (first === undefined) throw new RangeError("a call needs at least one fact");
  const status = strongestStatus(known);
  const ended = status !== undefined && PROGRESS[status] > PROGRESS.in_progress;
  const startedAt = earliest(known, (fact) => fact.startedAt) ?? first.at;
  const endedAt = ended ? (latest(known, (fact) => fact.endedAt) ?? latestEndingAt(known)) : null;
  const outcome: CallOutcome = ended ? (status as EndedStatus) : "in_progress";
  const saidAnswered = earliest(known, (fact) => fact.answeredAt);
  const talkSeconds = toTalkSeconds({ known, outcome, startedAt, answeredAt: saidAnswered, endedAt });
  return {
    direction: lastSaid(known, (fact) => fact.direction) ?? "inbound",
    from: lastSaid(known, (fact) => fact.from) ?? null,
    to: lastSaid(known, (fact) => fact.to) ?? null,
    outcome,
    phase: ended ? "ended" : saidAnswered !== null || status === "in_progress" ? "talking" : "ringing",
    startedAt,
    answeredAt: saidAnswered,
    endedAt,
    ringSeconds: saidAnswered === null ? null : wholeSeconds(startedAt, saidAnswered),
    talkSeconds,
    agentExtension: lastSaid(known, (fact) => fact.agentExtension) ?? null,
    trunk: lastSaid(known, (fact) => fact.trunk) ?? null,
    pbx: lastSaid(known, (fact) => fact.pbx) ?? null,
    recordingUrl: lastSaid(known, (fact) => fact.recordingUrl) ?? null,
    sources: [...new Set(known.map((fact) => fact.source))].sort(),
  };
}

/** Each fact once, ordered by what it says and never by when it was received. */
function toCanonicalOrder(facts: readonly CallFact[]): CallFact[] {
  const byKey = new Map(facts.map((fact) => [fact.key, fact]));
  return [...byKey.values()].sort(
    (a, b) => progressOf(a) - progressOf(b) || a.at.getTime() - b.at.getTime() || (a.key < b.key ? -1 : 1),
  );
}

const progressOf = (fact: CallFact): number => (fact.status === undefined ? 0 : PROGRESS[fact.status]);

function strongestStatus(known: readonly CallFact[]): ReportedStatus | undefined {
  return known.findLast((fact) => fact.status !== undefined)?.status;
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

function instants(known: readonly CallFact[], pick: (fact: CallFact) => Date | undefined): number[] {
  return known.flatMap((fact) => pick(fact)?.getTime() ?? []);
}

function earliest(known: readonly CallFact[], pick: (fact: CallFact) => Date | undefined): Date | null {
  const times = instants(known, pick);
  return times.length === 0 ? null : new Date(Math.min(...times));
}

function latest(known: readonly CallFact[], pick: (fact: CallFact) => Date | undefined): Date | null {
  const times = instants(known, pick);
  return times.length === 0 ? null : new Date(Math.max(...times));
}

/** Nobody named the end: it is when the last fact that says "ended" happened. */
function latestEndingAt(known: readonly CallFact[]): Date | null {
  return latest(known, (fact) => (progressOf(fact) > PROGRESS.in_progress ? fact.at : undefined));
}

interface TalkInputs {
  known: readonly CallFact[];
  outcome: CallOutcome;
  startedAt: Date;
  answeredAt: Date | null;
  endedAt: Date | null;
}

/**
 * Said by a source, else answer to end, else, for a call that was answered by nobody knows when, start to end: the older
 * middleware's own reading (150 s for its documented example).
 */
function toTalkSeconds({ known, outcome, startedAt, answeredAt, endedAt }: TalkInputs): number | null {
  if (!TALKED.has(outcome)) return outcome === "in_progress" ? null : 0;
  const said = lastSaid(known, (fact) => fact.talkSeconds);
  if (said !== undefined) return said;
  return endedAt === null ? null : wholeSeconds(answeredAt ?? startedAt, endedAt);
}

function wholeSeconds(from: Date, to: Date): number {
  return Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
}
