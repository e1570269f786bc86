import type { TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { toCallItem } from "../call-item.ts";
import type { CallItem } from "../schema.ts";
import { type CallFilter, loadCalls } from "../search-store.ts";
import { loadCallDeliveries } from "../store.ts";
import { CALL_COLUMNS, createToCells } from "./call-cells.ts";
import { type Separator, toCsvHead, toCsvLine } from "./csv.ts";
import { writeWorkbook } from "./xlsx.ts";

/**
 * Calls as a file, however many: page by page in list order, each asked for when the client has taken the one before. So no
 * transaction stays open and no more than a page is in memory. Calls that change meanwhile are as they were when read.
 */
export interface CallExport {
  tenantId: TenantId;
  filter: Omit<CallFilter, "after" | "rowsMax">;
  separator: Separator;
  timeZone: string;
  rowsMax: number;
}

const PAGE_ROWS = 500;

/** The lines, some hundreds in a piece. Throws `signal`'s reason when it is aborted: half a file must not look whole. */
export async function* writeCsvCalls(database: Database, job: CallExport, signal: AbortSignal): AsyncGenerator<string> {
  const toCells = createToCells(job.timeZone);
  yield toCsvHead(CALL_COLUMNS, job.separator);
  for await (const calls of readCalls(database, job, signal))
    yield calls.map((call) => toCsvLine(toCells(call), job.separator)).join("");
}

/** A workbook of one sheet; the same cells, those that are numbers and times as such. */
export function writeXlsxCalls(database: Database, job: CallExport, signal: AbortSignal): AsyncGenerator<Buffer> {
  const toCells = createToCells(job.timeZone);
  async function* rows() {
    yield [CALL_COLUMNS.map((name) => ({ heading: name }))];
    for await (const calls of readCalls(database, job, signal)) yield calls.map(toCells);
  }
  return writeWorkbook([{ name: "calls", pages: rows() }], signal);
}

async function* readCalls(
  database: Database,
  { tenantId, filter, rowsMax }: CallExport,
  signal: AbortSignal,
): AsyncGenerator<CallItem[]> {
  let after: CallFilter["after"];
  for (let written = 0; written < rowsMax; ) {
    signal.throwIfAborted();
    const pageRows = Math.min(PAGE_ROWS, rowsMax - written);
    const { calls, walkedTo } = await loadCalls(database.sql, tenantId, { ...filter, after, rowsMax: pageRows });
    const deliveries = Map.groupBy(await loadCallDeliveries(database.sql, tenantId, calls), ({ call_id }) => call_id);
    if (calls.length > 0) yield calls.map((call) => toCallItem(call, deliveries.get(call.id) ?? []));
    written += calls.length;
    const last = calls.at(-1);
    if (!walkedTo && (!last || calls.length < pageRows)) return;
    after = walkedTo ?? (last && { at: last.started_at, id: last.id });
  }
}
