import type { AmiMessage } from "../ami/message.ts";
import {
  addLeg,
  announce,
  type CallBook,
  converse,
  endLeg,
  enterBridge,
  findHeard,
  findLeg,
  type KnownLeg,
  tell,
} from "./call-book.ts";
import { type PbxPlan, parseChannelName, parseDialedNumber } from "./channel-name.ts";
import { said } from "./said.ts";
import { isEntered } from "./snapshot-leg.ts";
import { toPieceId } from "./story.ts";
import { STORY_EVENTS, type Take } from "./story-events.ts";
import { type Leg, type TrackedCall, type TrackedRing, toSides } from "./tracked-call.ts";

/** What each event means for the book. Events that are not here say nothing about calls. */
export const AMI_EVENTS: Readonly<Record<string, Take>> = {
  ...STORY_EVENTS,
  Newchannel: (book, message) => {
    const leg = toLeg(message, book.at, book.plan);
    const linkedId = message.get("Linkedid") || leg?.id;
    if (!leg || !linkedId || book.legs.has(leg.id)) return;
    const call = addLeg(book, leg, { linkedId, pair: parseChannelName(message.get("Channel") ?? "").pair });
    if (leg.entered && call.origin === leg) announce(book, call);
  },
  NewCallerid: (book, message) => {
    const known = findLeg(book, message);
    if (known?.leg.entered) known.leg.number ??= said(message, "CallerIDNum");
  },
  Newstate: (book, message) => {
    const known = findLeg(book, message);
    if (!known || message.get("ChannelState") !== "6") return;
    known.leg.isUp = true;
    converse(book, known.call);
  },
  Rename: (book, message) => {
    const known = findLeg(book, message);
    if (known) rename(known.leg, message.get("Newname") ?? "", book.plan);
  },
  DialBegin: (book, message) => {
    findLeg(book, message);
    const known = findLeg(book, message, "Dest");
    if (!known || known.leg.kind === "local") return;
    const { leg, call } = known;
    leg.shown ??= said(message, "DestConnectedLineNum");
    if (leg.kind === "trunk") leg.number ??= parseDialedNumber(message.get("DialString") ?? "");
    if (call.rings.some((ring) => ring.leg === leg.id && ring.status === null)) return;
    announce(book, call);
    const sides = toSides(call, book.plan);
    const ring = addRing(call, leg, book.at);
    ring.by = message.get("Uniqueid");
    if (sides && call.rings.length < RINGS_MAX) tell(book, call, book.facts.ring(call, sides, ring));
  },
  DialEnd: (book, message) => {
    const dialler = findLeg(book, message)?.leg;
    const known = findLeg(book, message, "Dest");
    const status = toDialStatus(message.get("DialStatus") ?? "", dialler);
    if (known?.leg.kind === "local" && status === "NOANSWER") noteUnanswered(book, known.leg);
    const ring = known && findOpenRing(known, book);
    if (!ring) return;
    ring.endedAt = book.at;
    ring.status = status;
  },
  HangupRequest: (book, message) => noteEnding(findLeg(book, message)),
  SoftHangupRequest: (book, message) => noteEnding(findLeg(book, message)),
  BridgeEnter: (book, message) => {
    const known = findLeg(book, message);
    const bridge = message.get("BridgeUniqueid");
    if (!known || !bridge) return;
    rename(known.leg, message.get("Channel") ?? "", book.plan); // a pickup puts another phone behind the same channel
    if (message.get("BridgeTechnology") === "holding_bridge")
      book.bridges.leave(known.leg.id); // parked: hears music
    else enterBridge(book, known, { bridge, isTalk: (message.get("BridgeType") ?? "basic") === "basic" });
    for (const call of findHeard(book, known)) converse(book, call);
  },
  BridgeLeave: (book, message) => {
    const known = findLeg(book, message);
    if (!known) return;
    const heard = findHeard(book, known);
    book.bridges.leave(known.leg.id);
    for (const call of heard) converse(book, call);
  },
  LocalBridge: (book, message) => {
    findLeg(book, message, "LocalOne");
    findLeg(book, message, "LocalTwo");
  },
  Hangup: (book, message) => {
    const known = findLeg(book, message);
    if (!known) return;
    known.leg.cause = Number(message.get("Cause") ?? 0);
    for (const ring of known.call.rings) if (ring.leg === known.leg.id) closeRing(ring, known.leg, book);
    endLeg(book, known.leg.id);
  },
};

/** Of a call that we took over, the ring began before we listened: by its id it is the one that the process before us told. */
function findOpenRing({ leg, call }: KnownLeg, book: CallBook): TrackedRing | undefined {
  const rings = call.rings.filter((ring) => ring.leg === leg.id);
  if (rings.length === 0 && call.isAdopted && leg.kind !== "local" && !leg.entered) {
    return addRing(call, leg, new Date(Math.min(leg.startedAt.getTime(), book.at.getTime())));
  }
  return rings.findLast(({ status }) => status === null);
}

/** A leg may be gone before its DialEnd comes, and a picked up one has none. */
function closeRing(ring: TrackedRing, leg: Leg, { at, legs }: CallBook): void {
  ring.endedAt ??= at;
  ring.cause ??= leg.cause;
  const isUnanswered = legs.get(ring.by ?? "")?.leg.isUnanswered;
  ring.status ??= leg.isUp ? "ANSWER" : isUnanswered ? "NOANSWER" : "CANCEL";
}

const toDialStatus = (told: string, dialler: Leg | undefined): string =>
  told === "CANCEL" && dialler?.isUnanswered ? "NOANSWER" : told;

/**
 * A group that rings its members through Local channels stops ringing by hanging up on its half of each: the phone behind the other
 * half is then told of as cancelled, though it rang in vain.
 */
function noteUnanswered({ bridges, legs }: CallBook, { id }: Leg): void {
  const behind = legs.get(bridges.otherHalf(id) ?? "")?.leg;
  if (behind) behind.isUnanswered = true;
}

function noteEnding(known: KnownLeg | undefined): void {
  if (known) known.leg.isEnding = true;
}

/** A queue may ring all night; the store takes 1,000 facts a call. */
const RINGS_MAX = 300;

function addRing(call: TrackedCall, leg: Leg, at: Date): TrackedRing {
  const extension = leg.kind === "extension" ? leg.party : null;
  const ring: TrackedRing = {
    id: toPieceId(call.rings, leg.id),
    leg: leg.id,
    extension,
    number: extension === null ? (leg.number ?? "") : null,
    trunk: extension === null ? leg.party : null,
    queue: call.queues.findLast(({ outcome }) => outcome === "waiting")?.queue ?? null,
    startedAt: at,
    endedAt: null,
    status: null,
    cause: undefined,
    by: undefined,
    isTold: false,
  };
  if (call.rings.push(ring) > RINGS_MAX) call.rings.shift();
  return ring;
}

/** The leg that a message describes; `undefined` without an id. */
export function toLeg(message: AmiMessage, at: Date, plan: PbxPlan): Leg | undefined {
  const id = message.get("Uniqueid");
  if (!id) return undefined;
  const entered = isEntered(message);
  const number = said(message, "CallerIDNum");
  const leg: Leg = {
    id,
    kind: "local",
    party: "",
    entered,
    startedAt: at,
    endedAt: null,
    isUp: message.get("ChannelState") === "6",
    number: entered ? number : undefined,
    dialed: entered ? said(message, "Exten") : undefined,
    shown: undefined,
    cause: undefined,
  };
  rename(leg, message.get("Channel") ?? "", plan);
  return leg;
}

function rename(leg: Leg, name: string, plan: PbxPlan): void {
  if (name === "" || name.includes("<")) return; // <MASQ>, <ZOMBIE>: names of a moment
  const { technology, peer } = parseChannelName(name);
  const extension = plan.extensionOf(peer);
  leg.kind = technology === "Local" ? "local" : extension === undefined ? "trunk" : "extension";
  leg.party = leg.kind === "local" ? peer : (extension ?? peer);
}
