/** What the clock of a zone (IANA) shows less what that of UTC shows, in ms. Throws `RangeError` for a zone nobody knows. */
export function offsetMsAt(ms: number, timeZone: string): number {
  const seconds = Math.floor(ms / 1000) * 1000;
  let [year, month, day, hour, minute, second] = [0, 1, 1, 0, 0, 0];
  for (const { type, value } of formatFor(timeZone).formatToParts(seconds)) {
    if (type === "year") year = Number(value);
    else if (type === "month") month = Number(value);
    else if (type === "day") day = Number(value);
    else if (type === "hour") hour = Number(value);
    else if (type === "minute") minute = Number(value);
    else if (type === "second") second = Number(value);
  }
  return Date.UTC(year, month - 1, day, hour, minute, second) - seconds;
}

/** Whether tz data knows the name. Offsets such as `+01:00` are no zones: they have no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return formatFor(name) !== undefined;
  } catch {
    return false; // RangeError: the platform's way to say so
  }
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
