import type { TrackedCall } from "./tracked-call.ts";

/** What is still open inside a call when a leg, or the whole call, is over. */

export function closeHold(call: TrackedCall, leg: string, at: Date): void {
  for (const hold of call.holds) if (hold.leg === leg) hold.endedAt ??= at;
}

/** Who waits or is parked when the call ends has given up. */
export function closeStays(call: TrackedCall, at: Date): void {
  for (const ring of call.rings) ring.endedAt ??= at;
  for (const hold of call.holds) hold.endedAt ??= at;
  for (const stay of call.queues) {
    stay.leftAt ??= at;
    if (stay.outcome === "waiting") stay.outcome = "abandoned";
  }
  for (const parking of call.parkings) {
    parking.leftAt ??= at;
    if (parking.outcome === "parked") parking.outcome = "abandoned";
  }
  for (const stay of call.conferences) stay.leftAt ??= at;
  for (const recording of call.recordings) recording.endedAt ??= at;
}
