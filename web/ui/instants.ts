// Instants as people read them: in the tenant's time zone, which is where the calls were.

/** `2026-11-22` at midnight in `timeZone`, plus `days`; `undefined` for what is not a date. */
export function toInstant(dateText: string, timeZone: string, days = 0): Date | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(dateText) ?? [];
  if (!year || !month || !day) return undefined;
  const asUtcMs = Date.UTC(Number(year), Number(month) - 1, Number(day) + days);
  // Twice: the first offset may be the one on the other side of a clock change.
  const guessMs = asUtcMs - toOffsetMs(asUtcMs, timeZone);
  return new Date(asUtcMs - toOffsetMs(guessMs, timeZone));
}

/** How far `timeZone` is ahead of UTC at this instant. */
function toOffsetMs(instantMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    ...{ year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" },
  }).formatToParts(instantMs);
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value);
  const localMs = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return localMs - Math.floor(instantMs / 1000) * 1000;
}

/** The date in `timeZone`, `days` from today: for the fields of a form. */
export function toDateText(timeZone: string, days = 0): string {
  const at = Date.now() + days * 86_400_000;
  return new Intl.DateTimeFormat("en-CA", { timeZone, dateStyle: "short" }).format(at).slice(0, 10);
}

/** `75` is `1:15`; hours appear when there are any. */
export function toClock(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const pad = (value: number): string => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
