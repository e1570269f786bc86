import { addDays, toInstants, toWallTime } from "../../kit/wall-clock.ts";

/** One stretch of a weekday in which a campaign may dial. It ends the day after if it does not end after it starts. */
export interface ScheduleWindow {
  /** Day on which it starts; 0 is Sunday. */
  weekday: number;
  /** Seconds of the day, 0 … 86,399. */
  starts: number;
  /** Seconds of the day, 0 … 86,400; not dialled at this second any more. */
  ends: number;
  enabled: boolean;
}

export interface Schedule {
  /** The project's, IANA. */
  timeZone: string;
  /** None: it never dials. */
  windows: readonly ScheduleWindow[];
  /** `2026-12-25`, by the wall of `timeZone`. No window opens on such a day, and none lasts into it. */
  holidays: ReadonlySet<string>;
}

/** How far ahead the next opening is looked for. */
const DAYS_AHEAD = 400;
export const DAY_SECONDS = 86_400;

/** Whether the campaign may dial at `at`: what the wall shows decides, so a changed clock neither adds nor takes a window. */
export function isOpen({ timeZone, windows, holidays }: Schedule, at: Date): boolean {
  const { date, weekday, second } = toWallTime(at, timeZone);
  if (holidays.has(date)) return false;
  const afterHoliday = holidays.has(addDays(date, -1));
  return windows.some(({ enabled, ...window }) => {
    const isOvernight = window.ends <= window.starts;
    const opensToday = window.weekday === weekday && second >= window.starts && (isOvernight || second < window.ends);
    const lastsFromYesterday = isOvernight && (window.weekday + 1) % 7 === weekday && second < window.ends;
    return enabled && (opensToday || (lastsFromYesterday && !afterHoliday));
  });
}

/** The first instant from `at` on at which it may dial; `at` itself while it is open, `null` when none is in sight. */
export function nextOpening(schedule: Schedule, at: Date): Date | null {
  if (isOpen(schedule, at)) return at;
  const { timeZone, windows } = schedule;
  const today = toWallTime(at, timeZone);
  const enabled = windows.filter((window) => window.enabled);
  if (enabled.length === 0) return null;
  for (let days = 0; days <= DAYS_AHEAD; days++) {
    const date = addDays(today.date, days);
    const openings = enabled
      .filter((window) => window.weekday === (today.weekday + days) % 7)
      .flatMap((window) => toInstants(date, window.starts, timeZone))
      .filter((instant) => instant > at && isOpen(schedule, instant))
      .sort((a, b) => a.getTime() - b.getTime());
    if (openings[0]) return openings[0];
  }
  return null;
}
