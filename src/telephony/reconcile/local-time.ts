import { offsetMsAt, toInstantsMs, toOffsetsMs } from "../../kit/time-zone.ts";

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:\.\d+)?$/;

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
  const fitting = toInstantsMs(wallMs, timeZone);
  const candidates = fitting.length > 0 ? fitting : [wallMs - toOffsetsMs(wallMs, timeZone)[0]];
  const near = nearAt?.getTime() ?? Math.min(...candidates);
  const [best = wallMs] = candidates.sort((a, b) => Math.abs(a - near) - Math.abs(b - near));
  return new Date(best);
}

/** `2026-11-22 13:12:23`, as the clock on the wall of `timeZone` shows it. */
export function toLocalText(at: Date, timeZone: string): string {
  return toWallText(at.getTime() + offsetMsAt(at.getTime(), timeZone));
}

const toWallText = (wallMs: number): string => new Date(wallMs).toISOString().slice(0, 19).replace("T", " ");
