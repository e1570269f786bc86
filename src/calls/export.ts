import type { TenantId } from "../core/ids.ts";
import type { Database } from "../kit/postgres/database.ts";
import { toCallItem } from "./call-item.ts";
import { createLocalText, type Separator, toCsvCall, toCsvHead } from "./export-csv.ts";
import { type CallFilter, loadCallDeliveries, loadCalls } from "./store.ts";

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
export async function* writeCalls(
  database: Database,
  { tenantId, filter, separator, timeZone, rowsMax }: CallExport,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const local = createLocalText(timeZone);
  let after: CallFilter["after"];
  yield toCsvHead(separator);
  for (let written = 0; written < rowsMax; ) {
    signal.throwIfAborted();
    const pageRows = Math.min(PAGE_ROWS, rowsMax - written);
    const calls = await loadCalls(database.sql, tenantId, { ...filter, after, rowsMax: pageRows });
    const deliveries = Map.groupBy(await loadCallDeliveries(database.sql, tenantId, calls), ({ call_id }) => call_id);
    if (calls.length > 0)
      yield calls.map((call) => toCsvCall(toCallItem(call, deliveries.get(call.id) ?? []), separator, local)).join("");
    const last = calls.at(-1);
    if (!last || calls.length < pageRows) return;
    written += calls.length;
    after = { at: last.started_at, id: last.id };
  }
}
