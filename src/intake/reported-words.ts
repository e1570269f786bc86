import type { CallDirection, ReportedStatus } from "../core/call-fact.ts";

/** The words PBXs, their scripts and CDRs use for what we call a direction and a status. Compared without case, `_` as `-`. */

const DIRECTIONS: Readonly<Record<CallDirection, readonly string[]>> = {
  inbound: ["inbound", "in", "incoming"],
  outbound: ["outbound", "out", "outgoing"],
  internal: ["internal", "local"],
};

const STATUSES: Readonly<Record<ReportedStatus, readonly string[]>> = {
  ringing: ["ringing", "ring", "initiated", "started", "dialing", "queued"],
  in_progress: ["in-progress", "inprogress", "ongoing", "talking", "connected", "up"],
  answered: ["completed", "answered", "answer", "ended", "ok"],
  missed: ["missed", "no-answer", "noanswer", "unanswered", "abandoned", "voicemail"],
  busy: ["busy"],
  failed: ["failed", "error", "congestion", "chanunavail", "rejected"],
  cancelled: ["cancelled", "canceled", "cancel"],
  machine: ["machine", "answering-machine"],
  transferred: ["transferred", "transfer"],
  lost: ["lost"],
};

const DIRECTION_OF = byWord(DIRECTIONS);
const STATUS_OF = byWord(STATUSES);

export const DIRECTION_WORDS = [...DIRECTION_OF.keys()].join(", ");
export const STATUS_WORDS = [...STATUS_OF.keys()].join(", ");

/** `undefined` for a word that is not in the list. */
export function parseDirection(word: string): CallDirection | undefined {
  return DIRECTION_OF.get(toPlain(word));
}

export function parseStatus(word: string): ReportedStatus | undefined {
  return STATUS_OF.get(toPlain(word));
}

function byWord<T extends string>(words: Readonly<Record<T, readonly string[]>>): ReadonlyMap<string, T> {
  const entries = Object.entries(words) as [T, readonly string[]][];
  return new Map(entries.flatMap(([meaning, spellings]) => spellings.map((spelling) => [spelling, meaning])));
}

function toPlain(word: string): string {
  return word
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, "-");
}
