/** What the clock of a zone (IANA) shows less what that of UTC shows, in ms. Throws `RangeError` for a zone nobody knows. */
export function offsetMsAt(ms: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatFor(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

/** Instants in ms at which the zone's clock shows `wallMs` (as if it were UTC): none where the clock skips it, two where it repeats it. */
export function toInstantsMs(wallMs: number, timeZone: string): number[] {
  return toOffsetsMs(wallMs, timeZone)
    .map((offset) => wallMs - offset)
    .filter((ms) => ms + offsetMsAt(ms, timeZone) === wallMs);
}

/** The offsets of the days around it: one, or two where the clock changes, the earlier one first. */
export function toOffsetsMs(wallMs: number, timeZone: string): [number, ...number[]] {
  const [before, after] = [offsetMsAt(wallMs - DAY_MS, timeZone), offsetMsAt(wallMs + DAY_MS, timeZone)];
  return before === after ? [before] : [before, after];
}

const DAY_MS = 86_400_000;
/** Formatters are costly to make; there are fewer zones than this. */
const FORMATS_MAX = 1_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  if (formats.size < FORMATS_MAX) formats.set(timeZone, format);
  return format;
}
