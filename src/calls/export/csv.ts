import { type Cell, toCellText } from "./cells.ts";

/** Tables as lines of CSV (RFC 4180). Pure. */
export type Separator = "comma" | "semicolon";

const SIGNS: Record<Separator, string> = { comma: ",", semicolon: ";" };
/** Spreadsheets read a file without it as if it were in the machine's old code page. */
const BYTE_ORDER_MARK = "\uFEFF";

export function toCsvHead(columns: readonly string[], separator: Separator): string {
  return `${BYTE_ORDER_MARK}${toCsvLine(columns, separator)}`;
}

/** Tables below each other, each under its name, with an empty line between them. */
export function toCsvTables(
  tables: readonly { name: string; columns: readonly string[]; rows: readonly (readonly Cell[])[] }[],
  separator: Separator,
): string {
  const texts = tables.map(({ name, columns, rows }) =>
    [[name], columns, ...rows].map((cells) => toCsvLine(cells, separator)).join(""),
  );
  return `${BYTE_ORDER_MARK}${texts.join("\r\n")}`;
}

export function toCsvLine(cells: readonly Cell[], separator: Separator): string {
  return `${cells.map((cell) => toCsvField(toCellText(cell))).join(SIGNS[separator])}\r\n`;
}

/** What a caller's name or a PBX's word begins with must not become a formula; a number with its sign is none. */
function toCsvField(text: string): string {
  const isFormula = /^[\s\uFEFF]*[=+\-@\t\r\n]/.test(text) && !/^[+-]?\d+(\.\d+)?$/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",;\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
