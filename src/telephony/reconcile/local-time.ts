const LOCAL = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?$/;
const DAY_MS = 86_400_000;

/**
 * Instant of `2026-11-22 13:12:23` in `timeZone` (IANA). A time that a change of the clock repeats is the one nearer to
 * `nearAt`, without it the first. `undefined` when it is no time.
 */
export function toInstantOf(text: string, timeZone: string, nearAt?: Date): Date | undefined {
  const match = LOCAL.exec(text);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  const wallMs = Date.UTC(year, month - 1, day, hour, minute, second);
  if (year < 1970 || Number.isNaN(wallMs) || toWallText(wallMs) !== text.slice(0, 19).replace("T", " "))
    return undefined;
  const offsets = [...new Set([offsetMsAt(wallMs - DAY_MS, timeZone), offsetMsAt(wallMs + DAY_MS, timeZone)])];
  const fitting = offsets.map((offset) => wallMs - offset).filter((ms) => ms + offsetMsAt(ms, timeZone) === wallMs);
  const candidates = fitting.length > 0 ? fitting : [wallMs - (offsets[0] ?? 0)];
  const near = nearAt?.getTime() ?? Math.min(...candidates);
  const [best = wallMs] = candidates.sort((a, b) => Math.abs(a - near) - Math.abs(b - near));
  return new Date(best);
}

/** `2026-11-22 13:12:23`, as the clock on the wall of `timeZone` shows it. */
export function toLocalText(at: Date, timeZone: string): string {
  return toWallText(at.getTime() + offsetMsAt(at.getTime(), timeZone));
}

const toWallText = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 19).replace("T", " ");

/** What the zone's clock shows less what that of UTC shows. */
function offsetMsAt(ms: number, timeZone: string): number {
  const parts = Object.fromEntries(
    formatFor(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
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
