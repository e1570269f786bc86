import { type CountryCode, isSupportedCountry, parsePhoneNumberWithError } from "libphonenumber-js/max";
import type { Brand } from "./brand.ts";
import { readPlainNumber } from "./plain-number.ts";

/** E.164 with its plus sign: `+34123456789`. The only form in which a number crosses a border. */
export type PhoneNumber = Brand<string, "PhoneNumber">;

/**
 * One end of a call: a public number, an extension of the PBX, or somebody who hides.
 * `text` is what the source wrote, kept for people; `number` and `extension` are what programs use.
 */
export type PartyNumber =
  | { kind: "number"; text: string; number: PhoneNumber }
  | { kind: "extension"; text: string; extension: string }
  | { kind: "other"; text: string }
  | { kind: "withheld"; text: string };

const WITHHELD = /^(|anonymous|unknown|<unknown>|private|withheld|restricted|unavailable|asterisk|s)$/i;
const EXTENSION = /^\d{2,6}$/;

/**
 * E.164 of what a person or a PBX wrote, or `undefined`. `country` (ISO 3166-1 alpha-2) is assumed where the text has no
 * country code. Numbers of a right length that no plan lists are kept: PBXs see new ranges before libraries do.
 */
export function parsePhoneNumber(text: string, country: string): PhoneNumber | undefined {
  const compact = text.replaceAll(/[\s().\-/]/g, "").replace(/^00(?=[1-9])/, "+");
  if (!/^\+?\d{5,15}$/.test(compact)) return undefined;
  const plain = compact.startsWith("+") ? readPlainNumber(compact) : undefined;
  if (plain !== undefined) return (plain ?? undefined) as PhoneNumber | undefined;
  try {
    const parsed = parsePhoneNumberWithError(
      compact,
      isSupportedCountry(country) ? (country as CountryCode) : undefined,
    );
    return parsed.isPossible() ? (parsed.number as PhoneNumber) : undefined;
  } catch {
    return undefined; // the library's way to say "not a number"
  }
}

/** The same few numbers come again and again: our own lines, and each caller with every fact of the call. */
const REMEMBERED_MAX = 5_000;
const remembered = new Map<string, PartyNumber>();

/** Reads one end of a call. Never fails: what is not a number or an extension is kept as written. */
export function parsePartyNumber(text: string, country: string): PartyNumber {
  const key = `${country} ${text}`;
  const known = remembered.get(key);
  if (known) return known;
  const party = Object.freeze(readParty(text.trim(), country));
  if (remembered.size >= REMEMBERED_MAX) remembered.clear();
  remembered.set(key, party);
  return party;
}

function readParty(text: string, country: string): PartyNumber {
  if (WITHHELD.test(text)) return { kind: "withheld", text };
  if (EXTENSION.test(text)) return { kind: "extension", text, extension: text };
  const number = parsePhoneNumber(text, country);
  return number ? { kind: "number", text, number } : { kind: "other", text };
}

/** What to show for one end of a call: the E.164 number, the extension, or the words of the source. */
export function toPartyText(party: PartyNumber): string {
  return party.kind === "number" ? party.number : party.kind === "extension" ? party.extension : party.text;
}

/** Digits only, without the plus: the one safe form in queries of other systems. */
export function toDigits(number: PhoneNumber): string {
  return number.slice(1);
}

/** As one dials it on a phone in `country`: `600000001`, `0044…`; the plus form where the library knows no other. */
export function toDialed(number: PhoneNumber, country: string): string {
  if (!isSupportedCountry(country)) return number;
  const dialed = parsePhoneNumberWithError(number).format("IDD", { fromCountry: country as CountryCode });
  return dialed ? dialed.replaceAll(/\D/g, "") : number;
}
