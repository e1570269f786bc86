import { InvalidArgumentError } from "commander";

const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const WINDOW = /^([a-z]{3})(?:-([a-z]{3}))?=(\d{2}:\d{2})-(\d{2}:\d{2})$/;

export interface CampaignWindow {
  /** 0 is Sunday. */
  weekday: number;
  starts: string;
  /** Not after `starts`: the day after. */
  ends: string;
}

/** `mon-fri=09:00-18:00`, `sat=10:00-14:00`, for commander; repeatable. */
export function addWindow(text: string, gathered: readonly CampaignWindow[] = []): CampaignWindow[] {
  const [, first = "", last = first, starts = "", ends = ""] = WINDOW.exec(text.toLowerCase()) ?? [];
  const [from, to] = [DAYS.indexOf(first), DAYS.indexOf(last)];
  if (from < 0 || to < 0) throw new InvalidArgumentError("such as mon-fri=09:00-18:00");
  const count = ((to - from + DAYS.length) % DAYS.length) + 1;
  const days = Array.from({ length: count }, (_, at) => (from + at) % DAYS.length);
  return [...gathered, ...days.map((weekday) => ({ weekday, starts, ends }))];
}

export function toWindowText({ weekday, starts, ends }: CampaignWindow): string {
  return `${DAYS[weekday]} ${starts}-${ends}`;
}
