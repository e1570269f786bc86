import { type CallParties, type Leg, PEOPLE_MAX, type TrackedCall } from "./tracked-call.ts";

/** A call that begins with `origin`. */
export function createCall(linkedId: string, origin: Leg, parties: CallParties | undefined): TrackedCall {
  return {
    id: linkedId,
    linkedIds: new Set([linkedId]),
    origin,
    parties,
    people: [],
    live: new Set(),
    startedAt: origin.startedAt,
    announced: false,
    toldAt: origin.startedAt,
    isAdopted: false,
    rings: [],
    talks: [],
    holds: [],
    queues: [],
    transfers: [],
    pickups: [],
    parkings: [],
    conferences: [],
    recordings: [],
  };
}

/** Keeps a leg for the story; the oldest that is over makes room. */
export function keepPerson(call: TrackedCall, leg: Leg): void {
  call.people.push(leg);
  if (call.people.length <= PEOPLE_MAX) return;
  const index = call.people.findIndex((person) => person.endedAt !== null && person !== call.origin);
  if (index >= 0) call.people.splice(index, 1);
}

/** Moves everything of `gone` into `kept`. */
export function absorb(kept: TrackedCall, gone: TrackedCall): void {
  for (const linkedId of gone.linkedIds) kept.linkedIds.add(linkedId);
  for (const id of gone.live) kept.live.add(id);
  for (const leg of gone.people) keepPerson(kept, leg);
  kept.rings = [...kept.rings, ...gone.rings].sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  kept.holds.push(...gone.holds);
  kept.queues.push(...gone.queues);
  kept.transfers.push(...gone.transfers);
  kept.pickups.push(...gone.pickups);
  kept.parkings.push(...gone.parkings);
  kept.conferences.push(...gone.conferences);
  kept.recordings.push(...gone.recordings);
}
