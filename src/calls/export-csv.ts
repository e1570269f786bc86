import type { CallItem } from "./schema.ts";

/** Calls as lines of CSV (RFC 4180). Pure. */
export type Separator = "comma" | "semicolon";

const SIGNS: Record<Separator, string> = { comma: ",", semicolon: ";" };
const COLUMNS = [
  ...["started_at", "started_local", "direction", "from", "to", "outcome", "extension", "ring_seconds", "talk_seconds"],
  ...["queue", "trunk", "pbx", "contact", "recording", "crm", "crm_records", "call_uuid"],
];
/** Spreadsheets read a file without it as if it were in the machine's old code page. */
const BYTE_ORDER_MARK = "\uFEFF";

export function toCsvHead(separator: Separator): string {
  return `${BYTE_ORDER_MARK}${toCsvLine(COLUMNS, separator)}`;
}

/** `local` writes an instant in the tenant's zone. */
export function toCsvCall(call: CallItem, separator: Separator, local: (at: Date) => string): string {
  const fields = [
    call.started_at,
    local(new Date(call.started_at)),
    ...[call.direction, call.from, call.to, call.outcome, call.agent_extension, call.ring_seconds, call.talk_seconds],
    ...[call.queue, call.trunk, call.pbx, call.contact?.name ?? call.contact?.id, call.recording ? "yes" : "no"],
    call.deliveries.map(({ connection, state }) => `${connection}: ${state}`).join(" | "),
    call.deliveries.flatMap(({ url, remote_id }) => url ?? remote_id ?? []).join(" | "),
    call.call_uuid,
  ];
  return toCsvLine(fields, separator);
}

export function toCsvLine(fields: readonly (string | number | null | undefined)[], separator: Separator): string {
  return `${fields.map((field) => toCsvField(String(field ?? ""))).join(SIGNS[separator])}\r\n`;
}

/** What a caller's name or a PBX's word begins with must not become a formula; a number with its plus is none. */
function toCsvField(text: string): string {
  const isFormula = /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+$/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** `2026-11-22 16:45:00`, which every spreadsheet reads as a time. */
export function createLocalText(timeZone: string): (at: Date) => string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone,
    ...{ year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  return (at) => format.format(at);
}
