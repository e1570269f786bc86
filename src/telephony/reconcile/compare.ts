import { reduceCall } from "../../core/call.ts";
import type { TrackedFact } from "../tracker/call-facts.ts";
import type { CdrCall } from "./cdr-call.ts";
import type { KnownCall } from "./store.ts";

/** What is to be told so that a call is in the log, and true. `none`: it is. */
export type Repair = { kind: "none" } | { kind: "add" | "correct"; facts: readonly TrackedFact[] };

/** Records are rounded to seconds, and queues bill a moment of waiting. */
const TOLERANCE_MS = 3_000;

/**
 * Compares a call of the records with ours. One that nobody told is added whole. One that we had to guess about (`lost`, still
 * open though it is over, cut off by a gap) is corrected where the records know better; what was heard is never doubted.
 */
export function toRepair(cdr: CdrCall, known: KnownCall | undefined): Repair {
  if (!known) return { kind: "add", facts: cdr.facts };
  const isGuess = known.outcome === "lost" || known.outcome === "in_progress" || known.isRecovered;
  if (!isGuess || isSame(cdr, known)) return { kind: "none" };
  return { kind: "correct", facts: [toCorrection(cdr, known)] };
}

function isSame(cdr: CdrCall, known: KnownCall): boolean {
  const told = reduceCall(cdr.facts.map(({ fact }) => fact));
  if (told.outcome === "lost") return known.outcome !== "in_progress";
  if (known.outcome === "lost" || known.outcome === "in_progress" || known.endedAt === null) return false;
  if (told.outcome === "answered" && known.outcome !== "answered")
    return known.outcome === "machine" || known.outcome === "transferred";
  const lateMs = (told.endedAt?.getTime() ?? 0) - known.endedAt.getTime();
  const talkMs = ((told.talkSeconds ?? 0) - (known.talkSeconds ?? 0)) * 1000;
  return lateMs <= TOLERANCE_MS && talkMs <= TOLERANCE_MS; // heard for longer than recorded: somebody held the line
}

/**
 * The end as recorded, under the id that the call has with us. Who called whom and since when was heard live and is known
 * better than records tell; pieces of the story have other ids there and would stand in it twice.
 */
function toCorrection({ end }: CdrCall, { callUuid }: KnownCall): TrackedFact {
  const { from: _from, to: _to, direction: _direction, startedAt: _startedAt, details, ...fact } = end.fact;
  const recordings = details?.recordings;
  return { callUuid, raw: end.raw, fact: { ...fact, ...(recordings && { details: { recordings } }) } };
}
