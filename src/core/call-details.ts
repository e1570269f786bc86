import type { Disposition } from "./disposition.ts";

/**
 * The story inside a call: who was rung, who talked, who waited. Facts tell pieces of it, in any order and as often as they
 * like; a piece has an `id` within its list and call, and what is told later about the same id completes it.
 * All instants are UTC. A field that nobody told is absent.
 */
export interface CallDetails {
  rings: readonly Ring[];
  talks: readonly Talk[];
  holds: readonly Hold[];
  queues: readonly QueueStay[];
  transfers: readonly Transfer[];
  pickups: readonly Pickup[];
  parkings: readonly Parking[];
  conferences: readonly ConferenceStay[];
  recordings: readonly RecordedFile[];
  /** Asterisk's number (Q.850): why the leg that decided the call ended. 16 is an ordinary hang-up. */
  hangupCause?: number;
  /** Of calls that the dialer made: for whom, and how they came out. */
  dialer?: DialerStory;
}

/** A call of the dialer, beyond what the PBX says of it. */
export interface DialerStory {
  attemptId: string;
  projectId: string;
  /** Its name. */
  project: string;
  campaignId?: string;
  /** Absent while it goes on. */
  disposition?: Disposition;
  /** Which try at this person it was, from 1. */
  attempt: number;
  /** The key that was pressed. */
  digit?: string;
}

/** What one fact knows of it. */
export type ToldDetails = Partial<CallDetails>;

/** A phone, or a number outside, that was rung. */
export interface Ring {
  id: string;
  startedAt: Date;
  endedAt?: Date;
  extension?: string;
  /** Dialled outside: the customer of an outgoing call, a mobile that follows an extension. */
  number?: string;
  trunk?: string;
  /** The queue that rang it. */
  queue?: string;
  result?: RingResult;
  /** Asterisk's hangup cause of its leg. */
  cause?: number;
}
export type RingResult = "answered" | "no_answer" | "busy" | "cancelled" | "failed";

/** A stretch of conversation of one who serves with the one who is served. */
export interface Talk {
  id: string;
  startedAt: Date;
  endedAt?: Date;
  extension?: string;
  /** A mobile outside, in place of an extension. Neither: a machine. */
  number?: string;
}

export interface Hold {
  id: string;
  startedAt: Date;
  endedAt?: Date;
  /** Who put the other one on hold. */
  extension?: string;
}

export interface QueueStay {
  id: string;
  queue: string;
  joinedAt: Date;
  leftAt?: Date;
  /** `left`: by a key, a time-out or the end of the queue. */
  outcome: "waiting" | "connected" | "abandoned" | "left";
  /** Who took the call. */
  extension?: string;
}

export interface Transfer {
  id: string;
  kind: "blind" | "attended";
  at: Date;
  /** Who transferred. */
  from?: string;
  to?: string;
}

export interface Pickup {
  id: string;
  at: Date;
  /** Who took it from the phone `from`. */
  by?: string;
  from?: string;
}

export interface Parking {
  id: string;
  lot: string;
  space?: string;
  parkedAt: Date;
  leftAt?: Date;
  outcome: "parked" | "retrieved" | "timed_out" | "abandoned";
  /** Who parked it, and who fetched it. */
  from?: string;
  by?: string;
}

/** Somebody's stay in a conference. */
export interface ConferenceStay {
  id: string;
  name: string;
  joinedAt: Date;
  leftAt?: Date;
  /** Absent for the one who called from outside. */
  extension?: string;
}

export interface RecordedFile {
  id: string;
  /** As the PBX names it: a path over there, or a name in its folder of recordings. */
  file: string;
  startedAt: Date;
  endedAt?: Date;
}

/** Lists of a call's details; the compiler minds that none is missing. */
const LISTS = Object.keys({
  rings: 0,
  talks: 0,
  holds: 0,
  queues: 0,
  transfers: 0,
  pickups: 0,
  parkings: 0,
  conferences: 0,
  recordings: 0,
} satisfies Record<DetailList, 0>) as DetailList[];
type DetailList = Exclude<keyof CallDetails, "hangupCause" | "dialer">;

/** Pieces kept of each list: a queue that rings all night must not grow a call without end. The first ones stay. */
const PIECES_MAX = 300;

type Piece = { id: string } & Record<string, unknown>;

/**
 * Joins what facts told, given in an order that is a function of the facts alone (see `reduceCall`): later ones win, field by
 * field. Pieces that are still open when the call is over end with it. `null` when nobody told anything.
 */
export function joinDetails(told: readonly ToldDetails[], endedAt: Date | null): CallDetails | null {
  if (told.length === 0) return null;
  const details: Record<string, unknown> = {};
  for (const list of LISTS) details[list] = joinPieces(told, list, endedAt);
  const cause = told.findLast(({ hangupCause }) => hangupCause !== undefined)?.hangupCause;
  if (cause !== undefined) details.hangupCause = cause;
  const dialer = told.findLast((each) => each.dialer !== undefined)?.dialer;
  if (dialer !== undefined) details.dialer = dialer;
  return details as unknown as CallDetails;
}

function joinPieces(told: readonly ToldDetails[], list: DetailList, endedAt: Date | null): Piece[] {
  if (told.every((details) => (details[list]?.length ?? 0) === 0)) return [];
  const pieces = new Map<string, Piece>();
  for (const details of told) {
    for (const piece of (details[list] ?? []) as unknown as Piece[]) {
      const known = pieces.get(piece.id) ?? { id: piece.id };
      for (const name in piece) complete(known, name, piece[name]);
      pieces.set(piece.id, known);
    }
  }
  const sorted = [...pieces.values()].sort((a, b) => toStart(a) - toStart(b) || (a.id < b.id ? -1 : 1));
  return sorted.slice(0, PIECES_MAX).map((piece) => closePiece(piece, endedAt));
}

/** What is told later wins; of beginnings the earliest, since who comes late to a call takes its arrival for the beginning. */
function complete(known: Record<string, unknown>, name: string, value: unknown): void {
  const before = known[name];
  const isEarlier = before instanceof Date && value instanceof Date && before < value;
  if (value !== undefined && !(isEarlier && BEGINNINGS.has(name))) known[name] = value;
}

const BEGINNINGS: ReadonlySet<string> = new Set(["startedAt", "joinedAt", "parkedAt", "at"]);
const toStart = (piece: Piece): number => {
  const { startedAt, joinedAt, parkedAt, at } = piece as Record<string, Date | undefined>;
  return (startedAt ?? joinedAt ?? parkedAt ?? at)?.getTime() ?? 0;
};

/** Never ends before it began, whatever the clocks of the sources say. */
function closePiece(piece: Piece, endedAt: Date | null): Piece {
  const name = "startedAt" in piece ? "endedAt" : "at" in piece ? undefined : "leftAt";
  const end = name && ((piece[name] as Date | undefined) ?? endedAt);
  if (!name || !end) return piece;
  return { ...piece, [name]: new Date(Math.max(toStart(piece), end.getTime())) };
}

/** Whole seconds in which at least one of the spans was going on; those that are open count until `until`. */
export function toSpanSeconds(spans: readonly { startedAt: Date; endedAt?: Date }[], until: Date): number {
  const sorted = spans
    .map(({ startedAt, endedAt }) => [startedAt.getTime(), (endedAt ?? until).getTime()] as const)
    .sort((a, b) => a[0] - b[0]);
  let totalMs = 0;
  let reachedMs = Number.NEGATIVE_INFINITY;
  for (const [fromMs, toMs] of sorted) {
    totalMs += Math.max(0, toMs - Math.max(fromMs, reachedMs));
    reachedMs = Math.max(reachedMs, toMs);
  }
  return Math.round(totalMs / 1000);
}

/** Takes details back from JSON: the fields whose names end in `At` (or are `at`) are instants. */
export function reviveDetails<T extends ToldDetails>(stored: T): T {
  const details: Record<string, unknown> = { ...stored };
  for (const list of LISTS) {
    const pieces = stored[list] as unknown as Piece[] | undefined;
    if (pieces !== undefined) details[list] = pieces.map(revivePiece);
  }
  return details as T;
}

function revivePiece(piece: Piece): Piece {
  const revived: Record<string, unknown> = { ...piece };
  for (const name in revived)
    if (name === "at" || name.endsWith("At")) revived[name] = new Date(revived[name] as string);
  return revived as Piece;
}
