import type { DialerStory } from "../../core/call-details.ts";
import type { CallFact, EndedStatus } from "../../core/call-fact.ts";
import type { Disposition } from "../../core/disposition.ts";
import type { LiveCall } from "./live-call.ts";

/** A fact for the front door, with what stands behind it for the timeline. */
export interface ResultFact {
  callUuid: string;
  fact: CallFact;
  /** JSON text. */
  raw: string;
}

/** What the dialer knows of its call that no event of the PBX says. Told again, it is the same fact. */
export function toResultFact({ attempt, project, trunk, pbx, channelId }: LiveCall): ResultFact | null {
  const { id, disposition, dialedAt, answeredAt, endedAt, number, callerId } = attempt;
  if (disposition === null || dialedAt === null || endedAt === null) return null;
  const dialer: DialerStory = {
    attemptId: id,
    projectId: project.id,
    project: project.name,
    disposition,
    attempt: attempt.ordinal,
    ...(attempt.campaignId !== null && { campaignId: attempt.campaignId }),
    ...(attempt.digit !== null && { digit: attempt.digit }),
  };
  const fact: CallFact = {
    key: `dialer:${id}:result`,
    source: "dialer",
    at: endedAt,
    ...toStatus(disposition),
    direction: "outbound",
    to: { kind: "number", text: number, number },
    ...(callerId !== null && { from: { kind: "number" as const, text: callerId, number: callerId } }),
    startedAt: dialedAt,
    ...(answeredAt !== null && { answeredAt }),
    endedAt,
    ...(trunk && { trunk: trunk.name }),
    pbx: pbx.name,
    details: { dialer },
  };
  const raw = JSON.stringify({ event: "result", ...dialer }).replaceAll("\\u0000", "");
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
