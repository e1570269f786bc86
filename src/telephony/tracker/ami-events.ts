import type { AmiMessage } from "../ami/message.ts";
import { addLeg, announce, type CallBook, converse, endLeg, enterBridge, findLeg } from "./call-book.ts";
import { type PbxPlan, parseChannelName, parseDialedNumber } from "./channel-name.ts";
import { closeHold } from "./conversation.ts";
import { isEntered } from "./snapshot-leg.ts";
import { type Leg, type TrackedCall, toSides } from "./tracked-call.ts";

type Take = (book: CallBook, message: AmiMessage) => void;

/** What each event means for the book. Events that are not here say nothing about calls. */
export const AMI_EVENTS: Readonly<Record<string, Take>> = {
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
    if (sides && call.rings.length < RINGS_MAX) book.told.push(book.facts.ring(call, sides, ring));
  },
  DialEnd: (book, message) => {
    findLeg(book, message);
    const known = findLeg(book, message, "Dest");
    const ring = known?.call.rings.findLast(({ leg, status }) => leg === known.leg.id && status === null);
    if (!ring) return;
    ring.endedAt = book.at;
    ring.status = message.get("DialStatus") ?? "";
  },
  BridgeEnter: (book, message) => {
    const known = findLeg(book, message);
    const bridge = message.get("BridgeUniqueid");
    if (!known || !bridge) return;
    rename(known.leg, message.get("Channel") ?? "", book.plan); // a pickup puts another phone behind the same channel
    if (message.get("BridgeTechnology") === "holding_bridge")
      book.bridges.leave(known.leg.id); // parked: hears music
    else enterBridge(book, known, { bridge, isTalk: (message.get("BridgeType") ?? "basic") === "basic" });
    converse(book, known.call);
  },
  BridgeLeave: (book, message) => {
    const known = findLeg(book, message);
    if (!known) return;
    book.bridges.leave(known.leg.id);
    converse(book, known.call);
  },
  LocalBridge: (book, message) => {
    findLeg(book, message, "LocalOne");
    findLeg(book, message, "LocalTwo");
  },
  Hold: (book, message) => {
    const known = findLeg(book, message);
    if (known && !known.call.holds.has(known.leg.id)) known.call.holds.set(known.leg.id, book.at);
  },
  Unhold: (book, message) => {
    const known = findLeg(book, message);
    if (known) closeHold(known.call, known.leg.id, book.at);
  },
  QueueCallerJoin: (book, message) => {
    const stay = { queue: message.get("Queue") ?? "", joinedAt: book.at, leftAt: null, outcome: "waiting" } as const;
    findLeg(book, message)?.call.queues.push(stay);
  },
  QueueCallerLeave: (book, message) => leaveQueue(findLeg(book, message)?.call, book.at, "left"),
  QueueCallerAbandon: (book, message) => leaveQueue(findLeg(book, message)?.call, book.at, "abandoned"),
  AgentConnect: (book, message) => leaveQueue(findLeg(book, message)?.call, book.at, "connected"),
  BlindTransfer: (book, message) => {
    const known = findLeg(book, message, "Transferer");
    if (!known || message.get("Result") !== "Success") return;
    known.call.transfers.push({
      kind: "blind",
      at: book.at,
      by: known.leg.party,
      to: message.get("Extension") ?? null,
    });
  },
  AttendedTransfer: (book, message) => {
    const by = findLeg(book, message, "OrigTransferer");
    const known = findLeg(book, message, "Transferee") ?? findLeg(book, message, "TransferTarget") ?? by;
    if (!known || message.get("Result") !== "Success") return;
    const to = said(message, "TransferTargetCallerIDNum") ?? null;
    known.call.transfers.push({ kind: "attended", at: book.at, by: by?.leg.party ?? null, to });
  },
  Hangup: (book, message) => {
    const known = findLeg(book, message);
    if (!known) return;
    known.leg.cause = Number(message.get("Cause") ?? 0);
    endLeg(book, known.leg.id);
  },
};

function leaveQueue(call: TrackedCall | undefined, at: Date, outcome: "left" | "abandoned" | "connected"): void {
  const stay = call?.queues.at(-1);
  if (!stay) return;
  stay.leftAt ??= at;
  if (outcome !== "left" || stay.outcome === "waiting") stay.outcome = outcome;
}

/** A queue may ring all night; the store takes 1,000 facts a call. */
const RINGS_MAX = 300;

function addRing(call: TrackedCall, { id, kind, party, number }: Leg, at: Date) {
  const extension = kind === "extension" ? party : null;
  const ring = {
    leg: id,
    extension,
    number: extension === null ? (number ?? "") : null,
    startedAt: at,
    endedAt: null,
    status: null,
  };
  if (call.rings.push(ring) > RINGS_MAX) call.rings.shift();
  return ring;
}

/** Header values that mean "nothing known". */
function said(message: AmiMessage, name: string): string | undefined {
  const value = message.get(name);
  return value === undefined || value === "" || value === "<unknown>" ? undefined : value;
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
