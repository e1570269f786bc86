import { type CountryCode, parsePhoneNumberWithError } from "libphonenumber-js/max";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { isTimeZone } from "../../kit/time-zone.ts";
import listed from "./number-zones.json" with { type: "json" };

/*
 * Where somebody may be whose number begins like this: the zones of the longest prefix that number-zones.json knows. The file
 * is made by test/tools/number-zones.ts out of libphonenumber's list (Apache License 2.0, Copyright The Libphonenumber
 * Authors). Two things are wider here than there, since a wrong guess wakes somebody: in North America an area code is as fine
 * as it gets, because numbers are carried along; and mobile numbers that are bound to no place, like numbers whose prefix
 * says no more than the country, are taken to be in any zone of the country (tz data).
 */

/** Mobile ranges without a place, in countries of several zones. */
const ANYWHERE: Readonly<Record<string, string>> = {
  "346": "ES",
  "347": "ES",
  "3519": "PT",
  "569": "CL",
  "5939": "EC",
  "614": "AU",
  "628": "ID",
  "642": "NZ",
  "77": "KZ",
  "79": "RU",
};

const zonesByPrefix = new Map<string, readonly string[]>();
for (const [zones, prefixes] of Object.entries(listed)) {
  const known = Object.freeze(zones.split(" ").filter(isTimeZone));
  for (const prefix of prefixes.split(" ")) zonesByPrefix.set(prefix, known);
}
for (const [prefix, country] of Object.entries(ANYWHERE)) zonesByPrefix.set(prefix, zonesOfCountry(country));

/** So many digits after the plus sign decide about zones and country. */
export const PLACE_DIGITS = 8;

/** All zones in which the owner of the number may be; empty: nobody knows, so there is no hour at which they may be called. */
export function toCandidateZones(number: PhoneNumber): readonly string[] {
  for (let length = Math.min(PLACE_DIGITS, number.length - 1); length > 0; length--) {
    const zones = zonesByPrefix.get(number.slice(1, 1 + length));
    if (!zones) continue;
    const country = length === 1 ? toCountry(number) : null; // +1 and +7 are several countries
    return country === null ? zones : zonesOfCountry(country);
  }
  const country = toCountry(number);
  return country === null ? [] : zonesOfCountry(country);
}

const COUNTRIES_MAX = 50_000;
const countries = new Map<string, string | null>();

/** ISO 3166-1 alpha-2 of a number; `null` where its range says none. Decided by its first 8 digits, and remembered. */
export function toCountry(number: PhoneNumber): string | null {
  const key = `${number.slice(0, 1 + PLACE_DIGITS)} ${number.length}`;
  const known = countries.get(key);
  if (known !== undefined) return known;
  const country = parseCountry(number);
  if (countries.size >= COUNTRIES_MAX) countries.clear();
  countries.set(key, country);
  return country;
}

function parseCountry(number: PhoneNumber): string | null {
  try {
    const parsed = parsePhoneNumberWithError(number);
    return parsed.country ?? parsed.getPossibleCountries()[0] ?? null;
  } catch {
    return null; // the library's way to say "not a number"
  }
}

const SHOWN_MAX = 10_000;
const shown = new Map<string, boolean>();

/** Whether it is a mobile number as far as one can tell; where a plan does not tell them apart, it is not. For the few of our own. */
export function isMobile(number: PhoneNumber): boolean {
  const known = shown.get(number);
  if (known !== undefined) return known;
  const mobile = parseIsMobile(number);
  if (shown.size >= SHOWN_MAX) shown.clear();
  shown.set(number, mobile);
  return mobile;
}

function parseIsMobile(number: PhoneNumber): boolean {
  try {
    return parsePhoneNumberWithError(number).getType() === "MOBILE";
  } catch {
    return false; // the library's way to say "not a number"
  }
}

function zonesOfCountry(country: CountryCode | string): readonly string[] {
  const locale = new Intl.Locale(`und-${country}`) as Intl.Locale & { getTimeZones?(): string[] | undefined };
  return Object.freeze(locale.getTimeZones?.() ?? []);
}
