import { createSentences, type Sentence } from "./sentence.ts";

// What can be wrong with one field of a request, in sentences that follow the field's name. Schemas take their messages from here
// (`FIELD_SENTENCES.clock`), and `toFieldSentence` knows by the message which sentence it is.

export const FIELD_SENTENCES = {
  required: "is required",
  text: "must be text",
  number: "must be a number",
  whole: "must be a whole number",
  yesNo: "must be true or false",
  list: "must be a list",
  object: "must be an object",
  empty: "must not be empty",
  short: "must have at least {min} characters",
  long: "may have at most {max} characters",
  low: "must be at least {min}",
  high: "must be at most {max}",
  above: "must be more than {min}",
  below: "must be less than {max}",
  few: "must have at least {min} entries",
  many: "may have at most {max} entries",
  choice: "must be one of {choices}",
  unknown: "is not known here",
  invalid: "is not valid",
  format: "is not written as it must be",
  date: "must be a date such as 2026-12-31",
  instant: "must be an instant such as 2026-12-31T09:00:00Z",
  url: "must be an address such as https://crm.example.test/",
  id: "is not an id",
  phone: "is not a phone number",
  phoneStart: "must be the beginning of a number with its country code",
  extension: "must be 2 to 10 digits",
  unknownExtension: "is not known; see GET /api/v1/extensions",
  digits: "must be digits",
  clock: "must be HH:MM",
  clockSeconds: "must be HH:MM or HH:MM:SS",
  noTime: "is not a time of day",
  hoursBackwards: "must end after it begins; a night is two ranges",
  line: "must be one line",
  key: "must be one of 0-9 * #",
  keys: "may have ten of 0-9 * #",
  zone: "is not an IANA time zone",
  country: "is not an ISO 3166-1 alpha-2 country",
  httpAddress: "must be an http or https address",
  credentials: "must not carry credentials",
  host: "is not a host name or address",
  network: "is neither an address nor a network",
  path: "must be an absolute path",
  context: "is not the name of a context",
  trunkName: "is not the name of a trunk",
  past: "is in the past",
  missing: "is missing",
  emptyFile: "is empty",
  username: "must be 2 to 64 of a-z, 0-9 and . _ @ + -, starting with a letter or digit",
} as const;

export const sayField = createSentences("field", FIELD_SENTENCES);

/** What a schema found wrong, in zod's words: `params` is the issue without its path and message. */
export interface FieldIssue {
  keyword?: string | undefined;
  message?: string | undefined;
  params?: Readonly<Record<string, unknown>> | undefined;
}

/** `null`: a schema's own sentence that has no name. */
export function toFieldSentence({ keyword = "", message = "", params = {} }: FieldIssue): Sentence | null {
  const name = NAMES.get(message);
  if (name) return sayField(name);
  if (!ZODS_OWN.test(message)) return null;
  if (/received undefined$/.test(message)) return sayField("required");
  return Object.hasOwn(KINDS, keyword) ? (KINDS[keyword]?.(params) ?? null) : sayField("invalid");
}

/** How zod's own messages begin; everything else was written in a schema. */
const ZODS_OWN = /^(Invalid|Too small|Too big|Unrecognized)\b/;

type Unfilled = {
  [N in keyof typeof FIELD_SENTENCES]: (typeof FIELD_SENTENCES)[N] extends `${string}{${string}` ? never : N;
};
type Name = Unfilled[keyof Unfilled];
const NAMES: ReadonlyMap<string, Name> = new Map(
  Object.entries(FIELD_SENTENCES).flatMap(([name, text]) => (text.includes("{") ? [] : [[text, name as Name]])),
);

const KINDS: Readonly<Record<string, (params: Readonly<Record<string, unknown>>) => Sentence>> = {
  invalid_type: ({ expected }) => sayField(TYPES.get(String(expected)) ?? "invalid"),
  invalid_format: ({ format }) => sayField(FORMATS.get(String(format)) ?? "format"),
  invalid_value: ({ values }) => sayField("choice", { choices: Array.isArray(values) ? values.map(String) : [] }),
  too_small: ({ origin, minimum, inclusive }) => {
    const min = Number(minimum);
    if (origin === "string") return min === 1 ? sayField("empty") : sayField("short", { min });
    if (origin === "array" || origin === "set") return sayField("few", { min });
    return inclusive === false ? sayField("above", { min }) : sayField("low", { min });
  },
  too_big: ({ origin, maximum, inclusive }) => {
    const max = Number(maximum);
    if (origin === "string") return sayField("long", { max });
    if (origin === "array" || origin === "set") return sayField("many", { max });
    return inclusive === false ? sayField("below", { max }) : sayField("high", { max });
  },
};
const TYPES: ReadonlyMap<string, Name> = new Map<string, Name>([
  ["string", "text"],
  ["number", "number"],
  ["int", "whole"],
  ["boolean", "yesNo"],
  ["array", "list"],
  ["object", "object"],
  ["record", "object"],
]);
const FORMATS: ReadonlyMap<string, Name> = new Map<string, Name>([
  ["date", "date"],
  ["datetime", "instant"],
  ["url", "url"],
]);
