import { toInstantOf } from "./local-time.ts";

/** One call detail record: a stretch of one channel, with the channel it reached if it reached one. */
export interface CdrRow {
  uniqueId: string;
  /** `null` where the PBX does not write it. */
  linkedId: string | null;
  /** Order in which Asterisk made them; `null` where it does not write it. */
  sequence: number | null;
  startedAt: Date;
  /** When the channel, or the one it reached, was answered. */
  answeredAt: Date | null;
  endedAt: Date;
  disposition: CdrDisposition;
  source: string;
  destination: string;
  /** Number that was called from outside, where the dialplan keeps it (FreePBX, Issabel); else empty. */
  did: string;
  context: string;
  channel: string;
  /** Empty: it reached nobody. */
  destinationChannel: string;
  application: string;
  applicationData: string;
  /** Name of the recording's file; empty when there is none. */
  recordingFile: string;
}

export type CdrDisposition = "ANSWERED" | "NO ANSWER" | "BUSY" | "FAILED" | "CONGESTION";
const DISPOSITIONS: ReadonlySet<string> = new Set(["ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION"]);

/** The columns of a record under the names of FreePBX's table, as text; absent ones are not known. */
export type CdrColumns = { [Name in CdrColumn]?: string | undefined };
export type CdrColumn =
  | "uniqueid"
  | "linkedid"
  | "sequence"
  | "calldate"
  | "answer"
  | "end"
  | "duration"
  | "billsec"
  | "disposition"
  | "src"
  | "dst"
  | "did"
  | "dcontext"
  | "channel"
  | "dstchannel"
  | "lastapp"
  | "lastdata"
  | "recordingfile";

/**
 * Reads one record; `undefined` when it has no id, channel or start. Times are local times of `timeZone` (IANA); in the hour
 * that a change of the clock repeats, the instant inside the unique id says which one is meant.
 */
export function parseCdrRow(columns: CdrColumns, timeZone: string): CdrRow | undefined {
  const { uniqueid: uniqueId = "", channel = "", calldate = "" } = columns;
  const nearAt = toIdInstant(uniqueId);
  const startedAt = toInstantOf(calldate, timeZone, nearAt);
  if (uniqueId === "" || channel === "" || startedAt === undefined) return undefined;
  const lasts = toInstantOf(columns.end ?? "", timeZone, startedAt) ?? later(startedAt, seconds(columns.duration));
  const endedAt = new Date(Math.max(startedAt.getTime(), lasts.getTime()));
  return {
    uniqueId,
    linkedId: columns.linkedid || null,
    sequence: /^\d{1,9}$/.test(columns.sequence ?? "") ? Number(columns.sequence) : null,
    startedAt,
    answeredAt: toAnsweredAt(columns, timeZone, { startedAt, endedAt }),
    endedAt,
    disposition: toDisposition(columns.disposition ?? ""),
    source: columns.src ?? "",
    destination: columns.dst ?? "",
    did: columns.did ?? "",
    context: columns.dcontext ?? "",
    channel,
    destinationChannel: columns.dstchannel ?? "",
    application: columns.lastapp ?? "",
    applicationData: columns.lastdata ?? "",
    recordingFile: columns.recordingfile ?? "",
  };
}

/** Where the table has no column for it: what was billed lies at the end. */
function toAnsweredAt(
  columns: CdrColumns,
  timeZone: string,
  { startedAt, endedAt }: { startedAt: Date; endedAt: Date },
) {
  const told = toInstantOf(columns.answer ?? "", timeZone, startedAt);
  if (told !== undefined) return told;
  const billed = seconds(columns.billsec);
  if (columns.answer !== undefined || (billed === 0 && columns.disposition !== "ANSWERED")) return null;
  return new Date(Math.max(startedAt.getTime(), endedAt.getTime() - billed));
}

const later = (at: Date, ms: number): Date => new Date(at.getTime() + ms);

/** Milliseconds of a column in seconds, which some backends write with a fraction. */
function seconds(text: string | undefined): number {
  const value = Number(text ?? "");
  return Number.isFinite(value) && value > 0 ? Math.round(value * 1000) : 0;
}

function toDisposition(text: string): CdrDisposition {
  const known = text.toUpperCase().replace("_", " ");
  return DISPOSITIONS.has(known) ? (known as CdrDisposition) : "FAILED";
}

/** `1795353143.42` and `office-1795353143.42` tell when their channel was made; ids that we chose do not. */
export function toIdInstant(uniqueId: string): Date | undefined {
  const match = /(?:^|-)(\d{9,10})\.\d+$/.exec(uniqueId);
  return match ? new Date(Number(match[1]) * 1000) : undefined;
}
