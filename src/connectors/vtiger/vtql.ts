/** Thrown when a value cannot be carried by a query; the connector must not send anything in its place. */
export class UncarriableValue extends Error {
  constructor(value: string) {
    super(`a query cannot carry ${JSON.stringify(value.slice(0, 40))}`);
    this.name = "UncarriableValue";
  }
}

/**
 * A string literal for `=`, `!=`, `in`. VTQL does not escape backslashes and its lexer knows no empty literal, while values
 * with quotes or angle brackets are stored HTML-encoded and 4-byte characters as `????`, so none of these can be found:
 * they are refused.
 */
export function toLiteral(value: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (value === "" || value.length > 255 || /[\u0000-\u001f\u007f;"\\<>]|[\u{10000}-\u{10ffff}]/u.test(value)) {
    throw new UncarriableValue(value);
  }
  return `'${value.replaceAll("'", "''")}'`;
}

/** A `like` pattern that finds the digits in this order whatever is written between them: `912` finds `(9) 1-2`. */
export function toDigitsPattern(digits: string): string {
  if (!/^\d{4,15}$/.test(digits)) throw new UncarriableValue(digits);
  return `'%${[...digits].join("%")}%'`;
}

/** A name of a field or module; taken from `describe` or our settings, never from a call. */
export function toName(name: string): string {
  if (!/^\w{1,64}$/.test(name)) throw new UncarriableValue(name);
  return name;
}
