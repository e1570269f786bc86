import { createHash } from "node:crypto";
import type { Call } from "../../core/call.ts";
import { type PartyNumber, toPartyText } from "../../core/phone-number.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { Language } from "../connector.ts";
import type { Element } from "./client.ts";
import type { Layout } from "./fields.ts";
import type { CallField, LookupModule, Phrases, VtigerField } from "./schema.ts";
import { say } from "./words.ts";

/** Who the other party is over there. */
export interface LinkedContact {
  id: string;
  module: LookupModule;
  name: string;
  /** Id of the user or group it is assigned to, if we may see it. */
  owner?: string | undefined;
}

/** Who gets the record. */
export interface Owner {
  id: string;
  /** The user whose extension talked, as opposed to a fallback. Only these replace an owner that stands. */
  isAgent: boolean;
  /** A user, not a group. */
  isUser: boolean;
}

export interface MappingInput {
  call: Call;
  callUuid: string;
  layout: Layout;
  language: Language;
  contact: LinkedContact | null;
  owner: Owner;
}

/** The record to write. `revision` leaves out what people may have changed since the record was made. */
export interface MappedCall {
  creation: Element;
  revision: Element;
  /** What could not be carried over, for a person to know. */
  notes: readonly Sentence[];
}

/** Vtiger cuts what is longer without a word. Only PBXManager's columns and subjects have a width that is known. */
const WIDTHS: Readonly<Record<string, number>> = {
  direction: 10,
  callstatus: 20,
  gateway: 20,
  recordingurl: 200,
  sourceuuid: 100,
  customernumber: 100,
  subject: 255,
};
const KEY_WIDTH = 100;
const TEXT_WIDTH = 255;

const STATUS: Readonly<Record<Call["outcome"], string>> = {
  in_progress: "in-progress",
  answered: "completed",
  transferred: "completed",
  missed: "no-answer",
  busy: "busy",
  failed: "failed",
  cancelled: "cancelled",
  machine: "machine",
  lost: "lost",
};
const TALKED: ReadonlySet<Call["outcome"]> = new Set(["answered", "transferred", "machine"]);

const SUBJECTS: Readonly<Record<Call["direction"], Phrases>> = {
  inbound: { es: "Llamada entrante de {from}", en: "Incoming call from {from}", ru: "Входящий звонок от {from}" },
  outbound: { es: "Llamada saliente a {to}", en: "Outgoing call to {to}", ru: "Исходящий звонок на {to}" },
  internal: {
    es: "Llamada interna de {from} a {to}",
    en: "Internal call from {from} to {to}",
    ru: "Внутренний звонок с {from} на {to}",
  },
};
const WITHHELD: Phrases = { es: "número oculto", en: "withheld number", ru: "скрытый номер" };
const DETAILS: Readonly<Partial<Record<CallField, Phrases>>> = {
  from_number: { es: "De", en: "From", ru: "От" },
  to_number: { es: "Para", en: "To", ru: "Кому" },
  extension: { es: "Extensión", en: "Extension", ru: "Внутренний номер" },
  talk: { es: "Conversación (s)", en: "Talk time (s)", ru: "Разговор (с)" },
  pbx_system: { es: "Centralita", en: "PBX", ru: "АТС" },
  disposition: { es: "Resultado", en: "Disposition", ru: "Итог" },
  recording_url: { es: "Grabación", en: "Recording", ru: "Запись" },
};

type Value = string | number | Date | null;

/** Makes the record of a call for one module. Pure. Times are UTC, as Vtiger wants them whatever its users' zones. */
export function toRecord(input: MappingInput): MappedCall {
  const { layout, call, callUuid, contact, owner } = input;
  const notes: Sentence[] = [];
  const fields: Record<string, string> = layout.sort === "events" ? toEventTimes(call) : {};
  const values = toValues(input);
  for (const [thing, targets] of layout.targets) {
    for (const field of targets) {
      const text = toFieldText(field, values[thing]);
      if (text === undefined) continue;
      if (thing === "recording_url" && text.length > toWidth(field))
        notes.push(say("narrowRecording", { field: field.name }));
      else fields[field.name] = cut(text, toWidth(field));
    }
  }
  const key = { [layout.keyField]: toKey(callUuid) };
  const link = toLink(layout, contact);
  const agent = owner.isAgent && owner.isUser && layout.sort === "pbx" ? { user: owner.id } : {};
  const activity = layout.sort === "events" ? { activitytype: "Call" } : {};
  const once = layout.names.has("description") ? toDescription(input, values) : {};
  return {
    creation: { ...once, ...activity, ...fields, ...link, ...agent, ...key, assigned_user_id: owner.id },
    revision: {
      ...withoutSubject(fields, layout),
      ...link,
      ...agent,
      ...(owner.isAgent && { assigned_user_id: owner.id }),
    },
    notes,
  };
}

/** The number to look up and to show as the customer's; `null` when nobody outside took part. */
export function toOutsideParty(call: Call): PartyNumber | null {
  return call.direction === "inbound" ? call.from : call.to;
}

/** What finds the record again: at most 100 characters a query can carry. Longer or odder ids keep their hash instead. */
export function toKey(callUuid: string): string {
  if (callUuid.length <= KEY_WIDTH && /^[A-Za-z0-9._:@-]+$/.test(callUuid)) return callUuid;
  const readable = callUuid.replaceAll(/[^A-Za-z0-9._:@-]/g, "").slice(0, KEY_WIDTH - 33);
  return `${readable}-${createHash("sha256").update(callUuid).digest("hex").slice(0, 32)}`;
}

export function toSubject(call: Call, language: Language): string {
  const name = (party: PartyNumber | null): string =>
    party === null || party.kind === "withheld" ? WITHHELD[language] : toPartyText(party);
  const parties = { from: name(call.from), to: name(call.to) };
  return SUBJECTS[call.direction][language].replaceAll(/\{(from|to)\}/g, (_, end: "from" | "to") => parties[end]);
}

function toValues({ call, callUuid, layout, language }: MappingInput): Record<CallField, Value> {
  const outside = toOutsideParty(call);
  const text = (party: PartyNumber | null): string | null =>
    party === null ? null : toPartyText(party) || "anonymous";
  return {
    call_uuid: toKey(callUuid),
    subject: toSubject(call, language),
    direction: call.direction,
    status:
      layout.sort === "events" ? toEventStatus(call) : call.phase === "ringing" ? "ringing" : STATUS[call.outcome],
    customer_number: outside?.kind === "withheld" ? "anonymous" : (text(outside) ?? "unknown"),
    from_number: text(call.from),
    to_number: text(call.to),
    start: call.startedAt,
    end: call.endedAt,
    duration: call.endedAt === null ? null : toSeconds(call.startedAt, call.endedAt),
    talk: call.talkSeconds,
    recording_url: call.recordingUrl,
    pbx_system: call.pbx,
    extension: call.agentExtension,
    trunk: call.trunk,
    disposition: call.details?.dialer?.disposition ?? null,
  };
}

/** `undefined`: nothing to say, so nothing is sent and nothing over there is wiped. */
function toFieldText({ type }: VtigerField, value: Value): string | undefined {
  if (value === null) return undefined;
  if (value instanceof Date)
    return type.name === "date" ? toDate(value) : type.name === "time" ? toTime(value) : toDateTime(value);
  return typeof value === "number" ? String(Math.max(0, Math.round(value))) : toPlainText(value);
}

/** Columns are utf8mb3: a character of four bytes would come out as `????`. */
function toPlainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
  const controls = /[\u0000-\u0008\u000b-\u001f\u007f]/g;
  return text
    .toWellFormed()
    .replaceAll(/[\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll(controls, " ")
    .trim();
}

/** Characters of a field that are sent at most. */
export const toWidth = ({ name }: VtigerField): number => WIDTHS[name] ?? TEXT_WIDTH;
const cut = (text: string, width: number): string => (text.length <= width ? text : text.slice(0, width));

function toLink(layout: Layout, contact: LinkedContact | null): Element {
  const field = contact === null ? undefined : layout.links.get(contact.module);
  if (contact === null || field === undefined) return {};
  return { [field]: contact.id, ...(layout.names.has("customertype") && { customertype: contact.module }) };
}

function toEventStatus(call: Call): string {
  return call.outcome === "in_progress" ? "Planned" : TALKED.has(call.outcome) ? "Held" : "Not Held";
}

/** Mandatory, and only in these forms: anything else breaks Vtiger with a stack trace. */
function toEventTimes(call: Call): Record<string, string> {
  const end = call.endedAt === null || call.endedAt < call.startedAt ? call.startedAt : call.endedAt;
  const seconds = toSeconds(call.startedAt, end);
  return {
    date_start: toDate(call.startedAt),
    time_start: toTime(call.startedAt),
    due_date: toDate(end),
    time_end: toTime(end),
    duration_hours: String(Math.floor(seconds / 3600)),
    duration_minutes: String(Math.floor((seconds % 3600) / 60)),
  };
}

/** What has no field of its own is at least readable; written once, because people add to it. */
function toDescription({ layout, language }: MappingInput, values: Record<CallField, Value>): Element {
  const lines = Object.entries(DETAILS).flatMap(([name, phrases]) => {
    const thing = name as CallField;
    const value = values[thing];
    if (value === null || (layout.targets.get(thing)?.length ?? 0) > 0) return [];
    return [`${phrases[language]}: ${toPlainText(String(value))}`];
  });
  return lines.length === 0 ? {} : { description: lines.join("\n") };
}

function withoutSubject(fields: Element, layout: Layout): Element {
  const kept = { ...fields };
  for (const { name } of layout.targets.get("subject") ?? []) delete kept[name];
  return kept;
}

const toSeconds = (from: Date, to: Date): number => Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
const toDateTime = (at: Date): string => at.toISOString().slice(0, 19).replace("T", " ");
const toDate = (at: Date): string => at.toISOString().slice(0, 10);
const toTime = (at: Date): string => at.toISOString().slice(11, 19);
