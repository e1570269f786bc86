// What Vtiger's modules look like and what its columns make of the values sent: widths, numbers, dates, characters.

import { unknownError, WsError } from "./fake-vtql.ts";
import modules from "./fixtures/modules.json" with { type: "json" };

export interface FakeField {
  name: string;
  label: string;
  mandatory: boolean;
  editable: boolean;
  nullable: boolean;
  default: unknown;
  isunique?: boolean;
  type: { name: string; refersTo?: string[] };
}
export interface FakeModule {
  name: string;
  label: string;
  idPrefix: string;
  labelFields: string;
  createable: boolean;
  updateable: boolean;
  fields: FakeField[];
}

/** The database refuses the statement: a stack trace with HTTP 200. */
export class StackTrace extends Error {}

/** A fresh copy of the recorded modules; without `customFields` only what a new installation has. */
export function loadModules({ customFields }: { customFields: boolean }): Map<string, FakeModule> {
  const copies = structuredClone(modules) as unknown as Record<string, FakeModule>;
  if (copies.Events) copies.Calendar = { ...copies.Events, name: "Calendar", label: "Tasks", idPrefix: "9" };
  for (const module of Object.values(copies)) {
    if (customFields || module.name === "Calls") continue;
    module.fields = module.fields.filter(({ name }) => !name.startsWith("cf_"));
  }
  return new Map(Object.entries(copies));
}

/** Columns whose width is known; everything longer is cut without a word. */
const WIDTHS: Readonly<Record<string, number>> = {
  direction: 10,
  callstatus: 20,
  gateway: 20,
  recordingurl: 200,
  sourceuuid: 100,
  customernumber: 100,
  subject: 255,
};

/** What is stored of a value. Throws where Vtiger breaks. References and owners are the store's business. */
export function toStored(module: string, { name, type }: FakeField, value: unknown): string {
  const text = value === null || value === undefined ? "" : String(value);
  switch (type.name) {
    case "integer":
      return toInteger(text);
    case "boolean":
      return /^(1|on|true|yes)$/i.test(text) ? "1" : "0";
    case "datetime":
      return toDateTime(text);
    case "date":
      return module === "Events" ? toEventDate(text) : text;
    case "time":
      if (/^(2[4-9]|[3-9]\d):|:[6-9]\d/.test(text)) throw unknownError();
      return text;
    default:
      return [...text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, "????")].slice(0, WIDTHS[name] ?? 255).join("");
  }
}

export function toEmpty({ type, default: fallback }: FakeField): string {
  if (type.name === "double") return "0.00000000";
  if (type.name === "integer" || type.name === "boolean") return "0";
  return typeof fallback === "string" && type.name !== "picklist" ? fallback : "";
}

function toInteger(text: string): string {
  const number = Number.parseFloat(text);
  return Number.isNaN(number) ? "0" : String(Math.max(-2_147_483_648, Math.min(2_147_483_647, Math.round(number))));
}

/** An offset or a Z is dropped, not applied. */
function toDateTime(text: string): string {
  if (text === "") return "";
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})/.exec(text);
  return match ? `${match[1]} ${match[2]}` : "0000-00-00 00:00:00";
}

function toEventDate(text: string): string {
  const iso = /^(\d{4}-\d{2}-\d{2})(?: \d{2}:\d{2}:\d{2})?$/.exec(text);
  if (iso) return iso[1] ?? "";
  const local = /^(\d{2})([-/])(\d{2})[-/](\d{4})$/.exec(text);
  if (!local) throw new StackTrace(`Query Failed: Incorrect date value: '${text}'`);
  return `${local[4]}-${local[3]}-${local[1]}`;
}

/** Recomputed from the dates, whatever was sent. */
export function toEventDuration(fields: Readonly<Record<string, string>>): Record<string, string> {
  const at = (day: string, time: string): number =>
    Date.parse(`${fields[day]}T${(fields[time] ?? "").padEnd(8, ":00")}Z`);
  const seconds = (at("due_date", "time_end") - at("date_start", "time_start")) / 1000;
  if (Number.isNaN(seconds)) return {};
  return {
    duration_hours: String(Math.floor(seconds / 3600)),
    duration_minutes: String(Math.floor((seconds % 3600) / 60)),
  };
}

/** Kept HTML-encoded, so that a query with the plain text does not find it. */
export const toColumn = (text: string): string =>
  /["<>]/.test(text)
    ? text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    : text;

/** As given back: quotes as they were, angle brackets encoded. */
export const toShown = (text: string): string => text.replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export const isEmptyReference = (value: unknown): boolean => value === null || value === undefined || value === "";
export const invalidId = (): WsError => new WsError("INVALID_ID_ATTRIBUTE", "Id specified is incorrect");
