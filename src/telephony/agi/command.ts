import { AppError } from "../../core/errors.ts";

/** Asterisk reads a command into 8,192 bytes, its end included. */
export const AGI_COMMAND_BYTES_MAX = 8192;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * The line of a command: fixed words, then each argument in quotes, with `"` and `\` escaped. Throws
 * `AppError("invalid_field")` on line breaks, control characters and lines that Asterisk would cut off.
 */
export function encodeCommand(words: string, args: readonly (string | number)[] = []): string {
  let line = words;
  for (const argument of args) line += ` ${toQuoted(String(argument))}`;
  if (CONTROL.test(line)) throw refuse("must not contain line breaks or control characters");
  if (line.length > AGI_COMMAND_BYTES_MAX / 4 && Buffer.byteLength(line) + 1 >= AGI_COMMAND_BYTES_MAX)
    throw refuse("is too long for AGI");
  return `${line}\n`;
}

const toQuoted = (argument: string): string =>
  `"${/[\\"]/.test(argument) ? argument.replaceAll(/[\\"]/g, "\\$&") : argument}"`;

function refuse(message: string): AppError {
  return new AppError("invalid_field", `an AGI argument ${message}`, { fields: [{ path: "argument", message }] });
}
