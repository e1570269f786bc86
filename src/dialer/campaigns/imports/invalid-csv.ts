import type { InvalidLine } from "./contact-reader.ts";

/** For a spreadsheet: a value that it would run as a formula is marked as text. */
export function toInvalidCsv(lines: readonly InvalidLine[]): string {
  const rows = lines.map(({ line, value, reason }) => [String(line), asText(value), reason]);
  return [["line", "value", "reason"], ...rows].map((row) => `${row.map(toField).join(",")}\r\n`).join("");
}

const asText = (value: string): string => (/^[=+\-@\t\r]/.test(value) ? `'${value}` : value);
const toField = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
