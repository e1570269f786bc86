import { AppError } from "../core/errors.ts";

/**
 * How a PBX is told whom to ring, one template per PBX: `PJSIP/${number}@${trunk}`, `SIP/${trunk}/${prefix}${number}`
 * (chan_sip, gone since Asterisk 21), `Local/${number}@from-internal`, `PJSIP/${extension}`.
 */
export interface DialValues {
  /** Digits, with or without a plus. */
  number?: string;
  trunk?: string;
  prefix?: string;
  extension?: string;
}

const VALUE: Readonly<Record<keyof DialValues, RegExp>> = {
  number: /^\+?[\d*#]{2,32}$/,
  trunk: /^[A-Za-z0-9_.-]{1,64}$/,
  prefix: /^[\d*#+]{0,16}$/,
  extension: /^[\d*#]{1,16}$/,
};
const PLACEHOLDER = /\$\{(\w+)\}/g;
const TEMPLATE = /^[A-Za-z0-9]+\/[A-Za-z0-9_.@/+*#-]*$/;

/** Throws `AppError("invalid_field")` when the text is not a channel with known placeholders. */
export function checkDialTemplate(template: string): void {
  for (const [, name = ""] of template.matchAll(PLACEHOLDER)) {
    if (!Object.hasOwn(VALUE, name)) throw refuse("template", `has an unknown placeholder ${name.slice(0, 40)}`);
  }
  if (!TEMPLATE.test(template.replaceAll(PLACEHOLDER, "1"))) throw refuse("template", "is not a channel");
}

/** The channel for Originate. Throws `AppError("invalid_field")` on a value that could mean anything but itself. */
export function fillDialTemplate(template: string, values: DialValues): string {
  checkDialTemplate(template);
  return fill(template, values);
}

/** What a phone of the PBX dials for a number: `${number}`, `9${number}`. Throws as above. */
export function fillNumberTemplate(template: string, number: string): string {
  const dialed = fill(template, { number });
  if (!VALUE.number.test(dialed)) throw refuse("number", "cannot be dialled");
  return dialed;
}

function fill(template: string, values: DialValues): string {
  return template.replaceAll(PLACEHOLDER, (_, name: keyof DialValues) => {
    const value = values[name] ?? (name === "prefix" ? "" : undefined);
    if (value === undefined || !VALUE[name].test(value)) throw refuse(name, "cannot be dialled");
    return value;
  });
}

function refuse(path: string, message: string): AppError {
  return new AppError("invalid_field", `${path} ${message}`, { fields: [{ path, message }] });
}
