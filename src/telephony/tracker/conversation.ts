import type { CallDirection } from "../../core/call-fact.ts";
import type { Bridges } from "./bridges.ts";
import { toPieceId } from "./story.ts";
import { type Leg, splitSides, type TrackedCall, type TrackedTalk } from "./tracked-call.ts";

export interface Listening {
  bridges: Bridges;
  /** Legs of all calls: in a conference those of other calls hear the customer too. */
  legs: ReadonlyMap<string, { leg: Leg }>;
  at: Date;
}

/** Ends the talks that are over and returns those that begin: agents who hear a customer and did not before. */
export function findTalkers(call: TrackedCall, direction: CallDirection, listening: Listening): TrackedTalk[] {
  const { bridges, legs, at } = listening;
  const { customers, agents } = splitSides(call, direction);
  const live = customers.filter(({ id }) => call.live.has(id));
  const heard = new Set(live.flatMap(({ id }) => [...bridges.heardBy(id)]));
  const talking = agents.filter(({ id }) => call.live.has(id) && heard.has(id));
  for (const id of heard) {
    const guest = call.live.has(id) ? undefined : legs.get(id)?.leg;
    if (guest && guest.kind !== "local") talking.push(guest);
  }
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
    .map((leg) => ({
      id: toPieceId(call.talks, leg.id),
      leg: leg.id,
      extension: leg.kind === "extension" ? leg.party : null,
      number: leg.kind === "trunk" && !isMachine && !customers.includes(leg) ? (leg.number ?? null) : null,
      startedAt: at,
      endedAt: null,
    }));
}

/** Local channels that optimise themselves away take a leg out of one bridge and put it into another. */
const PAUSE_MS_MAX = 1_000;
const isPausing = ({ endedAt }: TrackedTalk, at: Date): boolean =>
  endedAt !== null && at.getTime() - endedAt.getTime() <= PAUSE_MS_MAX;

export function closeTalks(call: TrackedCall, at: Date): void {
  for (const talk of call.talks) talk.endedAt ??= at;
}
