import type { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import { type CdrRow, parseCdrRow } from "./cdr-row.ts";
import { type CdrSource, TooManyRowsError } from "./cdr-source.ts";

/** Records that Asterisk tells as `Cdr` events (cdr_manager), kept for a while: it tells each of them once. */
export interface AmiCdrSource extends CdrSource {
  take(items: readonly AmiItem[]): void;
}

const KEPT_ROWS_MAX = 50_000;
const KEPT_MS_MAX = 6 * 3_600_000;

/** What ended before the connection came up was told to nobody; `reachesBackTo` says when that was. */
export function createAmiSource(timeZone: string): AmiCdrSource {
  let rows: CdrRow[] = [];
  let reachesBackTo = new Date(8.64e15);

  function trim(now: Date): void {
    const first = rows.findIndex(({ endedAt }) => endedAt.getTime() >= now.getTime() - KEPT_MS_MAX);
    const drop = Math.max(first < 0 ? rows.length : first, rows.length - KEPT_ROWS_MAX);
    if (drop === 0) return;
    reachesBackTo = rows[drop - 1]?.endedAt ?? reachesBackTo;
    rows = rows.slice(drop);
  }

  return {
    take: (items) => {
      for (const item of items) {
        if (item.kind === "snapshot" && item.after === "connect") reachesBackTo = item.at;
        if (item.kind !== "event" || item.message.get("Event") !== "Cdr") continue;
        const row = toRow(item.message, timeZone);
        if (row) rows.push(row);
        if (rows.length % 1_000 === 0) trim(item.at);
      }
    },
    load: async ({ since, until }, { rowsMax }) => {
      const found = rows.filter(({ startedAt }) => startedAt >= since && startedAt < until);
      const ids = new Set(found.map(({ linkedId, uniqueId }) => linkedId ?? uniqueId));
      const all = rows.filter(({ linkedId, uniqueId }) => ids.has(linkedId ?? uniqueId));
      if (all.length > rowsMax) throw new TooManyRowsError(rowsMax);
      return all;
    },
    reachesBackTo: () => reachesBackTo,
    close: async () => undefined,
  };
}

/** `LinkedID`, `Sequence`, `RecordingFile` and `Did` are only there when cdr_manager.conf maps them. */
function toRow(message: AmiMessage, timeZone: string): CdrRow | undefined {
  const get = (name: string): string => message.get(name) ?? "";
  const columns = {
    uniqueid: get("UniqueID"),
    linkedid: get("LinkedID"),
    sequence: get("Sequence"),
    calldate: get("StartTime"),
    answer: get("AnswerTime"),
    end: get("EndTime"),
    duration: get("Duration"),
    billsec: get("BillableSeconds"),
    disposition: get("Disposition"),
    src: get("Source"),
    dst: get("Destination"),
    did: get("Did"),
    dcontext: get("DestinationContext"),
    channel: get("Channel"),
    dstchannel: get("DestinationChannel"),
    lastapp: get("LastApplication"),
    lastdata: get("LastData"),
    recordingfile: get("RecordingFile"),
  };
  return parseCdrRow(columns, timeZone);
}
