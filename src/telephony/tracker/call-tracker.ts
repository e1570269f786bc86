import type { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import { AMI_EVENTS, toLeg } from "./ami-events.ts";
import { addLeg, type CallBook, converse, createCallBook, endLeg, findLeg, tellAlive } from "./call-book.ts";
import type { FactWriter, TrackedFact } from "./call-facts.ts";
import { type PbxPlan, parseChannelName } from "./channel-name.ts";
import { toSnapshotLeg, toStartedAt } from "./snapshot-leg.ts";
import type { CallParties, TrackedCall } from "./tracked-call.ts";

/*
 * One PBX's events become facts about its calls. Pure: no clock, no waiting; the same items give the same facts.
 *
 *   no legs ── first channel of a Linkedid ──▶ known ── both sides known ──▶ announced (start)
 *   announced ── somebody is rung (ring) ── customer and agent hear each other (talk) ──▶ … ── last leg hangs up ──▶ over (end)
 *
 * Legs belong to a call by Linkedid; when Asterisk gives a leg another call's Linkedid (attended transfer, pickup), the calls
 * merge: the outside call lives on, the other ends as `transferred`. A snapshot is the whole truth: legs that are not in it
 * are over, and what is said because of it has the source `recovery`.
 */
export interface CallTracker {
  /** Takes the next item of the stream and returns what it tells about calls, in order. Never throws on odd events. */
  take(item: AmiItem): readonly TrackedFact[];
  /** Whom the call of this Linkedid will be between, before it begins. Returns how to forget it, once it has begun or will not. */
  expect(linkedId: string, parties: CallParties): () => void;
  /** Calls that are going on. */
  calls(): readonly TrackedCall[];
  /** What is held, for status and tests of leaks. */
  size(): { calls: number; legs: number; linkedIds: number; bridges: number };
}

export interface CallTrackerOptions {
  plan: PbxPlan;
  facts: FactWriter;
}

export function createCallTracker({ plan, facts }: CallTrackerOptions): CallTracker {
  const book = createCallBook(plan, facts);
  const { legs, calls, bridges } = book;
  return {
    take: (item) => {
      book.told = [];
      book.at = item.at;
      book.source = item.kind === "snapshot" ? "recovery" : "ami";
      if (item.kind === "lost") book.lostAt = item.at;
      else if (item.kind === "snapshot") takeSnapshot(book, item.channels);
      else AMI_EVENTS[item.message.get("Event") ?? ""]?.(book, item.message);
      return book.told;
    },
    expect: (linkedId, parties) => {
      book.parties.set(linkedId, parties);
      return () => void book.parties.delete(linkedId);
    },
    calls: () => [...new Set(calls.values())],
    size: () => ({
      calls: new Set(calls.values()).size,
      legs: legs.size,
      linkedIds: calls.size,
      bridges: bridges.size(),
    }),
  };
}

/** Ends what is not live any more, as of the moment we stopped hearing of it, then takes over what is. */
function takeSnapshot(book: CallBook, channels: readonly AmiMessage[]): void {
  const now = book.at;
  const live = new Set(channels.map((channel) => channel.get("Uniqueid") ?? ""));
  book.at = book.lostAt ?? now;
  for (const id of [...book.legs.keys()]) if (!live.has(id)) endLeg(book, id);
  book.at = now;
  book.lostAt = undefined;
  const ageOf = (channel: AmiMessage): number => toStartedAt(channel, now).getTime();
  const isFirst = (channel: AmiMessage): boolean => channel.get("Uniqueid") === channel.get("Linkedid");
  const byAge = [...channels].sort((a, b) => ageOf(a) - ageOf(b) || Number(isFirst(b)) - Number(isFirst(a))); // whole seconds
  for (const channel of byAge) adopt(book, channel);
  for (const call of new Set(book.calls.values())) {
    converse(book, call);
    tellAlive(book, call);
  }
}

function adopt(book: CallBook, channel: AmiMessage): void {
  const linkedId = channel.get("Linkedid") ?? "";
  const leg = toLeg(channel, toStartedAt(channel, book.at), book.plan);
  if (!leg || linkedId === "") return;
  const pair = parseChannelName(channel.get("Channel") ?? "").pair;
  if (!book.legs.has(leg.id)) addLeg(book, toSnapshotLeg(leg, channel), { linkedId, pair }).isAdopted = true;
  const known = findLeg(book, channel);
  if (known && leg.isUp) known.leg.isUp = true;
  const bridge = channel.get("BridgeId") || channel.get("BridgeID");
  if (bridge) book.bridges.enter(bridge, leg.id);
  else book.bridges.leave(leg.id);
}
