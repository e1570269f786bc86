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
  const parameters = columns.map(({ type }, index) => `$${first + index}::${type}[]`);
  return `unnest(${parameters.join(", ")}) as ${alias}(${columns.map(({ name }) => name).join(", ")})`;
}

/** One array literal per column, in the order of the parameters. */
export function toColumnArrays<R>(columns: readonly Column<R>[], rows: readonly R[]): string[] {
  return columns.map(({ of }) => {
    let literal = "{";
    for (const row of rows) literal += literal === "{" ? toElement(of(row)) : `,${toElement(of(row))}`;
    return `${literal}}`;
  });
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
