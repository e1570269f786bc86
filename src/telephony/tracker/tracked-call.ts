import type { CallDirection, EndedStatus } from "../../core/call-fact.ts";
import type { PbxPlan } from "./channel-name.ts";

/** One channel. `party` is the extension, the trunk, or, for Local channels, what they lead to. */
export interface Leg {
  id: string;
  kind: "extension" | "trunk" | "local";
  party: string;
  /** It came to the PBX by itself; otherwise the PBX called it. */
  entered: boolean;
  startedAt: Date;
  endedAt: Date | null;
  isUp: boolean;
  /** Caller's number of an entered leg, dialled number of a called one. */
  number: string | undefined;
  /** What an entered leg dialled first. */
  dialed: string | undefined;
  /** Number shown to it, for legs that Originate called. */
  shown: string | undefined;
  cause: number | undefined;
}

/** One extension or number that was rung. Asterisk's own DialStatus; `null` while ringing. */
export interface Ring {
  leg: string;
  extension: string | null;
  number: string | null;
  startedAt: Date;
  endedAt: Date | null;
  status: string | null;
}

/** A stretch of conversation with the customer (in internal calls: with the one who called). */
export interface Talk {
  leg: string;
  /** `null`: a mobile (then `number`), an IVR. */
  extension: string | null;
  number: string | null;
  startedAt: Date;
  endedAt: Date | null;
}

export interface QueueStay {
  queue: string;
  joinedAt: Date;
  leftAt: Date | null;
  outcome: "waiting" | "connected" | "abandoned" | "left";
}

export interface Transfer {
  kind: "blind" | "attended";
  at: Date;
  by: string | null;
  to: string | null;
}

export interface TrackedCall {
  /** Linkedid under which it began: the call_uuid of all its facts. */
  id: string;
  /** Every Linkedid it ever had. */
  linkedIds: Set<string>;
  origin: Leg;
  /** Extension and trunk legs, ended ones too, in order of appearance. */
  people: Leg[];
  live: Set<string>;
  startedAt: Date;
  announced: boolean;
  /** We met it in a snapshot: its talks began before we heard of them. */
  isAdopted: boolean;
  rings: Ring[];
  talks: Talk[];
  queues: QueueStay[];
  transfers: Transfer[];
  heldMs: number;
  holds: Map<string, Date>;
}

export interface CallSides {
  direction: CallDirection;
  from: string | undefined;
  to: string | undefined;
  trunk: string | undefined;
  /** The extension that placed it, for calls that begin with one. */
  caller: string | undefined;
}

/** Legs that are kept for the story of one call; a queue that rings all night would otherwise grow without end. */
export const PEOPLE_MAX = 300;

/** Who calls whom, as far as the legs tell; `undefined` while they do not. */
export function toSides({ origin, people }: TrackedCall, plan: PbxPlan): CallSides | undefined {
  const trunkLeg = people.findLast((leg) => leg.kind === "trunk" && leg !== origin && !leg.entered);
  const phone = people.find((leg) => leg.kind === "extension");
  const caller = phone?.party;
  if (origin.entered && origin.kind === "trunk") {
    const { number: from = "anonymous", dialed: to, party: trunk } = origin;
    return { direction: "inbound", from, to, trunk, caller: undefined };
  }
  if (origin.entered && origin.kind === "extension") {
    const to = trunkLeg?.number ?? origin.dialed;
    const isOut = trunkLeg !== undefined || (to !== undefined && !plan.isInternal(to));
    const direction = isOut ? "outbound" : "internal";
    return { direction, from: origin.party, to, trunk: trunkLeg?.party, caller: origin.party };
  }
  const called = origin.kind === "trunk" ? origin : trunkLeg;
  if (called) return { direction: "outbound", from: caller, to: called.number, trunk: called.party, caller };
  if (!phone) return undefined;
  const isInternal = phone.shown === undefined || plan.isInternal(phone.shown);
  return { direction: isInternal ? "internal" : "outbound", from: caller, to: phone.shown, trunk: undefined, caller };
}

/** Legs of the one who is served, and legs of those who serve. */
export function splitSides(call: TrackedCall, direction: CallDirection): { customers: Leg[]; agents: Leg[] } {
  const isCustomer = (leg: Leg): boolean => {
    if (direction === "inbound") return leg.kind === "trunk" && leg.entered;
    return direction === "outbound" ? leg.kind === "trunk" : leg === call.origin;
  };
  const customers = call.people.filter(isCustomer);
  const agents = call.people.filter((leg) => !isCustomer(leg));
  return { customers, agents };
}

const BUSY_CAUSES: ReadonlySet<number> = new Set([17, 21]);
const NO_ANSWER_CAUSES: ReadonlySet<number> = new Set([0, 16, 18, 19, 26]);

/** How a call that is over ended. The Hangup cause of the called leg is surer than DialStatus, which says NOANSWER for a 404. */
export function toOutcome(call: TrackedCall, direction: CallDirection): EndedStatus {
  if (call.talks.length > 0) return "answered";
  if (direction === "inbound") return "missed";
  const ring = call.rings.findLast(({ number }) => direction === "internal" || number !== null);
  const leg = ring && call.people.find(({ id }) => id === ring.leg);
  const cause = leg?.cause ?? call.origin.cause ?? 0;
  if (!ring)
    return call.origin.entered && !BUSY_CAUSES.has(cause) ? "failed" : BUSY_CAUSES.has(cause) ? "busy" : "cancelled";
  if (ring.status === "BUSY" || BUSY_CAUSES.has(cause)) return "busy";
  if (ring.status === "CANCEL" || ring.status === null) return direction === "internal" ? "missed" : "cancelled";
  return ring.status === "NOANSWER" && NO_ANSWER_CAUSES.has(cause) ? "missed" : "failed";
}

/** Whole seconds in which at least one talk was going on. */
export function toTalkSeconds(talks: readonly Talk[], endAt: Date): number {
  const spans = talks.map(({ startedAt, endedAt }) => [startedAt.getTime(), (endedAt ?? endAt).getTime()] as const);
  spans.sort((a, b) => a[0] - b[0]);
  let totalMs = 0;
  let reachedMs = Number.NEGATIVE_INFINITY;
  for (const [fromMs, toMs] of spans) {
    totalMs += Math.max(0, toMs - Math.max(fromMs, reachedMs));
    reachedMs = Math.max(reachedMs, toMs);
  }
  return Math.round(totalMs / 1000);
}
