import type { DialerStory } from "../../core/call-details.ts";
import type { CallFact, EndedStatus } from "../../core/call-fact.ts";
import type { Disposition } from "../../core/disposition.ts";
import type { LiveCall } from "./live-call.ts";

/** A fact for the front door, with what stands behind it for the timeline. */
export interface DialerFact {
  callUuid: string;
  fact: CallFact;
  /** JSON text. */
  raw: string;
}

/** What the dialer knows of its call that no event of the PBX says. Told again, it is the same fact. */
export function toResultFact(call: LiveCall): DialerFact | null {
  const { disposition, dialedAt, answeredAt, endedAt, digit } = call.attempt;
  if (disposition === null || dialedAt === null || endedAt === null) return null;
  const story = { ...toStory(call), disposition, ...(digit !== null && { digit }) };
  const more = { ...toStatus(disposition), startedAt: dialedAt, ...(answeredAt !== null && { answeredAt }), endedAt };
  return toFact(call, { event: "result", at: endedAt, story, more });
}

/** Whose call this is, while it goes on: of a call whose id does not say so, because the PBX gave it another. */
export function toPlacedFact(call: LiveCall, now: Date): DialerFact {
  return toFact(call, { event: "placed", at: call.attempt.dialedAt ?? now, story: toStory(call), more: {} });
}

const toStory = ({ attempt, project }: LiveCall): DialerStory => ({
  attemptId: attempt.id,
  projectId: project.id,
  project: project.name,
  attempt: attempt.ordinal,
  ...(attempt.campaignId !== null && { campaignId: attempt.campaignId }),
});

function toFact(
  { attempt, trunk, pbx, channelId }: LiveCall,
  { event, at, story, more }: { event: string; at: Date; story: DialerStory; more: Partial<CallFact> },
): DialerFact {
  const { id, number, callerId } = attempt;
  const fact: CallFact = {
    key: `dialer:${id}:${event}`,
    source: "dialer",
    at,
    ...more,
    direction: "outbound",
    to: { kind: "number", text: number, number },
    ...(callerId !== null && { from: { kind: "number" as const, text: callerId, number: callerId } }),
    ...(trunk && { trunk: trunk.name }),
    pbx: pbx.name,
    details: { dialer: story },
  };
  const raw = JSON.stringify({ event, ...story }).replaceAll("\\u0000", "");
  return { callUuid: `${pbx.callIdPrefix}${channelId}`, fact, raw };
}

const STATUS: Readonly<Record<Disposition, EndedStatus | null>> = {
  answered: "answered",
  no_input: "answered",
  opted_out: "answered",
  abandoned: "answered",
  transferred: "transferred",
  machine: "machine",
  busy: "busy",
  no_answer: "missed",
  rejected: "busy",
  invalid_number: "failed",
  congestion: "failed",
  failed: "failed",
  suppressed: null,
};

function toStatus(disposition: Disposition): { status?: EndedStatus } {
  const status = STATUS[disposition];
  return status === null ? {} : { status };
}
