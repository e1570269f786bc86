/**
 * Many rows in one statement: each column travels as one array and `unnest` makes rows of them again. One plan for any
 * number of rows, and much cheaper for PostgreSQL than rows as JSON.
 */
export interface Column<R> {
  name: string;
  /** PostgreSQL's name of the type, without `[]`. */
  type: string;
  /** The value as PostgreSQL reads it in text form; `null` is NULL. */
  of(row: R): string | number | Date | null;
}

/** `unnest(…) as <alias>(…)` over the parameters from `$<first>` on. */
export function toUnnest<R>(columns: readonly Column<R>[], alias: string, first = 1): string {
  const parameters = columns.map(({ type }, index) =>
    isJson(type) ? `string_to_array($${first + index}::text, E'\\x01', '')::${type}[]` : `$${first + index}::${type}[]`,
  );
  return `unnest(${parameters.join(", ")}) as ${alias}(${columns.map(({ name }) => name).join(", ")})`;
}

/** One parameter per column, in their order. */
export function toColumnArrays<R>(columns: readonly Column<R>[], rows: readonly R[]): string[] {
  return columns.map(({ type, of }) => (isJson(type) ? toJoined(of, rows) : toLiteral(of, rows)));
}

const isJson = (type: string): boolean => type === "json" || type === "jsonb";

/** JSON is made of quotes, each of which an array literal would escape; and it has no use for U+0001, nor for nothing at all. */
const BETWEEN = "\x01";

function toJoined<R>(of: Column<R>["of"], rows: readonly R[]): string {
  let joined = "";
  let isFirst = true;
  for (const row of rows) {
    const text = of(row) ?? "";
    if (typeof text !== "string" || text.includes(BETWEEN))
      throw new TypeError("a column of JSON holds something else");
    joined += isFirst ? text : BETWEEN + text;
    isFirst = false;
  }
  return joined;
}

function toLiteral<R>(of: Column<R>["of"], rows: readonly R[]): string {
  let literal = "{";
  for (const row of rows) literal += literal === "{" ? toElement(of(row)) : `,${toElement(of(row))}`;
  return `${literal}}`;
}

function toElement(value: string | number | Date | null): string {
  if (value === null) return "NULL";
  if (typeof value === "string") return toQuoted(value);
  return typeof value === "number" ? String(value) : value.toISOString();
}

/** JSON escapes quotes and backslashes just as an array literal wants it, and faster than a replacement does. */
function toQuoted(text: string): string {
  return UNUSUAL.test(text) ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : JSON.stringify(text);
}

/** What JSON would escape in its own way: control characters and anything made of surrogates. */
const UNUSUAL = /[^ -\ud7ff\ue000-\uffff]/;
