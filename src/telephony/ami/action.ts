import { AppError } from "../../core/errors.ts";

/** One action for Asterisk, without its ActionID. Fields that are `undefined` are left out. */
export interface AmiAction {
  name: string;
  fields?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Channel variables; a name may begin with `_` or `__` (inherited). Asterisk drops leading blanks of a value. */
  variables?: Readonly<Record<string, string>>;
}

/** Asterisk's own limits: main/manager.c keeps 1,024 bytes a line and 128 headers. */
export const AMI_LINE_BYTES_MAX = 1024;
const HEADERS_MAX = 128;
const HEADER_NAME = /^[A-Za-z][A-Za-z0-9-]{0,63}$/;
const VARIABLE_NAME = /^_{0,2}[A-Za-z][A-Za-z0-9_]{0,79}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * The bytes of an action. Throws `AppError("invalid_field")` when a value could begin a header of its own, hides a control
 * character or makes a line that Asterisk refuses: no text from outside ever becomes a second header or action.
 */
export function encodeAction({ name, fields = {}, variables = {} }: AmiAction, actionId: string): string {
  const lines = [toLine("Action", name), toLine("ActionID", actionId)];
  for (const [field, value] of Object.entries(fields))
    if (value !== undefined) lines.push(toLine(field, String(value)));
  for (const [variable, value] of Object.entries(variables)) lines.push(toVariableLine(variable, value));
  if (lines.length > HEADERS_MAX) throw refuse(name, `has more than ${HEADERS_MAX} headers`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** AMI splits `Variable` at commas and takes quotes and backslashes away, so each of them gets a backslash. */
function toVariableLine(variable: string, value: string): string {
  if (!VARIABLE_NAME.test(variable)) throw refuse("Variable", "is not the name of a channel variable");
  return toLine("Variable", `${variable}=${value.replaceAll(/[\\",]/g, "\\$&")}`, variable);
}

function toLine(header: string, value: string, path = header): string {
  if (!HEADER_NAME.test(header)) throw refuse(header, "is not the name of a header");
  if (CONTROL.test(value)) throw refuse(path, "must not contain line breaks or control characters");
  const line = `${header}: ${value}`;
  if (Buffer.byteLength(line) + 2 > AMI_LINE_BYTES_MAX) throw refuse(path, "is too long for AMI");
  return line;
}

function refuse(path: string, message: string): AppError {
  return new AppError("invalid_field", `AMI: ${path.slice(0, 80)} ${message}`, {
    fields: [{ path, message }],
  });
}
