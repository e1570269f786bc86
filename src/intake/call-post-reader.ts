import type { FieldProblem } from "../core/errors.ts";
import { type PartyNumber, parsePartyNumber } from "../core/phone-number.ts";
import { parseInstant } from "./instant.ts";

/**
 * Reads the fields of a posted call, each once, and notes what is wrong with those that cannot be taken. schema.ts says the
 * same to readers of the API document, and a test holds the two together; it does not read, because every call of a busy
 * PBX would pay for that.
 */
export interface CallPostReader {
  readonly problems: FieldProblem[];
  /** As the schema wants it; empty text where it is refused. */
  callUuid(): string;
  /** Trimmed; blank is nothing. Every reader answers `undefined` for nothing and for what it refuses. */
  text(name: string, max: number): string | undefined;
  /** Extensions and numbers often come as JSON numbers. */
  textOrNumber(name: string, max: number): string | undefined;
  party(name: string): PartyNumber | undefined;
  /** One of a list of words. */
  word<T>(name: string, parse: (text: string) => T | undefined, list: string): T | undefined;
  instant(name: string): Date | undefined;
  /** Whole seconds, as a number or as text. */
  seconds(name: string): number | undefined;
  webUrl(name: string): string | undefined;
}

/** Whose clock and dialling habits a post is read by. */
export interface Locale {
  /** IANA. */
  timeZone: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
}

export const CALL_UUID = /^[A-Za-z0-9._:@-]{1,100}$/;
export const SECONDS_MAX = 999_999_999;
export const WORD_LENGTH_MAX = 100;
export const RECORDING_URL_MAX = 2_000;

export const MESSAGES = {
  text: "must be text",
  tooLong: (max: number) => `must have at most ${max} characters`,
  textOrNumber: (max: number) => `must be text of at most ${max} characters, or a whole number`,
  callUuid: "must be 1 to 100 of A-Z a-z 0-9 . _ : @ -",
  instant: "must be an ISO-8601 date and time of 1970 to 2099, such as 2025-08-02T14:00:00Z",
  word: (list: string) => `must be one of ${list}`,
  seconds: `must be whole seconds from 0 to ${SECONDS_MAX}`,
  webUrl: "must be an http or https address",
} as const;

export function createCallPostReader(post: Readonly<Record<string, unknown>>, locale: Locale): CallPostReader {
  const problems: FieldProblem[] = [];
  const refuse = (path: string, message: string): undefined => void problems.push({ path, message });

  function text(name: string, max: number): string | undefined {
    const value = post[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") return refuse(name, MESSAGES.text);
    if (value.length > max) return refuse(name, MESSAGES.tooLong(max));
    return value.trim() || undefined;
  }

  function textOrNumber(name: string, max: number): string | undefined {
    const value = post[name];
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string") return text(name, max);
    return isWhole(value) ? String(value) : refuse(name, MESSAGES.textOrNumber(max));
  }

  function word<T>(name: string, parse: (text: string) => T | undefined, list: string): T | undefined {
    const said = text(name, WORD_LENGTH_MAX);
    return said === undefined ? undefined : (parse(said) ?? refuse(name, MESSAGES.word(list)));
  }

  return {
    problems,
    text,
    textOrNumber,
    word,
    callUuid: () => {
      const value = post.call_uuid;
      if (typeof value === "string" && CALL_UUID.test(value)) return value;
      refuse("call_uuid", typeof value === "string" ? MESSAGES.callUuid : MESSAGES.text);
      return "";
    },
    party: (name) => {
      const said = textOrNumber(name, 100);
      return said === undefined ? undefined : parsePartyNumber(said, locale.country);
    },
    instant: (name) => {
      const said = text(name, WORD_LENGTH_MAX);
      return said === undefined ? undefined : (parseInstant(said, locale.timeZone) ?? refuse(name, MESSAGES.instant));
    },
    seconds: (name) => {
      const value = post[name];
      if (value === undefined || value === null || value === "") return undefined;
      const isGood = typeof value === "string" ? /^\d{1,9}$/.test(value) : isWhole(value) && value <= SECONDS_MAX;
      return isGood ? Number(value) : refuse(name, MESSAGES.seconds);
    },
    webUrl: (name) => {
      const url = text(name, RECORDING_URL_MAX);
      return url === undefined || isWebUrl(url) ? url : refuse(name, MESSAGES.webUrl);
    },
  };
}

export function isWebUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function isWhole(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
