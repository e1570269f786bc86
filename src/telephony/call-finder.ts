import type { CallDirection } from "../core/call-fact.ts";
import { AppError } from "../core/errors.ts";
import type { CallTracker } from "./tracker/call-tracker.ts";
import { type Leg, splitSides, type TrackedCall } from "./tracker/tracked-call.ts";
import { say } from "./words.ts";

/** A call that is going on, and its live legs by whose they are. Channels are named by Uniqueid, which Asterisk takes for the name. */
export interface FoundCall {
  call: TrackedCall;
  customers: readonly Leg[];
  agents: readonly Leg[];
  /** Leg of the agent who talks with the customer now. */
  talking: string | undefined;
  /** Leg of the agent who talked with the customer last and is there, but not with the customer: consulting somebody. */
  away: string | undefined;
}

/** Throws `AppError`: `not_found`, or `forbidden` when none of `onlyFor` (extensions) is part of the call. */
export type FindCall = (callUuid: string, onlyFor: readonly string[] | null) => FoundCall;

export function createCallFinder(tracker: Pick<CallTracker, "calls">, callIdPrefix: string): FindCall {
  return (callUuid, onlyFor) => {
    const call = callUuid.startsWith(callIdPrefix) && findCall(tracker.calls(), callUuid.slice(callIdPrefix.length));
    if (!call) throw new AppError("not_found", say("callGone"));
    const found = { call, ...toLiveSides(call), talking: toTalking(call), away: toAway(call) };
    const isTheirs = [...found.agents, ...found.customers].some(
      ({ kind, party }) => kind === "extension" && onlyFor?.includes(party),
    );
    if (onlyFor !== null && !isTheirs) throw new AppError("forbidden", say("callOfOthers"));
    return found;
  };
}

/** By the id it is told under, or by any other it went by: of a call that joined it, of one of its legs. */
function findCall(calls: readonly TrackedCall[], id: string): TrackedCall | undefined {
  return calls.find((call) => call.id === id) ?? calls.find(({ linkedIds, live }) => linkedIds.has(id) || live.has(id));
}

function toLiveSides(call: TrackedCall): { customers: Leg[]; agents: Leg[] } {
  const { customers, agents } = splitSides(call, toDirection(call));
  const isLive = ({ id }: Leg): boolean => call.live.has(id);
  return { customers: customers.filter(isLive), agents: agents.filter(isLive) };
}

/** Of a call between extensions the one who called is served, as the call log has it. */
function toDirection({ origin, people }: TrackedCall): CallDirection {
  if (origin.kind === "trunk" && origin.entered) return "inbound";
  return people.some(({ kind }) => kind === "trunk") ? "outbound" : "internal";
}

function toTalking(call: TrackedCall): string | undefined {
  return call.talks.findLast(({ endedAt, extension }) => endedAt === null && extension !== null)?.leg;
}

function toAway(call: TrackedCall): string | undefined {
  if (toTalking(call) !== undefined) return undefined;
  return call.talks.findLast(({ extension, leg }) => extension !== null && call.live.has(leg))?.leg;
}
