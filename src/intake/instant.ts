import { toInstantsMs, toOffsetsMs } from "../kit/time-zone.ts";

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

/** Offset of the zone at the instant whose local clock shows `wallMs` (as if it were UTC); a skipped time has the earlier one. */
function localOffsetMs(wallMs: number, timeZone: string): number {
  const [first] = toInstantsMs(wallMs, timeZone);
  return first === undefined ? toOffsetsMs(wallMs, timeZone)[0] : wallMs - first;
}
