import type { Cell } from "../export/cells.ts";
import type { DialerFigures, Statistics } from "./schema.ts";

/** A part of a report as a spreadsheet takes it. */
export interface Table {
  name: string;
  columns: readonly string[];
  rows: readonly (readonly Cell[])[];
}

/** The report, table by table; a part without lines has its heading only. Pure. */
export function toTables(report: Statistics): Table[] {
  return [
    toTotals(report),
    toTable("outcomes", ["outcome", "calls"], report.outcomes),
    toTable("extensions", ["extension", "calls", "inbound", "outbound", "answered", "talk_seconds"], report.extensions),
    toTable("days", ["day", "calls", "answered", "missed"], report.days),
    toTable("hours", ["weekday", "hour", "calls", "missed"], report.hours),
    toTable("to call back", ["number", "missed_at", "call_id"], report.missed_callers.waiting),
    ...(report.dialer ? toDialerTables(report.dialer) : []),
  ];
}

function toTotals({ missed_callers: missed, ...report }: Statistics): Table {
  const { time_zone, calls, answered, talk_seconds, average_talk_seconds, average_ring_seconds } = report;
  const figures = {
    ...{ time_zone, calls, answered, missed: report.missed, talk_seconds, average_talk_seconds, average_ring_seconds },
    missed_callers: missed.calls,
    missed_callers_reached: missed.reached,
    missed_callers_reached_in_time: missed.reached_in_time,
    missed_callers_median_minutes: missed.median_minutes,
  };
  return { name: "totals", columns: ["figure", "value"], rows: Object.entries(figures) };
}

function toDialerTables({ projects, campaigns, dispositions, caller_ids }: DialerFigures): Table[] {
  const counts = ["attempts", "dialed", "answered", "people", "talk_seconds"] as const;
  return [
    toTable("projects", ["id", "name", ...counts], projects),
    toTable("campaigns", ["id", "name", ...counts], campaigns),
    toTable("dispositions", ["disposition", "attempts"], dispositions),
    toTable("caller ids", ["number", ...counts], caller_ids),
  ];
}

function toTable<K extends string>(name: string, columns: readonly K[], lines: readonly Record<K, Cell>[]): Table {
  return { name, columns, rows: lines.map((line) => columns.map((column) => line[column])) };
}
