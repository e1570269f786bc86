import type { CallDirection, EndedStatus, FactSource } from "../../core/call-fact.ts";
import type { AmiMessage } from "../ami/message.ts";
import { type Bridges, createBridges } from "./bridges.ts";
import type { CallEvent, FactWriter, TrackedFact } from "./call-facts.ts";
import { absorb, createCall, keepPerson } from "./call-merge.ts";
import type { PbxPlan } from "./channel-name.ts";
import { closeTalks, findTalkers } from "./conversation.ts";
import { closeHold, closeStays } from "./stays.ts";
import { type CallParties, type Leg, splitSides, type TrackedCall, toOutcome, toSides } from "./tracked-call.ts";

/** What the tracker knows of one PBX, and the moment it stands at: `at` and `source` mark every fact that is told now. */
export interface CallBook {
  readonly plan: PbxPlan;
  readonly facts: FactWriter;
  readonly legs: Map<string, KnownLeg>;
  /** By every Linkedid a call ever had. */
  readonly calls: Map<string, TrackedCall>;
  readonly bridges: Bridges;
  /** By Linkedid, of calls that are being placed. */
  readonly parties: Map<string, CallParties>;
  told: TrackedFact[];
  at: Date;
  source: FactSource;
  /** Since when the PBX is away. */
  lostAt: Date | undefined;
}

export interface KnownLeg {
  leg: Leg;
  call: TrackedCall;
}

export function createCallBook(plan: PbxPlan, facts: FactWriter): CallBook {
  const bridges = createBridges();
  const moment = { told: [], at: new Date(0), source: "ami", lostAt: undefined } as const;
  return { plan, facts, legs: new Map(), calls: new Map(), bridges, parties: new Map(), ...moment, told: [] };
}

/** The leg that a message names by `<prefix>Uniqueid`, moved into the call that its Linkedid names now. */
export function findLeg(book: CallBook, message: AmiMessage, prefix = ""): KnownLeg | undefined {
  const known = book.legs.get(message.get(`${prefix}Uniqueid`) ?? "");
  const linkedId = message.get(`${prefix}Linkedid`);
  if (known && linkedId && !known.call.linkedIds.has(linkedId)) link(book, known.call, linkedId);
  return known;
}

function link(book: CallBook, call: TrackedCall, linkedId: string): void {
  const other = book.calls.get(linkedId);
  if (other) merge(book, call, other);
  else book.calls.set(linkedId, call);
  call.linkedIds.add(linkedId);
}

/** The outside call outlives the inside one, the older outlives the younger. */
function merge(book: CallBook, one: TrackedCall, other: TrackedCall): void {
  const rank = (call: TrackedCall): number =>
    ["internal", "outbound", "inbound"].indexOf(toSides(call, book.plan)?.direction ?? "");
  const oneWins = rank(one) - rank(other) || other.startedAt.getTime() - one.startedAt.getTime();
  const [kept, gone] = oneWins >= 0 ? [one, other] : [other, one];
  closeTalks(gone, book.at);
  const sides = toSides(gone, book.plan);
  if (gone.announced && sides) {
    const status = gone.talks.length > 0 ? "transferred" : "cancelled";
    const end = { at: book.at, status, source: book.source, mergedInto: kept.id } as const;
    tell(book, gone, book.facts.end(gone, sides, end));
  }
  absorb(kept, gone);
  for (const linkedId of gone.linkedIds) book.calls.set(linkedId, kept);
  for (const id of gone.live) {
    const known = book.legs.get(id);
    if (known) known.call = kept;
  }
  converse(book, kept);
}

/** A channel begins. `pair` is the name that both halves of a Local channel share. */
export function addLeg(book: CallBook, leg: Leg, { linkedId, pair }: { linkedId: string; pair: string | undefined }) {
  const call = book.calls.get(linkedId) ?? createCall(linkedId, leg, book.parties.get(linkedId));
  book.calls.set(linkedId, call);
  book.legs.set(leg.id, { leg, call });
  call.live.add(leg.id);
  if (leg.kind !== "local") keepPerson(call, leg);
  if (pair !== undefined) book.bridges.pair(pair, leg.id);
  return call;
}

/**
 * Who meets in a bridge for two is in one call; Asterisk gives them one Linkedid only in later events. Who meets in a
 * conference stays in a call of one's own unless Asterisk says otherwise.
 */
export function enterBridge(book: CallBook, known: KnownLeg, { bridge, isTalk }: { bridge: string; isTalk: boolean }) {
  const members = book.bridges.enter(bridge, known.leg.id);
  if (!isTalk) return;
  for (const id of members) {
    const other = book.legs.get(id);
    if (other && other.call !== known.call) merge(book, known.call, other.call);
  }
}

/**
 * Tells of a call as soon as it is known who calls whom. A phone that dials inside waits until it reaches somebody or gives up:
 * it may be about to join another call (pickup, a parked call), of which it is then a part and never a call of its own.
 */
export function announce(book: CallBook, call: TrackedCall): void {
  const sides = call.announced ? undefined : toSides(call, book.plan);
  if (!sides) return;
  const mayJoin = sides.direction === "internal" && call.origin.entered && call.live.size > 0;
  if (mayJoin && call.rings.length + call.talks.length + call.conferences.length === 0) return;
  call.announced = true;
  tell(book, call, book.facts.start(call, sides, book.at, book.source));
}

/** Opens and closes talks by who can hear whom now. */
export function converse(book: CallBook, call: TrackedCall): void {
  announce(book, call);
  const sides = toSides(call, book.plan);
  if (!sides) return;
  for (const talk of findTalkers(call, sides.direction, book)) {
    call.talks.push(talk);
    announce(book, call);
    tell(book, call, book.facts.talk(call, sides, talk, book.source));
  }
}

/** Tells of something inside a call; of a call that nobody was told of yet, later facts will tell it. */
export function tellEvent(book: CallBook, call: TrackedCall, event: Pick<CallEvent, "name" | "id" | "details">): void {
  announce(book, call);
  const sides = call.announced ? toSides(call, book.plan) : undefined;
  if (sides) tell(book, call, book.facts.event(call, sides, { ...event, at: book.at, source: book.source }));
}

export function tell(book: CallBook, call: TrackedCall, fact: TrackedFact): void {
  call.toldAt = book.at;
  book.told.push(fact);
}

/** A call of which nothing was told for so long is said to be alive, so that nobody takes it for lost. */
const SILENT_MS_MAX = 3_600_000;

/** Whoever asks has just seen that the call lives. */
export function tellAlive(book: CallBook, call: TrackedCall): void {
  if (book.at.getTime() - call.toldAt.getTime() < SILENT_MS_MAX) return;
  const hour = Math.floor((book.at.getTime() - call.startedAt.getTime()) / SILENT_MS_MAX);
  const source = book.source;
  book.source = "ami"; // nothing was recovered: we knew
  tellEvent(book, call, { name: "alive", id: `${call.origin.id}:${hour}` });
  book.source = source;
}

/** The call of a leg and all calls that can hear it: in a conference they are many. */
export function findHeard(book: CallBook, { leg, call }: KnownLeg): Set<TrackedCall> {
  const heard = [...book.bridges.heardBy(leg.id)].flatMap((id) => book.legs.get(id)?.call ?? []);
  return new Set([call, ...heard]);
}

/** A channel is over; with its last one so is the call. */
export function endLeg(book: CallBook, id: string): void {
  const known = book.legs.get(id);
  if (!known) return;
  const { leg, call } = known;
  leg.endedAt = book.at;
  const heard = findHeard(book, known);
  book.legs.delete(id);
  call.live.delete(id);
  book.bridges.forget(id);
  closeHold(call, id, book.at);
  for (const each of heard) converse(book, each);
  if (call.live.size === 0) endCall(book, call);
}

function endCall(book: CallBook, call: TrackedCall): void {
  const { at, source } = book;
  closeTalks(call, at);
  for (const linkedId of call.linkedIds) book.calls.delete(linkedId);
  announce(book, call);
  const sides = toSides(call, book.plan);
  if (!sides || !call.announced) return; // only Local channels: nobody called anybody
  closeStays(call, at);
  const seen: EndedStatus = toOutcome(call, sides.direction);
  const status = source === "recovery" && seen !== "answered" ? "lost" : seen;
  tell(book, call, book.facts.end(call, sides, { at: toEndedAt(call, sides.direction, at), status, source }));
}

/** A customer who is gone ended the call, even if a phone is put down later. */
function toEndedAt(call: TrackedCall, direction: CallDirection, at: Date): Date {
  const ends = splitSides(call, direction).customers.map(({ endedAt }) => endedAt?.getTime() ?? at.getTime());
  return call.talks.length === 0 || ends.length === 0 ? at : new Date(Math.max(...ends));
}
