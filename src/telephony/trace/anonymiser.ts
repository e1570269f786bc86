import type { Random } from "../../kit/random.ts";
import type { AmiMessage } from "../ami/message.ts";
import { isKept, isPersonal, VOCABULARY } from "./vocabulary.ts";

/*
 * Numbers, names, hosts and ids of a stream are replaced by others of the same shape; the same one by the same other, so that
 * the calls that result differ from the real ones in nothing but names. What stays: Asterisk's own words, numbers of up to five
 * digits (extensions, which say who is inside), and the first digits of longer ones (the country, the kind of line).
 */
export interface Anonymiser {
  /** One header's value. */
  value(header: string, text: string): string;
  /** A message without the headers that nobody can judge; `undefined` for one that tells nothing of calls. */
  message(message: AmiMessage): Record<string, string> | undefined;
  /** How many replacements are held. */
  size(): number;
}

/** Replacements held: the recording ends rather than forget one. */
export const REPLACEMENTS_MAX = 200_000;

export class TooManyNamesError extends Error {
  constructor() {
    super(`the trace holds more than ${REPLACEMENTS_MAX} different names and numbers`);
    this.name = "TooManyNamesError";
  }
}

const TOKEN = /\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)|[\p{L}\p{N}_]+/gu;
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const SHORT = /^\d{1,5}$/;
/** The suffix of a channel's name, the parts of a bridge's id. */
const HEX = /^[0-9a-f]{4,}$/;
const DIGITS = /^\d+$/;
/** Numbers are written with and without country code and prefix: the end says which line it is. */
const LINE_DIGITS = 8;
/** Without vowels nobody is called like that, and none is a hexadecimal digit. */
const LETTERS = "ghjkmnpqrstvwxz";

export function createAnonymiser({ random }: { random: Random }): Anonymiser {
  const replaced = new Map<string, string>();
  const given = new Set<string>();

  /** The same for the same, never one that was met or given before. */
  function replace(kind: string, text: string, make: () => string): string {
    const key = `${kind} ${text}`;
    const known = replaced.get(key);
    if (known !== undefined) return known;
    if (replaced.size >= REPLACEMENTS_MAX) throw new TooManyNamesError();
    let other = make();
    while (other === text || given.has(`${kind} ${other}`)) other = make();
    given.add(`${kind} ${other}`);
    given.add(key);
    replaced.set(key, other);
    return other;
  }

  const pick = (alphabet: string): string => alphabet[Math.floor(random.fraction() * alphabet.length)] ?? "0";
  const digits = (length: number): string => Array.from({ length }, () => pick("0123456789")).join("");

  /** Of the same length; zeros that lead and the digits before the line's own eight stay. */
  function replaceNumber(text: string): string {
    const before = text.slice(0, -LINE_DIGITS);
    const line = text.slice(-LINE_DIGITS);
    const zeros = before === "" ? (/^0{0,3}/.exec(line)?.[0] ?? "") : "";
    const rest = line.slice(zeros.length);
    const other = replace(
      `line ${zeros.length}`,
      rest,
      () => `${before === "" ? pick("123456789") : pick("0123456789")}${digits(rest.length - 1)}`,
    );
    return `${before.length > 5 ? replaceNumber(before) : before}${zeros}${other}`;
  }

  const replaceHex = (text: string): string =>
    replace("hex", text, () => Array.from({ length: text.length }, () => pick("0123456789abcdef")).join(""));
  const replaceName = (text: string): string =>
    replace("name", text, () => `n${Array.from({ length: 7 }, () => pick(LETTERS)).join("")}`);
  const replaceAddress = (text: string): string =>
    replace("address", text, () => `198.18.${Number(digits(2))}.${1 + Number(digits(2))}`);

  function replaceToken(token: string, before: string, words: ReadonlySet<string>): string {
    if (ADDRESS.test(token)) return replaceAddress(token);
    if (words.has(token)) return token;
    if (SHORT.test(token)) return words.size > 0 ? token : replaceName(token);
    if (HEX.test(token) && before === "-") return replaceHex(token);
    if (DIGITS.test(token)) return replaceNumber(token);
    return replaceName(token);
  }

  const value = (header: string, text: string): string => {
    const words = isPersonal(header) ? NO_WORDS : VOCABULARY;
    if (text === "<unknown>" || header === "Event") return text;
    return text.replace(TOKEN, (token, index: number) => replaceToken(token, text[index - 1] ?? "", words));
  };

  return {
    value,
    size: () => replaced.size,
    message: ({ fields }) => {
      if (fields[0] !== "Event" || !isAboutCalls(fields[1] ?? "")) return undefined;
      const line: Record<string, string> = {};
      for (let index = 0; index < fields.length; index += 2) {
        const [header = "", text = ""] = [fields[index], fields[index + 1]];
        if (isKept(header) && text !== "" && line[header] === undefined) line[header] = value(header, text);
      }
      return line;
    },
  };
}

const NO_WORDS: ReadonlySet<string> = new Set();
/** Variables, user events and registrations hold what nobody can judge. */
const isAboutCalls = (event: string): boolean =>
  /^[A-Za-z]{3,40}$/.test(event) &&
  !/^(VarSet|UserEvent|Newexten|RTCP|Contact|Peer|Registry|Device|Extension|Presence|Message|Challenge|Auth|Invalid|Success|Failed|FullyBooted|Shutdown|Reload|Cel$|CEL)/.test(
    event,
  );
