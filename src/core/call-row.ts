import type { Call, CallOutcome } from "./call.ts";
import { type CallDetails, reviveDetails } from "./call-details.ts";
import type { CallDirection, FactSource } from "./call-fact.ts";
import { type PartyNumber, toPartyText } from "./phone-number.ts";

/** A call as one flat row: what `accept` writes and the call log reads back. The names are the columns of `calls`. */
export interface CallRow {
  direction: CallDirection;
  /** E.164, extension or the source's words, see `toPartyText`: what lists show and search. */
  from_text: string | null;
  to_text: string | null;
  from_party: PartyNumber | null;
  to_party: PartyNumber | null;
  outcome: CallOutcome;
  phase: Call["phase"];
  started_at: Date;
  answered_at: Date | null;
  ended_at: Date | null;
  ring_seconds: number | null;
  talk_seconds: number | null;
  agent_extension: string | null;
  trunk: string | null;
  pbx: string | null;
  recording_url: string | null;
  /** As JSON in the store: read it by `fromCallRow`, which makes instants of its instants. */
  details: CallDetails | null;
  sources: readonly FactSource[];
}

export function toCallRow(call: Call): CallRow {
  return {
    direction: call.direction,
    from_text: call.from && toPartyText(call.from),
    to_text: call.to && toPartyText(call.to),
    from_party: call.from,
    to_party: call.to,
    outcome: call.outcome,
    phase: call.phase,
    started_at: call.startedAt,
    answered_at: call.answeredAt,
    ended_at: call.endedAt,
    ring_seconds: call.ringSeconds,
    talk_seconds: call.talkSeconds,
    agent_extension: call.agentExtension,
    trunk: call.trunk,
    pbx: call.pbx,
    recording_url: call.recordingUrl,
    details: call.details,
    sources: call.sources,
  };
}

export function fromCallRow(row: CallRow): Call {
  return {
    direction: row.direction,
    from: row.from_party,
    to: row.to_party,
    outcome: row.outcome,
    phase: row.phase,
    startedAt: row.started_at,
    answeredAt: row.answered_at,
    endedAt: row.ended_at,
    ringSeconds: row.ring_seconds,
    talkSeconds: row.talk_seconds,
    agentExtension: row.agent_extension,
    trunk: row.trunk,
    pbx: row.pbx,
    recordingUrl: row.recording_url,
    details: row.details && reviveDetails(row.details),
    sources: row.sources,
  };
}
