import { toFieldError } from "../../core/errors.ts";
import { sayField } from "../../core/field-words.ts";
import { type PhoneNumber, parsePhoneNumber } from "../../core/phone-number.ts";

/** E.164 of what an administrator typed; throws `invalid_field` naming `path`. */
export function toNumber(text: string, { country, path }: { country: string; path: string }): PhoneNumber {
  const number = parsePhoneNumber(text, country);
  if (number === undefined) throw toFieldError(path, sayField("phone"));
  return number;
}
