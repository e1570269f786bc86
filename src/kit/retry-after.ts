const RETRY_AFTER_MAX_MS = 24 * 3_600_000;

/** Milliseconds a `Retry-After` header asks for, seconds or an HTTP date; `undefined` when absent or unreadable; at most a day. */
export function parseRetryAfterMs(value: string | undefined, now: Date): number | undefined {
  const text = value?.trim() ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return text === "" || Number.isNaN(ms) ? undefined : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, ms));
}
