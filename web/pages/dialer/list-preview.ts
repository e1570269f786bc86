// What a person sees of a list before it is sent: the server reads it the same way, all of it.

/** The head of a file is enough to see its columns. */
export const HEAD_BYTES = 64 * 1024;
const ROWS_MAX = 5;
const SEPARATORS = [";", ",", "\t", "|"] as const;
/** At least seven digits, as telephone numbers have. */
const NUMBER = /^\+?[\d\s().-]{7,20}$/;
const NUMBER_NAME = /tel[eé]f|phone|fono|m[oó]vil|celular|mobile|n[uú]mero|number|телефон|номер/i;

export interface ListPreview {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  hasHeader: boolean;
  /** From 0. */
  numberAt: number;
}

/** `null`: there is nothing to show of it. */
export function toPreview(head: string): ListPreview | null {
  const text = head.replace(/^\uFEFF/, "");
  const separator = toSeparator(text.split(/\r?\n/, 1)[0] ?? "");
  const rows = toRows(text, separator, ROWS_MAX + 1);
  const [first] = rows;
  if (!first || first.every((cell) => cell.trim() === "")) return null;
  const hasHeader = !first.some(isNumber);
  const named = hasHeader ? first.findIndex((cell) => NUMBER_NAME.test(cell)) : first.findIndex(isNumber);
  const body = hasHeader ? rows.slice(1) : rows.slice(0, ROWS_MAX);
  const found = named >= 0 ? named : (body[0] ?? []).findIndex(isNumber);
  return {
    columns: first.map((cell, at) => (hasHeader && cell.trim() !== "" ? cell.trim() : `${at + 1}`)),
    rows: body,
    hasHeader,
    numberAt: Math.max(0, found),
  };
}

export const isNumber = (cell: string): boolean => NUMBER.test(cell.trim()) && cell.replaceAll(/\D/g, "").length >= 7;

function toSeparator(line: string): string {
  const counted = SEPARATORS.map((separator) => ({ separator, count: line.split(separator).length }));
  return counted.reduce((a, b) => (b.count > a.count ? b : a)).separator;
}

/** Fields may be quoted, and a quoted one may hold separators, quotes twice and lines. */
function toRows(text: string, separator: string, rowsMax: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length && rows.length < rowsMax; at++) {
    const letter = text[at] ?? "";
    if (isQuoted) {
      if (letter !== '"') cell += letter;
      else if (text[at + 1] === '"') cell += text[++at];
      else isQuoted = false;
    } else if (letter === '"' && cell === "") isQuoted = true;
    else if (letter === separator) {
      row.push(cell);
      cell = "";
    } else if (letter === "\n") {
      rows.push([...row, cell.replace(/\r$/, "")]);
      row = [];
      cell = "";
    } else cell += letter;
  }
  if (rows.length < rowsMax && (cell !== "" || row.length > 0)) rows.push([...row, cell]);
  return rows;
}
