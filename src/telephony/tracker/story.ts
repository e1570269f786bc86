import type { CallDetails, Hold, Ring, Talk } from "../../core/call-details.ts";
import type { CallDirection } from "../../core/call-fact.ts";
import {
  type TrackedCall,
  type TrackedHold,
  type TrackedRing,
  type TrackedTalk,
  toHangupCause,
  toRingResult,
} from "./tracked-call.ts";

/** The n-th piece of a leg has the same id for everybody who hears the PBX: `<leg>:<n>`. */
export function toPieceId(pieces: readonly { id: string }[], leg: string): string {
  return `${leg}:${pieces.filter(({ id }) => id.startsWith(`${leg}:`)).length + 1}`;
}

/** Everything we know inside a call, for the fact that tells its end. */
export function toStory(call: TrackedCall, direction: CallDirection): CallDetails {
  const cause = toHangupCause(call, direction);
  return {
    rings: call.rings.map(toRing),
    talks: call.talks.map(toTalk),
    holds: call.holds.map(toHold),
    queues: call.queues.map((stay) => ({ ...stay })),
    transfers: call.transfers,
    pickups: call.pickups,
    parkings: call.parkings.map((parking) => ({ ...parking })),
    conferences: call.conferences.map((stay) => ({ ...stay })),
    recordings: call.recordings.map((recording) => ({ ...recording })),
    ...(cause === undefined ? {} : { hangupCause: cause }),
  };
}

/** Rings that ended and of whose end nobody was told yet; they ride on the next fact. */
export function takeUntoldRings(call: TrackedCall): Ring[] {
  const untold = call.rings.filter(({ endedAt, isTold }) => endedAt !== null && !isTold);
  for (const ring of untold) ring.isTold = true;
  return untold.map(toRing);
}

export function toRing(ring: TrackedRing): Ring {
  const { id, startedAt, endedAt, extension, number, trunk, queue, cause } = ring;
  return { id, startedAt, ...told({ endedAt, extension, number, trunk, queue, cause, result: toRingResult(ring) }) };
}

export const toTalk = ({ id, startedAt, endedAt, extension, number }: TrackedTalk): Talk => ({
  id,
  startedAt,
  ...told({ endedAt, extension, number }),
});

export const toHold = ({ id, startedAt, endedAt, extension }: TrackedHold): Hold => ({
  id,
  startedAt,
  ...told({ endedAt, extension }),
});

type Told<T> = { [K in keyof T]?: NonNullable<T[K]> };

function told<T extends Record<string, unknown>>(fields: T): Told<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null),
  ) as Told<T>;
}
