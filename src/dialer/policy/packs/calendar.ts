import type { MinuteRange, PolicyPack, Weekday } from "../pack.ts";

/** `08:00-21:00` as minutes after midnight; several with commas, empty for none. */
export function hours(text: string): MinuteRange[] {
  if (text === "") return [];
  return text.split(",").map((range) => {
    const [, ...clock] = /^(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(range.trim()) ?? [];
    if (clock.length === 0) throw new RangeError(`not a range of hours: ${range}`);
    const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = clock.map(Number);
    return { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
  });
}

/** A week of Monday to Friday, Saturday, Sunday. */
export function week(monday: string, saturday: string, sunday: string): PolicyPack["windows"] {
  const days: Weekday[] = [1, 2, 3, 4, 5];
  const working = Object.fromEntries(days.map((day) => [day, hours(monday)]));
  return { ...working, 6: hours(saturday), 0: hours(sunday) } as Record<Weekday, MinuteRange[]>;
}

export const NO_HOLIDAYS: PolicyPack["holidays"] = { dates: [], windows: [], knownUntil: null };

/** Holidays written as `2026: 01-01 12-25`, a line for each year; beyond the last of them nobody knows. */
export function holidays(lines: readonly string[], instead = ""): PolicyPack["holidays"] {
  const dates = lines.flatMap((line) => {
    const [year = "", days = ""] = line.split(": ");
    return days.split(" ").map((day) => `${year}-${day}`);
  });
  const last = lines.at(-1)?.slice(0, 4) ?? "";
  return { dates, windows: hours(instead), knownUntil: `${last}-12-31` };
}

/** What holds where a pack says nothing else. */
export const CAREFUL: Pick<
  PolicyPack,
  | "marginMinutes"
  | "caps"
  | "afterConversationDays"
  | "afterAbandonedHours"
  | "ringSecondsMin"
  | "recordingNotice"
  | "callerId"
  | "abandonedShareMax"
> = {
  marginMinutes: 5,
  caps: [
    { per: "number", max: 2, within: { days: 1 } },
    { per: "number", max: 5, within: { days: 7 } },
    { per: "number", max: 10, within: { days: 30 } },
  ],
  afterConversationDays: null,
  afterAbandonedHours: 72,
  ringSecondsMin: 15,
  recordingNotice: true,
  callerId: { required: true, mobileAllowed: true, rotationAllowed: true },
  abandonedShareMax: 0.03,
};
