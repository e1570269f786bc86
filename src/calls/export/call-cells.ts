import type { CallItem } from "../schema.ts";
import { type Cell, createLocalText } from "./cells.ts";

export const CALL_COLUMNS: readonly string[] = [
  ...["started_at", "started_local", "direction", "from", "to", "outcome", "extension", "ring_seconds", "talk_seconds"],
  ...["queue", "trunk", "pbx", "contact", "recording", "crm", "crm_records", "call_uuid", "project", "campaign"],
];

/** A call as a line of a table; its local time is of `timeZone`. */
export function createToCells(timeZone: string): (call: CallItem) => Cell[] {
  const toLocal = createLocalText(timeZone);
  return (call) => [
    call.started_at,
    { local: toLocal(new Date(call.started_at)) },
    ...[call.direction, call.from, call.to, call.outcome, call.agent_extension, call.ring_seconds, call.talk_seconds],
    ...[call.queue, call.trunk, call.pbx, call.contact?.name ?? call.contact?.id, call.recording ? "yes" : "no"],
    call.deliveries.map(({ connection, state }) => `${connection}: ${state}`).join(" | "),
    call.deliveries.flatMap(({ url, remote_id }) => url ?? remote_id ?? []).join(" | "),
    ...[call.call_uuid, call.project?.name, call.campaign_id],
  ];
}
