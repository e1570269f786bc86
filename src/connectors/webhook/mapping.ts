import { type PartyNumber, toPartyText } from "../../core/phone-number.ts";
import type { CallSubject, TenantFacts } from "../connector.ts";
import { fillTemplate, type PlaceholderValues } from "./template.ts";

/** What is posted: its identity, which stays the same over retries, and the body. */
export interface WebhookMessage {
  id: string;
  body: string;
}

export interface MessageInput {
  id: string;
  /** `call.ended`, `call.ringing` … */
  type: string;
  at: Date;
  subject: CallSubject;
  tenant: TenantFacts;
  publicUrl: string;
  bodyTemplate: string;
}

/** One id for each state of a call: a receiver that remembers ids never takes one twice. */
export function toMessageId({ number }: TenantFacts, { callId, revision }: CallSubject): string {
  return `call_${number}_${callId}_${revision}`;
}

/** Pure. Times are ISO-8601 UTC, what is unknown is null, as in Enlace's own API. */
export function toMessage(input: MessageInput): WebhookMessage {
  const values = toValues(input);
  const body = input.bodyTemplate.trim() === "" ? toUsualBody(values) : fillTemplate(input.bodyTemplate, values);
  return { id: input.id, body: JSON.stringify(body) };
}

function toUsualBody(values: PlaceholderValues): unknown {
  const pick = (group: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(values)
        .filter(([name]) => name.startsWith(`${group}.`))
        .map(([name, value]) => [name.slice(group.length + 1), value]),
    );
  const { type, id, timestamp } = pick("event");
  return { type, id, timestamp, tenant: pick("tenant"), data: pick("call") };
}

function toValues({ id, type, at, subject, tenant, publicUrl }: MessageInput): PlaceholderValues {
  const { call, callId, callUuid, revision } = subject;
  return {
    "event.type": type,
    "event.id": id,
    "event.timestamp": at.toISOString(),
    "tenant.number": tenant.number,
    "tenant.name": tenant.name,
    "call.id": callId,
    "call.call_uuid": callUuid,
    "call.revision": revision,
    "call.direction": call.direction,
    "call.from": toText(call.from),
    "call.to": toText(call.to),
    "call.outcome": call.outcome,
    "call.agent_extension": call.agentExtension,
    "call.trunk": call.trunk,
    "call.pbx": call.pbx,
    "call.started_at": toInstant(call.startedAt),
    "call.answered_at": toInstant(call.answeredAt),
    "call.ended_at": toInstant(call.endedAt),
    "call.ring_seconds": call.ringSeconds,
    "call.talk_seconds": call.talkSeconds,
    "call.recording": call.recordingUrl,
    "call.url": `${publicUrl}/calls/${callId}`,
  };
}

const toText = (party: PartyNumber | null): string | null =>
  party === null || party.kind === "withheld" ? null : toPartyText(party);
const toInstant = (at: Date | null): string | null => at?.toISOString() ?? null;
