import type { Language } from "./prompt-texts.ts";

/** The longest text that is spoken, variables filled in. */
export const SPOKEN_CHARS_MAX = 1_500;
const VALUE_CHARS_MAX = 120;
const PLACEHOLDER = /\{\{\s*([^{}]{1,60}?)\s*\}\}/g;

/** Names of the variables in a text, each once. */
export function listVariables(text: string): string[] {
  return [...new Set([...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name))];
}

/**
 * What is said to one callee: `Hola {{nombre}}, debe {{saldo}}` with this callee's variables in it, names of variables in
 * any case. One that the callee does not have is left out. Values become words: `ANA PÉREZ` is a name and not letters,
 * `1.234,50` a number as the language says it, `00451-77` and other long numbers are read digit by digit.
 */
export function toSpokenText(
  text: string,
  { variables, language }: { variables: Readonly<Record<string, string>>; language: Language },
): string {
  const values = new Map(Object.entries(variables).map(([name, value]) => [toKey(name), value]));
  const filled = text.replaceAll(PLACEHOLDER, (_, name: string) => toWords(values.get(toKey(name)) ?? "", language));
  return toPlainText(filled).slice(0, SPOKEN_CHARS_MAX);
}

const toKey = (name: string): string => name.trim().toLocaleLowerCase("en").normalize("NFC");

/** `[[…]]` would be phonemes to espeak-ng, and tags could be orders to another engine. */
function toPlainText(text: string): string {
  return text
    .replaceAll(/[<>[\]\\`|^~]/g, " ")
    .replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}]/gu, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll(/ ([,.;:!?])/g, "$1")
    .trim();
}

function toWords(given: string, language: Language): string {
  const value = toPlainText(given).slice(0, VALUE_CHARS_MAX);
  if (/^-?[\d.,\s]*\d$/.test(value)) return toNumber(value, language);
  if (/^\+?[\d\s().-]*\d$/.test(value)) return toDigits(value);
  return value.replaceAll(/\p{Lu}[\p{Lu}\p{M}]+/gu, toName);
}

/** A code or a phone number: eight digits and more, or zeros in front. */
const isCode = (digits: string): boolean => digits.length > 8 || /^0\d/.test(digits);

/** An amount, written with a point or a comma for its decimals. */
function toNumber(value: string, language: Language): string {
  const isNegative = value.startsWith("-");
  const [, whole = "", decimals = ""] =
    /^(.*?)(?:[.,](\d{1,2}))?$/.exec(value.replace(/^-/, "").replaceAll(/\s/g, "")) ?? [];
  const isGrouped = /^\d{1,3}([.,]\d{3})*$/.test(whole) || /^\d+$/.test(whole);
  const digits = whole.replaceAll(/\D/g, "");
  if (!isGrouped || digits === "" || (isCode(digits) && !/[.,]/.test(value))) return toDigits(value);
  const point = language === "en" ? "." : ",";
  const shown = /^0+$/.test(decimals) || decimals === "" ? "" : `${point}${decimals}`;
  return `${isNegative ? "-" : ""}${BigInt(digits)}${shown}`;
}

const toDigits = (value: string): string => [...value.replaceAll(/\D/g, "")].join(" ");

const toName = (word: string): string => word.charAt(0) + word.slice(1).toLocaleLowerCase();
