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
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0] as const;
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
