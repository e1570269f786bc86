import type { CallDirection } from "../../core/call-fact.ts";
import type { Bridges } from "./bridges.ts";
import { splitSides, type Talk, type TrackedCall } from "./tracked-call.ts";

/** Ends the talks that are over and returns those that begin: agents who hear a customer and did not before. */
export function findTalkers(call: TrackedCall, direction: CallDirection, bridges: Bridges, at: Date): Talk[] {
  const { customers, agents } = splitSides(call, direction);
  const live = customers.filter(({ id }) => call.live.has(id));
  const heard = new Set(live.flatMap(({ id }) => [...bridges.heardBy(id)]));
  const talking = agents.filter(({ id }) => call.live.has(id) && heard.has(id));
  const isMachine = direction === "outbound" && agents.length === 0 && call.origin.kind !== "extension";
  if (isMachine) talking.push(...live.filter(({ isUp }) => isUp)); // an IVR talks: there is no other leg to hear
  const ids = new Set(talking.map(({ id }) => id));
  for (const talk of call.talks) {
    if (talk.endedAt === null && !ids.has(talk.leg)) talk.endedAt = at;
    else if (isPausing(talk, at) && ids.has(talk.leg)) talk.endedAt = null;
  }
  const open = new Set(call.talks.filter(({ endedAt }) => endedAt === null).map(({ leg }) => leg));
  return talking
    .filter(({ id }) => !open.has(id))
    .map(({ id, kind, party, number, entered }) => ({
      leg: id,
      extension: kind === "extension" ? party : null,
      number: kind === "trunk" && !entered && !isMachine ? (number ?? null) : null,
      startedAt: at,
      endedAt: null,
    }));
}

/** Local channels that optimise themselves away take a leg out of one bridge and put it into another. */
const PAUSE_MS_MAX = 1_000;
const isPausing = ({ endedAt }: Talk, at: Date): boolean =>
  endedAt !== null && at.getTime() - endedAt.getTime() <= PAUSE_MS_MAX;

export function closeTalks(call: TrackedCall, at: Date): void {
  for (const talk of call.talks) talk.endedAt ??= at;
}

export function closeHold(call: TrackedCall, leg: string, at: Date): void {
  const since = call.holds.get(leg);
  if (!since) return;
  call.holds.delete(leg);
  call.heldMs += Math.max(0, at.getTime() - since.getTime());
}
