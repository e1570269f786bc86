import type { Parking, QueueStay } from "../../core/call-details.ts";
import type { AmiMessage } from "../ami/message.ts";
import { type CallBook, findLeg, type KnownLeg, tellEvent } from "./call-book.ts";
import { parseChannelName } from "./channel-name.ts";
import { said } from "./said.ts";
import { closeHold } from "./stays.ts";
import { toHold, toPieceId } from "./story.ts";
import type { Leg, TrackedCall } from "./tracked-call.ts";
import { withoutUndefined } from "./without-undefined.ts";

export type Take = (book: CallBook, message: AmiMessage) => void;

/** Pieces of one kind that one call remembers; a key that is held down must not grow it without end. */
const PIECES_MAX = 100;

/** What happens inside a call between its beginning and its end. Told again, these events change nothing. */
export const STORY_EVENTS: Readonly<Record<string, Take>> = {
  Hold: (book, message) => {
    const known = findLeg(book, message);
    if (!known || known.call.holds.length >= PIECES_MAX) return;
    const { leg, call } = known;
    if (call.holds.some((hold) => hold.leg === leg.id && hold.endedAt === null)) return;
    const hold = {
      ...{ id: toPieceId(call.holds, leg.id), leg: leg.id, extension: toExtension(leg) ?? null },
      ...{ startedAt: book.at, endedAt: null },
    };
    call.holds.push(hold);
    tellEvent(book, call, { name: "hold", id: hold.id, details: { holds: [toHold(hold)] } });
  },
  Unhold: (book, message) => {
    const known = findLeg(book, message);
    const hold = known?.call.holds.findLast(({ leg, endedAt }) => leg === known.leg.id && endedAt === null);
    if (!known || !hold) return;
    closeHold(known.call, known.leg.id, book.at);
    tellEvent(book, known.call, { name: "unhold", id: hold.id, details: { holds: [toHold(hold)] } });
  },
  QueueCallerJoin: (book, message) => {
    const known = findLeg(book, message);
    const queue = message.get("Queue") ?? "";
    if (!known || known.call.queues.length >= PIECES_MAX) return;
    const { leg, call } = known;
    if (call.queues.some((stay) => stay.queue === queue && stay.outcome === "waiting")) return;
    const stay: QueueStay = { id: toPieceId(call.queues, leg.id), queue, joinedAt: book.at, outcome: "waiting" };
    call.queues.push(stay);
    tellEvent(book, call, { name: "queue", id: stay.id, details: { queues: [{ ...stay }] } });
  },
  QueueCallerLeave: (book, message) => leaveQueue(book, findLeg(book, message)?.call, "left"),
  /** Asterisk says it of a queue that gave up too (its time-out): then the caller is still there, and goes on elsewhere. */
  QueueCallerAbandon: (book, message) => {
    const known = findLeg(book, message);
    leaveQueue(book, known?.call, known?.leg.isEnding ? "abandoned" : "left");
  },
  AgentConnect: (book, message) => {
    const caller = findLeg(book, message);
    const stay = leaveQueue(book, caller?.call, "connected");
    const agent = findAgent(book, message.get("DestUniqueid") ?? "", caller?.leg);
    const extension = agent ?? extensionOf(book, said(message, "Interface"));
    if (stay && extension !== undefined) stay.extension = extension;
  },
  BlindTransfer: (book, message) => {
    const known = findLeg(book, message, "Transferer");
    if (known && message.get("Result") === "Success")
      addTransfer(book, known.call, { kind: "blind", by: known.leg, to: said(message, "Extension") });
  },
  AttendedTransfer: (book, message) => {
    const by = findLeg(book, message, "OrigTransferer");
    const known = findLeg(book, message, "Transferee") ?? findLeg(book, message, "TransferTarget") ?? by;
    if (!known || message.get("Result") !== "Success") return;
    const to = said(message, "TransferTargetCallerIDNum") ?? findPartner(book, known.leg, by?.leg);
    addTransfer(book, known.call, { kind: "attended", by: by?.leg, to });
  },
  Pickup: (book, message) => {
    const by = findLeg(book, message)?.leg;
    const target = findLeg(book, message, "Target");
    const id = message.get("Uniqueid") ?? "";
    if (!target || target.call.pickups.some((pickup) => pickup.id === id)) return;
    const who = { by: by && toExtension(by), from: toExtension(target.leg) };
    const pickup = { id, at: book.at, ...withoutUndefined(who) };
    target.call.pickups.push(pickup);
    tellEvent(book, target.call, { name: "pickup", id, details: { pickups: [pickup] } });
  },
  ParkedCall: (book, message) => {
    const known = findLeg(book, message, "Parkee");
    if (!known || findParking(known) || known.call.parkings.length >= PIECES_MAX) return;
    const { leg, call } = known;
    const who = { space: said(message, "ParkingSpace"), from: extensionOf(book, said(message, "ParkerDialString")) };
    const lot = message.get("Parkinglot") ?? "";
    const parking: Parking = {
      ...{ id: toPieceId(call.parkings, leg.id), lot, parkedAt: book.at, outcome: "parked", ...withoutUndefined(who) },
    };
    call.parkings.push(parking);
    tellEvent(book, call, { name: "parked", id: parking.id, details: { parkings: [{ ...parking }] } });
  },
  UnParkedCall: (book, message) => {
    const by = book.legs.get(message.get("RetrieverUniqueid") ?? "")?.leg;
    leaveParking(book, findLeg(book, message, "Parkee"), { outcome: "retrieved", by: by && toExtension(by) });
  },
  ParkedCallTimeOut: (book, message) =>
    leaveParking(book, findLeg(book, message, "Parkee"), { outcome: "timed_out", by: undefined }),
  ParkedCallGiveUp: (book, message) =>
    leaveParking(book, findLeg(book, message, "Parkee"), { outcome: "abandoned", by: undefined }),
  ConfbridgeJoin: (book, message) => {
    const known = findLeg(book, message);
    if (!known || known.call.conferences.length >= PIECES_MAX || findConference(known)) return;
    const { leg, call } = known;
    const name = message.get("Conference") ?? "";
    const who = withoutUndefined({ extension: toExtension(leg) });
    const stay = { id: toPieceId(call.conferences, leg.id), name, joinedAt: book.at, ...who };
    call.conferences.push(stay);
    tellEvent(book, call, { name: "conference", id: stay.id, details: { conferences: [{ ...stay }] } });
  },
  ConfbridgeLeave: (book, message) => {
    const known = findLeg(book, message);
    const stay = known && findConference(known);
    if (stay) stay.leftAt = book.at;
  },
  /** Asterisk names the file of a recording only in a variable of the channel. */
  VarSet: (book, message) => {
    const file = message.get("Variable") === "MIXMONITOR_FILENAME" ? said(message, "Value") : undefined;
    const known = file === undefined ? undefined : findLeg(book, message);
    if (!known || file === undefined || known.call.recordings.length >= PIECES_MAX) return;
    const id = `${known.leg.id}:${file}`;
    if (known.call.recordings.some((recording) => recording.id === id)) return;
    const recording = { id, file, startedAt: book.at };
    known.call.recordings.push(recording);
    tellEvent(book, known.call, { name: "recording", id, details: { recordings: [{ ...recording }] } });
  },
  MixMonitorStop: (book, message) => {
    const known = findLeg(book, message);
    for (const recording of known?.call.recordings ?? [])
      if (recording.id.startsWith(`${known?.leg.id}:`)) recording.endedAt ??= book.at;
  },
};

/** How a stay ended is told by several events in no fixed order; `left` says least. */
function leaveQueue(
  book: CallBook,
  call: TrackedCall | undefined,
  outcome: "left" | "abandoned" | "connected",
): QueueStay | undefined {
  const stay = call?.queues.at(-1);
  if (!stay) return undefined;
  stay.leftAt ??= book.at;
  if (outcome !== "left" || stay.outcome === "waiting") stay.outcome = outcome;
  return stay;
}

function addTransfer(
  book: CallBook,
  call: TrackedCall,
  { kind, by, to }: { kind: "blind" | "attended"; by: Leg | undefined; to: string | undefined },
): void {
  const id = `${by?.id ?? call.id}:${kind}:${to ?? ""}`;
  if (call.transfers.some((transfer) => transfer.id === id) || call.transfers.length >= PIECES_MAX) return;
  const transfer = { id, kind, at: book.at, ...withoutUndefined({ from: by?.party, to }) };
  call.transfers.push(transfer);
  tellEvent(book, call, { name: "transfer", id, details: { transfers: [transfer] } });
}

/** Whom the transferred one hears now: Asterisk leaves the target out when the phone that transferred was put down very soon. */
function findPartner({ bridges, legs }: CallBook, leg: Leg, by: Leg | undefined): string | undefined {
  const heard = [...bridges.heardBy(leg.id)].flatMap((id) => legs.get(id)?.leg ?? []).filter((other) => other !== by);
  const partner = heard.find(({ kind }) => kind !== "local");
  return partner?.kind === "trunk" ? partner.number : partner?.party;
}

const findParking = ({ leg, call }: KnownLeg): Parking | undefined =>
  call.parkings.findLast(({ id, leftAt }) => id.startsWith(`${leg.id}:`) && leftAt === undefined);

function leaveParking(
  book: CallBook,
  known: KnownLeg | undefined,
  end: { outcome: Parking["outcome"]; by: string | undefined },
): void {
  const parking = known && findParking(known);
  if (!known || !parking) return;
  Object.assign(parking, { leftAt: book.at, outcome: end.outcome }, withoutUndefined({ by: end.by }));
  tellEvent(book, known.call, { name: "unparked", id: parking.id, details: { parkings: [{ ...parking }] } });
}

const findConference = ({ leg, call }: KnownLeg) =>
  call.conferences.findLast(({ id, leftAt }) => id.startsWith(`${leg.id}:`) && leftAt === undefined);

const toExtension = ({ kind, party }: Leg): string | undefined => (kind === "extension" ? party : undefined);

/** Who took a queue's call: its member, or the phone behind a member that is a Local channel. */
function findAgent({ bridges, legs }: CallBook, member: string, caller: Leg | undefined): string | undefined {
  const near = [member, ...bridges.heardBy(member)].flatMap((id) => legs.get(id)?.leg ?? []);
  return near
    .filter((leg) => leg !== caller)
    .map(toExtension)
    .find((extension) => extension !== undefined);
}

/** `PJSIP/101` of a queue's member or of who parked a call, `Local/101@from-queue/n` of a member of FreePBX. */
function extensionOf(book: CallBook, dialString: string | undefined): string | undefined {
  if (dialString === undefined) return undefined;
  const { technology, peer } = parseChannelName(`${dialString}-0`);
  return book.plan.extensionOf(technology === "Local" ? (peer.split("@", 1)[0] ?? "") : peer);
}
