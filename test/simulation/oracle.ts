/** One report as the PBX told it. */
export type Told = Readonly<Record<string, string>>;

/** How sure each word is about how a call went; a rule of the webhook's documentation, written down a second time here. */
const CERTAINTY: Readonly<Record<string, number>> = {
  ringing: 1,
  in_progress: 2,
  failed: 4,
  cancelled: 5,
  missed: 6,
  busy: 7,
  completed: 9,
  answered: 9,
};
const IN_VTIGER: Readonly<Record<string, string>> = {
  ringing: "ringing",
  in_progress: "in-progress",
  failed: "failed",
  cancelled: "cancelled",
  missed: "no-answer",
  busy: "busy",
  completed: "completed",
  answered: "completed",
};

/**
 * What Vtiger's record of a call must say when Enlace was told `reports`, whatever their order. Says it without any code of
 * Enlace; the reports are those of scenario.ts, of which at most one sort is about the end.
 */
export function toExpectedRecord(reports: readonly Told[]): Record<string, string> {
  const surest = reports.toSorted((a, b) => toCertainty(b) - toCertainty(a))[0] ?? {};
  const said = (name: string): string | undefined => reports.find((report) => report[name] !== undefined)?.[name];
  const [start, end, recording] = [said("start_time"), said("end_time"), said("recording_url")];
  const person = surest.direction === "inbound" ? surest.from : surest.to;
  return {
    sourceuuid: surest.call_uuid ?? "",
    direction: surest.direction ?? "",
    callstatus: toVtigerStatus(surest),
    starttime: toVtigerTime(start),
    customernumber: person?.replace(/^(?=6)/, "+34").replaceAll(" ", "") ?? "",
    gateway: "sim",
    ...(end && { endtime: toVtigerTime(end), totalduration: String(toSeconds(start, end)) }),
    ...(recording && { recordingurl: recording }),
  };
}

/** Who hangs up before anybody answers was missed, seen from inside. */
function toVtigerStatus({ status = "", direction }: Told): string {
  return IN_VTIGER[status === "cancelled" && direction === "inbound" ? "missed" : status] ?? "";
}

export function toCertainty({ status = "" }: Told): number {
  return CERTAINTY[status] ?? 0;
}

/** Certainty of a record over there: what was written later may never say less. */
export function toWrittenCertainty(callstatus: string): number {
  return Math.max(
    0,
    ...Object.entries(IN_VTIGER).map(([word, text]) => (text === callstatus ? (CERTAINTY[word] ?? 0) : 0)),
  );
}

export const hasEnded = (reports: readonly Told[]): boolean => reports.some((report) => toCertainty(report) > 2);

const toVtigerTime = (iso = ""): string => iso.slice(0, 19).replace("T", " ");
const toSeconds = (start = "", end = ""): number => (Date.parse(end) - Date.parse(start)) / 1000;
