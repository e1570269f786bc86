import type { FactSource } from "../core/call-fact.ts";
import { toWording } from "../core/sentence.ts";
import { toInstant } from "../http/wire.ts";
import { toWireWords } from "../kit/word-fields.ts";
import { toDetailsSummary } from "./details-item.ts";
import type { CallDeliveryItem, CallItem } from "./schema.ts";
import type { StoredCall, StoredDelivery } from "./store.ts";

/** A call as the API shows it, with the record deliveries that are its own. Pure. */
export function toCallItem(call: StoredCall, deliveries: readonly StoredDelivery[]): CallItem {
  const dialer = call.details?.dialer;
  return {
    id: call.id,
    call_uuid: call.call_uuid,
    revision: call.revision,
    direction: call.direction,
    from: call.from_text,
    to: call.to_text,
    outcome: call.outcome,
    agent_extension: call.agent_extension,
    trunk: call.trunk,
    pbx: call.pbx,
    started_at: toInstant(call.started_at),
    answered_at: toInstant(call.answered_at),
    ended_at: toInstant(call.ended_at),
    ring_seconds: call.ring_seconds,
    talk_seconds: call.talk_seconds,
    ...toDetailsSummary(call.details),
    project: dialer ? { id: dialer.projectId, name: dialer.project } : null,
    campaign_id: dialer?.campaignId ?? null,
    contact: findContact(deliveries),
    recording: call.recording_url === null ? null : { url: call.recording_url },
    source: SOURCES.find((source) => call.sources.includes(source)) ?? "webhook",
    deliveries: deliveries.map(toDeliveryItem),
  };
}

/** The closer to the PBX, the better it knows. */
const SOURCES: readonly FactSource[] = ["ami", "agi", "hook", "webhook", "dialer", "recovery"];

/** Connectors name the contact they linked in `refs.contact`, and may name its words in `refs.contact_name`. */
function findContact(deliveries: readonly StoredDelivery[]): CallItem["contact"] {
  for (const { remote, connection_id, connector } of deliveries) {
    const id = remote?.refs?.contact;
    if (id) return { id, name: remote.refs?.contact_name ?? null, connection_id, connector };
  }
  return null;
}

function toDeliveryItem(stored: StoredDelivery): CallDeliveryItem {
  const { call_id: _, remote, last_attempt_at, review_words, reason_words, ...delivery } = stored;
  return {
    ...delivery,
    ...toWireWords("review", toWording(delivery.review, review_words)),
    ...toWireWords("reason", toWording(delivery.reason, reason_words)),
    remote_id: remote?.id ?? null,
    url: remote?.url ?? null,
    last_attempt_at: toInstant(last_attempt_at),
  };
}
