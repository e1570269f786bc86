import { toBackoffMs } from "../kit/backoff.ts";

/**
 * How long after an attempt of unknown end the other side may still be working on it. The next attempt, which looks before
 * it writes, waits until a late success would be visible.
 */
export const UNCERTAIN_GRACE_MS = 60_000;
/** However long the other side asks us to wait, we look again after this. */
export const RETRY_AFTER_MAX_MS = 24 * 3_600_000;

const BACKOFF = { firstMs: 5_000, maxMs: 6 * 3_600_000 };

export interface FailedAttempt {
  /** Attempts that counted so far, this one included; at least 1. */
  attempts: number;
  /** What the other side asked for (Retry-After). */
  afterMs?: number | undefined;
  uncertain?: boolean | undefined;
  /** Wait after an uncertain attempt; tests and simulations shorten it. */
  graceMs?: number | undefined;
}

/**
 * Milliseconds until the next attempt: exponential from 5 s to 6 h with jitter, never sooner than the other side asked for,
 * and never while a late success may still show up. `fraction` is uniform in [0, 1).
 */
export function toRetryDelayMs(failed: FailedAttempt, fraction: number): number {
  const { attempts, afterMs = 0, uncertain = false, graceMs = UNCERTAIN_GRACE_MS } = failed;
  const asked = Number.isFinite(afterMs) ? Math.min(Math.max(0, Math.ceil(afterMs)), RETRY_AFTER_MAX_MS) : 0;
  return Math.max(toBackoffMs(attempts, BACKOFF, fraction), asked, uncertain ? graceMs : 0);
}
