import type { EventWaits } from "./event-waits.ts";
import type { Spool } from "./spool.ts";

/**
 * Places a call by a call file, for a PBX on this host whose AMI user may not originate. Asterisk chooses such a call's id;
 * the account code, which is ours, finds it in the events: resolves with its Linkedid, or `null` when none came in time.
 */
export type PlaceByFile = (call: {
  id: string;
  channel: string;
  to: { context: string; extension: string };
  callerId: { number: string };
  timeoutMs: number;
}) => Promise<string | null>;

/** The file is picked up within milliseconds where the file system tells of it, within a second where it is looked at. */
const HEARD_WAIT_MS = 3_000;

export function createPlaceByFile({ spool, events }: { spool: Spool; events: Pick<EventWaits, "next"> }): PlaceByFile {
  return async ({ id, channel, to, callerId, timeoutMs }) => {
    const begun = events.next((event) => event.get("AccountCode") === id, HEARD_WAIT_MS);
    const call = { ...to, channel, callerId: callerId.number, account: id, waitSeconds: Math.ceil(timeoutMs / 1000) };
    await spool.put(call).catch((error: unknown) => {
      begun.drop();
      throw error;
    });
    return (await begun.event)?.get("Linkedid") ?? null;
  };
}
