import { z } from "zod";
import { FIELD_SENTENCES } from "../../core/field-words.ts";
import { hasNoCredentials } from "../../kit/address-guard.ts";
import type { Language } from "../connector.ts";

/** What of a call can be written; each maps to a field of the CRM by name or label. See fields.ts for the defaults. */
export const CALL_FIELDS = [
  "call_uuid",
  "subject",
  "direction",
  "status",
  "customer_number",
  "from_number",
  "to_number",
  "start",
  "end",
  "duration",
  "talk",
  "recording_url",
  "pbx_system",
  "extension",
  "trunk",
  "disposition",
] as const;
export type CallField = (typeof CALL_FIELDS)[number];

export const LOOKUP_MODULES = ["Contacts", "Leads", "Accounts"] as const;
export type LookupModule = (typeof LOOKUP_MODULES)[number];

const toFieldTarget = (field: CallField) =>
  z.string().trim().max(100).optional().meta({ title: field, description: "Field name or label; empty: do not send." });
const fieldTargets = Object.fromEntries(CALL_FIELDS.map((field) => [field, toFieldTarget(field)])) as Record<
  CallField,
  ReturnType<typeof toFieldTarget>
>;

export const vtigerSettings = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: FIELD_SENTENCES.httpAddress })
    .max(500)
    .refine(hasNoCredentials, FIELD_SENTENCES.credentials)
    .meta({
      title: "Address",
      description: "Address of Vtiger, with or without /webservice.php.",
      examples: ["https://crm.example.test/webservice.php"],
    }),
  username: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ title: "User", description: "Log-in name of a CRM user of Enlace's own; nothing else may log in as it." }),
  accessKey: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .meta({ title: "Access key", description: "From that user's My Preferences, not the password.", secret: true }),
  module: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,60}$/, "must be a module's name, such as PBXManager")
    .default("PBXManager")
    .meta({ title: "Module for calls", description: "PBXManager, Events, or the name of a custom module." }),
  fieldMap: z.strictObject(fieldTargets).default({}).meta({
    title: "Fields",
    description: "Where to write what, by field name or label; what is not named goes to the module's usual fields.",
    mapped: true, // the console's mapping editor writes it, with the CRM's own labels
  }),
  ownerByExtension: z
    .record(z.string().regex(/^[\w.-]{1,20}$/), z.string().trim().min(1).max(100))
    .default({})
    .meta({
      title: "Owners by extension",
      description: "For extensions that no CRM user has as CRM Phone Extension: user name, group name or id (19x6).",
    }),
  fallbackOwner: z.string().trim().max(100).default("").meta({
    title: "Fallback owner",
    description: "User, group or id that gets all other calls; empty: Enlace's user.",
  }),
  lookupModules: z
    .array(z.enum(LOOKUP_MODULES))
    .max(LOOKUP_MODULES.length)
    .default([...LOOKUP_MODULES])
    .meta({ title: "Look for the caller in", description: "In this order; the first module with a match decides." }),
  deliverInProgress: z.boolean().default(false).meta({
    title: "Write calls that still ring",
    description: "Makes Vtiger pop up ringing calls; otherwise a call is written once it has ended.",
  }),
  deliverInternal: z.boolean().default(false).meta({
    title: "Write calls between extensions too",
    description: "Those that Enlace hears of by itself; one that is posted to the webhook is always written.",
  }),
  timeoutSeconds: z.int().min(1).max(120).default(20).meta({ title: "Patience per request, in seconds" }),
});
export type VtigerSettings = z.infer<typeof vtigerSettings>;

/** The endpoint, whatever part of Vtiger's address was given. */
export function toEndpoint(url: string): string {
  return `${toBaseUrl(url)}/webservice.php`;
}

export function toBaseUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname.replace(/\/(webservice|index)\.php\/?$/, "").replace(/\/+$/, "")}`;
}

/** Page of a record in Vtiger's user interface. */
export function toRecordUrl(settings: VtigerSettings, module: string, id: string): string {
  const page = module === "Events" ? "Calendar" : module;
  return `${toBaseUrl(settings.url)}/index.php?module=${page}&view=Detail&record=${id.replace(/^\d+x/, "")}`;
}

/** `<entity>x<number>`, the only form of id Vtiger has. */
export const recordId = z.string().regex(/^\d+x\d+$/);
export const isRecordId = (text: string): boolean => /^\d+x\d+$/.test(text);

export const challengeAnswer = z.object({ token: z.string().min(1) });
export const loginAnswer = z.object({
  sessionName: z.string().min(1),
  userId: recordId,
  vtigerVersion: z.string().default(""),
  /** Absent before 7.5. */
  is_admin: z.string().optional(),
});
export const listTypesAnswer = z.object({ types: z.array(z.string()) });

/** Every value is text or null; anything else is read as absent. */
export const record = z.looseObject({ id: recordId });
export const records = z.array(record);
export type VtigerRecord = z.infer<typeof record>;

/** What we remembered as JSON, or `undefined` when it is of another form than today's. */
export function parseKept<T>(schema: z.ZodType<T>, text: string | null): T | undefined {
  try {
    return text === null ? undefined : schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON: as good as forgotten
  }
}

/** A field's value as text, empty when it has none. */
export function toText(row: VtigerRecord, field: string): string {
  const value = row[field];
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

export const describeAnswer = z.object({
  name: z.string(),
  /** In the language of the API user. */
  label: z.string().catch(""),
  createable: z.boolean().default(false),
  updateable: z.boolean().default(false),
  idPrefix: z.string().default(""),
  labelFields: z.string().catch(""),
  fields: z.array(
    z.object({
      name: z.string(),
      label: z.string().default(""),
      mandatory: z.boolean().default(false),
      editable: z.boolean().catch(true),
      default: z.unknown(),
      type: z.object({ name: z.string(), refersTo: z.array(z.string()).catch([]).default([]) }),
    }),
  ),
});
export type VtigerModule = z.infer<typeof describeAnswer>;
export type VtigerField = VtigerModule["fields"][number];

export type Phrases = Readonly<Record<Language, string>>;
