import type {
  ConferenceStay,
  Parking,
  Pickup,
  QueueStay,
  RecordedFile,
  RingResult,
  Transfer,
} from "../../core/call-details.ts";
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
  /** Somebody asked for its end: the one behind it, or an order. */
  isEnding?: boolean;
  /** Of a Local half: whoever dialled its other half waited in vain, and gave that up by itself. */
  isUnanswered?: boolean;
}

/** One extension or number that was rung. Asterisk's own DialStatus; `null` while ringing. */
export interface TrackedRing {
  id: string;
  leg: string;
  extension: string | null;
  number: string | null;
  trunk: string | null;
  /** The queue that rang it. */
  queue: string | null;
  startedAt: Date;
  endedAt: Date | null;
  status: string | null;
  /** Hangup cause of its leg. */
  cause: number | undefined;
  /** The leg that rang it, as far as it is known. */
  by: string | undefined;
  /** Its end has been told. */
  isTold: boolean;
}

/** A stretch of conversation with the customer (in internal calls: with the one who called). */
export interface TrackedTalk {
  id: string;
  leg: string;
  /** `null`: a mobile (then `number`), an IVR. */
  extension: string | null;
  number: string | null;
  startedAt: Date;
  endedAt: Date | null;
}

export interface TrackedHold {
  id: string;
  leg: string;
  /** `null`: the one outside. */
  extension: string | null;
  startedAt: Date;
  endedAt: Date | null;
}

/** Whom a call is between, said by who placed it: the PBX is told prefixes and no more of the caller than is shown. */
export interface CallParties {
  from?: string;
  to: string;
}

export interface TrackedCall {
  /** Linkedid under which it began: the call_uuid of all its facts. */
  id: string;
  /** Every Linkedid it ever had. */
  linkedIds: Set<string>;
  origin: Leg;
  /** Of calls that Enlace placed to a number outside. */
  parties: CallParties | undefined;
  /** Extension and trunk legs, ended ones too, in order of appearance. */
  people: Leg[];
  live: Set<string>;
  startedAt: Date;
  announced: boolean;
  /** When something was last told of it. */
  toldAt: Date;
  /** We met it in a snapshot: its talks began before we heard of them. */
  isAdopted: boolean;
  rings: TrackedRing[];
  talks: TrackedTalk[];
  holds: TrackedHold[];
  queues: QueueStay[];
  transfers: Transfer[];
  pickups: Pickup[];
  parkings: Parking[];
  conferences: ConferenceStay[];
  recordings: RecordedFile[];
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
export function toSides({ origin, people, parties }: TrackedCall, plan: PbxPlan): CallSides | undefined {
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
  if (called) {
    const from = parties?.from ?? caller ?? (called === origin ? origin.shown : undefined);
    return { direction: "outbound", from, to: parties?.to ?? called.number, trunk: called.party, caller };
  }
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

/** The Hangup cause of the called leg is surer than DialStatus, which says NOANSWER for a 404. `undefined` while it rings. */
export function toRingResult({ status, cause = 0 }: Pick<TrackedRing, "status" | "cause">): RingResult | undefined {
  if (status === "ANSWER") return "answered";
  if (status === "BUSY" || BUSY_CAUSES.has(cause)) return "busy";
  if (status === null) return undefined;
  if (status === "CANCEL") return "cancelled";
  return status === "NOANSWER" && NO_ANSWER_CAUSES.has(cause) ? "no_answer" : "failed";
}

/** How a call that is over ended. */
export function toOutcome(call: TrackedCall, direction: CallDirection): EndedStatus {
  if (call.talks.length > 0) return "answered";
  if (direction === "inbound") return "missed";
  const ring = findDecisiveRing(call, direction);
  const cause = ring?.cause ?? call.origin.cause ?? 0;
  if (!ring)
    return call.origin.entered && !BUSY_CAUSES.has(cause) ? "failed" : BUSY_CAUSES.has(cause) ? "busy" : "cancelled";
  switch (toRingResult({ status: ring.status, cause })) {
    case "busy":
      return "busy";
    case "failed":
      return "failed";
    case "no_answer":
      return "missed";
    default:
      return direction === "internal" ? "missed" : "cancelled";
  }
}

const findDecisiveRing = ({ rings }: TrackedCall, direction: CallDirection): TrackedRing | undefined =>
  rings.findLast(({ number }) => direction === "internal" || number !== null);

/** Asterisk's cause of the leg that decided how the call ended: of the called one where nobody talked, else of the first. */
export function toHangupCause(call: TrackedCall, direction: CallDirection): number | undefined {
  const called =
    call.talks.length > 0 || direction === "inbound" ? undefined : findDecisiveRing(call, direction)?.cause;
  return called || call.origin.cause || undefined;
}
