import { AppError } from "../../../core/errors.ts";
import { type ListMapping, toLayout } from "./contact-reader.ts";
import type { ListFile } from "./list-file.ts";
import { type ListRow, UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";

/** How a list would be read. */
export interface ListPreview {
  kind: ListFile["kind"];
  hasHeader: boolean;
  /** From 0. */
  numberAt: number;
  /** What stands above each column, `""` without a header, and the variable it would become. */
  columns: readonly { title: string; name: string }[];
  /** The first ones, without the header. */
  rows: readonly (readonly string[])[];
}

const ROWS_MAX = 5;
const CELL_CHARACTERS_MAX = 200;

/** Reads the first rows and takes the file away. Throws `AppError` `invalid_request` for what cannot be read. */
export async function previewList(
  file: ListFile,
  { country, mapping, signal }: { country: string; mapping: ListMapping; signal: AbortSignal },
): Promise<ListPreview> {
  try {
    const [first, ...others] = await readHead(file, signal);
    if (!first) throw new UnreadableList(say("nothing"));
    const { hasHeader, numberAt, names } = toLayout(first.cells, country, mapping);
    const rows = (hasHeader ? others : [first, ...others]).slice(0, ROWS_MAX);
    const columns = first.cells.map((cell, at) => {
      const title = hasHeader ? toShown(cell) : "";
      return { title, name: names[at] ?? (title || `column_${at + 1}`) }; // the number's has none until another has the number
    });
    return { kind: file.kind, hasHeader, numberAt, columns, rows: rows.map(({ cells }) => cells.map(toShown)) };
  } catch (error) {
    throw error instanceof UnreadableList ? new AppError("invalid_request", error.sentence) : error;
  } finally {
    await file.remove();
  }
}

async function readHead(file: ListFile, signal: AbortSignal): Promise<ListRow[]> {
  const head: ListRow[] = [];
  for await (const row of file.rows(signal)) {
    head.push(row);
    if (head.length > ROWS_MAX) break;
  }
  return head;
}

const toShown = (cell: string): string => cell.trim().slice(0, CELL_CHARACTERS_MAX).toWellFormed();
