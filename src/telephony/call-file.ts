import type { AmiMessage } from "./ami/message.ts";
import type { EventWaits } from "./event-waits.ts";
import type { OriginateResult } from "./originate.ts";
import { toFailure } from "./originate-outcome.ts";
import type { Spool } from "./spool.ts";

/**
 * Places a call by a call file, for a PBX on this host whose AMI user may not originate. Asterisk chooses such a call's id;
 * the account code, which is ours, finds it in the events: resolves with its Linkedid, or `null` when none came in time.
 * Asterisk answers no call file: how the first leg fared is read in the events of its channel; `result` never rejects.
 */
export type PlaceByFile = (call: {
  id: string;
  channel: string;
  to: { context: string; extension: string };
  callerId?: { number: string };
  timeoutMs: number;
  variables?: Readonly<Record<string, string>>;
}) => Promise<{ linkedId: string | null; result: Promise<OriginateResult> }>;

/** The file is picked up within milliseconds where the file system tells of it, within a second where it is looked at. */
const HEARD_WAIT_MS = 3_000;
const LATE_MS = 10_000;
/** As OriginateResponse's Reason. */
const NO_ANSWER = 3;
const UNKNOWN: OriginateResult = { outcome: "unknown", cause: null, hasRung: false, isSilent: false };

export function createPlaceByFile({ spool, events }: { spool: Spool; events: Pick<EventWaits, "next"> }): PlaceByFile {
  return async ({ id, channel, to, callerId, timeoutMs, variables }) => {
    const leg = createFirstLeg(id);
    const decided = events.next(leg.take, HEARD_WAIT_MS + timeoutMs + LATE_MS);
    const begun = events.next((event) => event.get("AccountCode") === id, HEARD_WAIT_MS);
    const call = {
      ...{ ...to, channel, account: id, waitSeconds: Math.ceil(timeoutMs / 1000) },
      ...(callerId && { callerId: callerId.number }),
      ...(variables && { variables }),
    };
    await spool.put(call).catch((error: unknown) => {
      for (const wait of [begun, decided]) wait.drop();
      throw error;
    });
    const linkedId = (await begun.event)?.get("Linkedid") ?? null;
    if (linkedId === null) decided.drop();
    return { linkedId, result: decided.event.then((event) => leg.toResult(event)) };
  };
}

/** What the events say of the channel that a call file makes: it is up, or it is gone. */
function createFirstLeg(account: string) {
  let id: string | undefined;
  let dialStatus: string | undefined;
  let cause: number | undefined;
  let hasRung = false;

  /** True for the event that decides. */
  function take(event: AmiMessage): boolean {
    if (id === undefined && event.get("AccountCode") === account) id = event.get("Linkedid");
    if (id === undefined) return false;
    const name = event.get("Event");
    if (name === "DialEnd" && event.get("DestLinkedid") === id && !isLocal(event.get("DestChannel")))
      dialStatus ??= event.get("DialStatus");
    if (name === "Hangup" && event.get("Linkedid") === id && !isLocal(event.get("Channel")))
      cause ??= Number(event.get("Cause") ?? 0);
    if (event.get("Uniqueid") === id && name === "Newstate" && event.get("ChannelState") === "5") hasRung = true;
    const isUp = name === "Newstate" && event.get("ChannelState") === "6";
    return event.get("Uniqueid") === id && (isUp || name === "Hangup");
  }

  function toResult(event: AmiMessage | undefined): OriginateResult {
    if (event === undefined) return UNKNOWN;
    if (event.get("Event") === "Newstate") return { outcome: "answered", cause: null, hasRung, isSilent: false };
    const reason = hasRung ? NO_ANSWER : undefined; // Asterisk 16 gives up on a phone that rings without a word
    return {
      outcome: toFailure({ cause, dialStatus, reason, hadChannel: true }),
      cause: cause ?? null,
      hasRung,
      isSilent: false,
    };
  }

  return { take, toResult };
}

const isLocal = (channel: string | undefined): boolean => channel?.startsWith("Local/") === true;
