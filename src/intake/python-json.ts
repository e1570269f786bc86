import { isUtf8 } from "node:buffer";

/**
 * What Python prints for `json.dumps(json.loads(body))`, without building the value: one pass over the text, no
 * `JSON.parse` (which would forget how a number was written). PBX scripts that follow the older middleware's guide sign
 * this text instead of the bytes they send.
 *
 * Like CPython's own reader: `NaN` and `Infinity` are taken, a repeated key keeps its first place and its last value,
 * integers stay as written, other numbers become `repr(float)`. Not read: UTF-16, UTF-32, bytes that are no UTF-8.
 */

/** Deeper nesting is refused. Python itself stops near 1,000. */
const DEPTH_MAX = 500;
/** CPython ≥ 3.11 refuses integers with more digits. */
const INTEGER_DIGITS_MAX = 4_300;

/** `undefined` where Python would raise, or the nesting is too deep. Linear in the size of `body`. */
export function toPythonJson(body: Buffer): string | undefined {
  if (!isUtf8(body)) return undefined;
  try {
    return createReader(new TextDecoder().decode(body)).readDocument();
  } catch (error) {
    if (error instanceof NotJson) return undefined;
    throw error;
  }
}

class NotJson extends Error {}

const NUMBER = /(-?)(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
/** Words of JSON and of Python's relaxed reader; they print as they are written. */
const WORD = /true|false|null|NaN|-?Infinity/y;

function createReader(text: string): { readDocument(): string } {
  let at = 0;

  function take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  }

  /** Steps over white space; true, and over `mark` too, if that comes next. */
  function comes(mark: string): boolean {
    take(SPACE);
    if (text[at] !== mark) return false;
    at++;
    return true;
  }

  function need<T>(value: T | null | false): T {
    if (value === null || value === false) throw new NotJson(`at ${at}`);
    return value;
  }

  function readValue(depth: number): string {
    if (depth > DEPTH_MAX) throw new NotJson("too deep");
    if (comes("{")) return readObject(depth);
    if (comes("[")) return readArray(depth);
    if (text[at] === '"') return quote(readString());
    return take(WORD)?.[0] ?? toNumberText(need(take(NUMBER)));
  }

  function readObject(depth: number): string {
    const members = new Map<string, string>(); // setting a known key keeps its place, as in a Python dict
    if (comes("}")) return "{}";
    do {
      take(SPACE);
      const key = readString();
      need(comes(":"));
      members.set(key, readValue(depth + 1));
    } while (comes(","));
    need(comes("}"));
    return `{${Array.from(members, ([key, value]) => `${quote(key)}: ${value}`).join(", ")}}`;
  }

  function readArray(depth: number): string {
    const items: string[] = [];
    if (comes("]")) return "[]";
    do items.push(readValue(depth + 1));
    while (comes(","));
    need(comes("]"));
    return `[${items.join(", ")}]`;
  }

  function readString(): string {
    return JSON.parse(need(take(STRING))[0]) as string; // the pattern admits exactly what JSON calls a string
  }

  return {
    readDocument() {
      const value = readValue(0);
      take(SPACE);
      need(at === text.length);
      return value;
    },
  };
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\f": "\\f",
  "\b": "\\b",
};

/** Everything but printable ASCII is escaped, UTF-16 unit by unit. */
function quote(text: string): string {
  const escaped = text.replaceAll(
    /[^ !#-[\]-~]/g,
    (unit) => SHORT_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

function toNumberText([token, sign, integer = "", fraction, exponent]: RegExpExecArray): string {
  if (fraction !== undefined || exponent !== undefined) return toFloatText(Number(token));
  if (integer.length > INTEGER_DIGITS_MAX) throw new NotJson("an integer too long for Python");
  return integer === "0" ? "0" : `${sign}${integer}`; // int("-0") is 0
}

/** `float.__repr__`: shortest digits that read back the same; an exponent below 1e-4 and from 1e16 on. */
function toFloatText(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponentText = "0"] = value.toExponential().split("e");
  const exponent = Number(exponentText);
  if (exponent < -4 || exponent >= 16) {
    return `${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return Number.isInteger(value) ? `${value}.0` : `${value}`; // JavaScript writes this range plainly, too
}
