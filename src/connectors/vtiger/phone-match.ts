import { parsePhoneNumberWithError } from "libphonenumber-js/max";
import { type PhoneNumber, parsePhoneNumber, toDigits } from "../../core/phone-number.ts";

/** The digits every way of writing the number ends with: the national number, without country code and trunk prefix. */
export function toNationalDigits(number: PhoneNumber): string {
  return parsePhoneNumberWithError(number).nationalNumber;
}

/**
 * Does a text that somebody typed into a phone field name this number? Digit by digit: with or without country code,
 * international prefix or trunk prefix, whatever the punctuation, with an extension after it or a second number beside it.
 * National forms count only when the number belongs to `country`, the tenant's.
 */
export function isSameNumber(typed: string, number: PhoneNumber, country: string): boolean {
  return typed.split(/[,;|\n]|\s\/\s|\s(?:o|or|y|and|или)\s/i).some((part) => isOneNumber(part, number, country));
}

function isOneNumber(typed: string, number: PhoneNumber, country: string): boolean {
  const text = typed.replace(/(?:ext|extension|x|#|доб)[\s.:]*\d{1,6}\D*$/i, "");
  if (parsePhoneNumber(text.replaceAll(/[^\d+]/g, ""), country) === number) return true;
  const parsed = parsePhoneNumberWithError(number);
  const national = parsed.nationalNumber;
  const code = parsed.countryCallingCode;
  const forms = [
    `${code}${national}`,
    `00${code}${national}`,
    `011${code}${national}`,
    `${code}0${national}`,
    `00${code}0${national}`,
  ];
  const domestic = parsed.country === country ? [national, `0${national}`, `8${national}`, `1${national}`] : [];
  const digits = text.replaceAll(/\D/g, "");
  return digits === toDigits(number) || [...forms, ...domestic].includes(digits);
}
