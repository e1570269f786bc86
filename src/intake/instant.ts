const INSTANT =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?\d{2})?)?$/i;
const YEAR_MIN = 1970;
const YEAR_MAX = 2099;

/**
 * ISO-8601 date and time as PBXs write it: `T` or a blank between, seconds and fractions optional (milliseconds are kept),
 * an offset or `Z`; without one it is local time of `timeZone` (IANA). `undefined` if it is none, or not of 1970 … 2099.
 * A local time that a clock change skips or repeats reads as the earlier offset says.
 */
export function parseInstant(text: string, timeZone: string): Date | undefined {
  const match = INSTANT.exec(text.trim());
  if (!match) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "0", fraction = "", zone] = match;
  const wall = { year: +year, month: +month, day: +day, hour: +hour, minute: +minute, second: +second };
  if (wall.year < YEAR_MIN || wall.year > YEAR_MAX || !isWallTime(wall)) return undefined;
  const wallMs = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
  const ms = wallMs + Number(fraction.padEnd(3, "0").slice(0, 3));
  const offsetMs = zone === undefined ? localOffsetMs(ms, timeZone) : parseOffsetMs(zone);
  return offsetMs === undefined ? undefined : new Date(ms - offsetMs);
}

interface WallTime {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
}

/** February 30th and 24:01 are no times; nor are leap seconds, which no PBX writes. */
function isWallTime({ year, month, day, hour, minute, second }: WallTime): boolean {
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
  return day <= 28 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

function parseOffsetMs(zone: string): number | undefined {
  if (zone.toUpperCase() === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(3).replace(":", "") || "0")];
  if (hours > 14 || minutes > 59) return undefined;
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

/** Offset of the zone at the instant whose local clock shows `wallMs` (as if it were UTC). */
function localOffsetMs(wallMs: number, timeZone: string): number {
  const [before, after] = [offsetMsAt(wallMs - DAY_MS, timeZone), offsetMsAt(wallMs + DAY_MS, timeZone)];
  // Around a change of the clock: the new offset only where the old one no longer shows this time.
  const isAfter = offsetMsAt(wallMs - before, timeZone) !== before && offsetMsAt(wallMs - after, timeZone) === after;
  return isAfter ? after : before;
}

const DAY_MS = 24 * 60 * 60 * 1000;

function offsetMsAt(ms: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatFor(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

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
