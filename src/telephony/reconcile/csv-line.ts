import type { CdrColumn, CdrColumns } from "./cdr-row.ts";

/** Columns of Asterisk's Master.csv: what cdr.conf switches on is added at the end. */
const COLUMNS: readonly (CdrColumn | null)[] = [
  ...[null, "src", "dst", "dcontext", null, "channel", "dstchannel", "lastapp", "lastdata"],
  ...["calldate", "answer", "end", "duration", "billsec", "disposition", null],
  ...["uniqueid", null, null, "linkedid", "sequence"],
] as (CdrColumn | null)[];
const COLUMNS_MIN = 16;

/** Reads one line of Master.csv; `undefined` when it is none. Without `loguniqueid = yes` it has no unique id. */
export function parseCsvLine(line: string): CdrColumns | undefined {
  const fields = parseFields(line);
  if (!fields || fields.length < COLUMNS_MIN) return undefined;
  const columns: CdrColumns = {};
  for (const [index, column] of COLUMNS.entries()) if (column) columns[column] = fields[index];
  return columns;
}

/** Comma-separated; in quotation marks commas are text and a quotation mark is doubled. */
function parseFields(line: string): string[] | undefined {
  const fields: string[] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/gy;
  for (;;) {
    const match = pattern.exec(line);
    if (!match) return undefined;
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "") return fields;
  }
}
