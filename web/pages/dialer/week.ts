// A campaign's hours as a person fills them in: the days of a week, each with one window or more.

export interface Hours {
  /** Of the row on the screen. */
  key: string;
  /** 0 is Sunday. */
  weekday: number;
  enabled: boolean;
  /** `HH:MM`. An end that is not after the start is that of the next day. */
  starts: string;
  ends: string;
  /** Whether the server knows it: then it is kept when it is switched off. */
  isStored: boolean;
}

/** As weeks begin for the people who use the console. */
export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0] as const;
const OFFICE_DAYS: readonly number[] = [1, 2, 3, 4, 5];
const OFFICE = { starts: "09:00", ends: "18:00" };

interface Window {
  weekday: number;
  starts: string;
  ends: string;
  enabled: boolean;
}

/** Every day has a row, one that is off where it has no window; where there is none at all office hours are proposed. */
export function toHours(windows: readonly Window[]): Hours[] {
  return WEEKDAYS.flatMap((weekday): Hours[] => {
    const own = windows.filter((one) => one.weekday === weekday);
    if (own.length > 0) return own.map((window, at) => toRow(window, `${weekday}.${at}`));
    const enabled = windows.length === 0 && OFFICE_DAYS.includes(weekday);
    return [{ key: `${weekday}.0`, weekday, enabled, ...OFFICE, isStored: false }];
  });
}

/** A field for times does not know 24:00; midnight at the end of a day is 00:00. */
function toRow({ weekday, enabled, starts, ends }: Window, key: string): Hours {
  return {
    key,
    weekday,
    enabled,
    starts: starts.slice(0, 5),
    ends: ends.slice(0, 5).replace("24:00", "00:00"),
    isStored: true,
  };
}

/** Another window of that day, behind those it has. */
export function addHours(hours: readonly Hours[], weekday: number): Hours[] {
  const last = hours.findLastIndex((one) => one.weekday === weekday);
  const key = `${weekday}.${hours.filter((one) => one.weekday === weekday).length}`;
  return hours.toSpliced(last + 1, 0, { key, weekday, enabled: true, ...OFFICE, isStored: false });
}

/** Whether calls are allowed in an hour of a day: all of it, some of it, none. */
export type CellState = "all" | "part" | "none";

const DAY_MINUTES = 1_440;
const WEEK_MINUTES = 7 * DAY_MINUTES;
const HOUR_MINUTES = 60;

/** By weekday (0 is Sunday) and hour: the week as a picture, hours that last into the next day in both. */
export function toCells(hours: readonly Hours[]): CellState[][] {
  const minutes = toMinutes(hours);
  return Array.from({ length: 7 }, (_, weekday) =>
    Array.from({ length: 24 }, (_, hour): CellState => {
      const at = weekday * DAY_MINUTES + hour * HOUR_MINUTES;
      const open = minutes.subarray(at, at + HOUR_MINUTES).reduce((sum, one) => sum + one, 0);
      return open === 0 ? "none" : open === HOUR_MINUTES ? "all" : "part";
    }),
  );
}

/** An hour is opened or closed; what is stored and switched off stays so. */
export function paintHour(
  hours: readonly Hours[],
  { weekday, hour }: { weekday: number; hour: number },
  isOpen: boolean,
): Hours[] {
  const minutes = toMinutes(hours);
  const at = weekday * DAY_MINUTES + hour * HOUR_MINUTES;
  minutes.fill(isOpen ? 1 : 0, at, at + HOUR_MINUTES);
  return WEEKDAYS.flatMap((day): Hours[] => {
    const open = toRanges(minutes.subarray(day * DAY_MINUTES, (day + 1) * DAY_MINUTES)).map(([from, to]) => ({
      ...{ weekday: day, enabled: true, isStored: false, starts: toTimeText(from), ends: toTimeText(to) },
    }));
    const off = hours.filter((one) => one.weekday === day && !one.enabled && one.isStored);
    const rows = [...open, ...off];
    const shown = rows.length > 0 ? rows : [{ weekday: day, enabled: false, isStored: false, ...OFFICE }];
    return shown.map((row, order) => ({ ...row, key: `${day}.${order}` }));
  });
}

/** Each minute of the week from Sunday on: 1 where a window is open. */
function toMinutes(hours: readonly Hours[]): Uint8Array {
  const minutes = new Uint8Array(WEEK_MINUTES);
  for (const { weekday, enabled, starts, ends } of hours) {
    const [from, to] = [toMinute(starts), toMinute(ends)];
    if (!enabled || from === null || to === null) continue;
    const length = to > from ? to - from : to + DAY_MINUTES - from;
    for (let minute = 0; minute < length; minute++) minutes[(weekday * DAY_MINUTES + from + minute) % WEEK_MINUTES] = 1;
  }
  return minutes;
}

/** `null` for a field that is not filled in. */
function toMinute(text: string): number | null {
  const [, hour, minute] = /^(\d\d):(\d\d)/.exec(text) ?? [];
  return hour === undefined || minute === undefined ? null : Number(hour) * HOUR_MINUTES + Number(minute);
}

function toRanges(minutes: Uint8Array): [from: number, to: number][] {
  const ranges: [number, number][] = [];
  for (let minute = 0; minute < minutes.length; minute++) {
    const last = ranges.at(-1);
    if (minutes[minute] === 0) continue;
    if (last?.[1] === minute) last[1] = minute + 1;
    else ranges.push([minute, minute + 1]);
  }
  return ranges;
}

/** Midnight at the end of a day is 00:00. */
function toTimeText(minute: number): string {
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${pad(Math.floor(minute / HOUR_MINUTES) % 24)}:${pad(minute % HOUR_MINUTES)}`;
}

/** What the API takes. */
export function toWindows(hours: readonly Hours[]): Window[] {
  return hours
    .filter(({ enabled, isStored }) => enabled || isStored)
    .map(({ weekday, starts, ends, enabled }) => ({ weekday, starts, ends, enabled }));
}

const SUNDAY = Date.UTC(2026, 0, 4);
const DAY_MS = 86_400_000;

export function toDayName(weekday: number, language: string): string {
  const format = new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" });
  return format.format(new Date(SUNDAY + weekday * DAY_MS));
}

interface Holiday {
  on: string;
  name: string;
}

/** One a line: `2026-12-25 Christmas`. */
export function toHolidays(text: string): Holiday[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .map((line) => {
      const [on = "", ...words] = line.split(/\s+/);
      return { on, name: words.join(" ") };
    });
}

export const fromHolidays = (holidays: readonly Holiday[]): string =>
  holidays.map(({ on, name }) => `${on} ${name}`.trim()).join("\n");
