import type { Clock } from "./clock.ts";

/**
 * Slows down guessing: after `freeAttempts` failures of one key each further one costs a wait that doubles from `firstMs`
 * to `maxMs`. An attempt counts as failed when it begins, so guesses sent all at once count too; `forgive`
 * and `clear` take back what turned out right. Remembers at most `keysMax` keys, the least recently failed leaves first.
 */
export interface Throttle {
  /** Milliseconds the key must still wait; 0 means that the attempt may go on and has been counted. */
  begin(key: string): number;
  /** Takes the last attempt back: it was right, which says nothing about the earlier ones. */
  forgive(key: string): void;
  /** Forgets all attempts of the key. */
  clear(key: string): void;
}

export interface ThrottleOptions {
  clock: Clock;
  freeAttempts: number;
  firstMs: number;
  maxMs: number;
  keysMax: number;
}

interface Entry {
  attempts: number;
  /** `Clock.now()` in milliseconds. */
  openAtMs: number;
}

export function createThrottle({ clock, freeAttempts, firstMs, maxMs, keysMax }: ThrottleOptions): Throttle {
  const entries = new Map<string, Entry>();

  /** A key that was good for twice the longest wait starts afresh. */
  function load(key: string, nowMs: number): Entry {
    const entry = entries.get(key);
    return entry && nowMs - entry.openAtMs < 2 * maxMs ? entry : { attempts: 0, openAtMs: nowMs };
  }

  function trim(): void {
    for (const oldest of entries.keys()) {
      if (entries.size <= keysMax) return;
      entries.delete(oldest);
    }
  }

  return {
    begin: (key) => {
      const nowMs = clock.now().getTime();
      const entry = load(key, nowMs);
      if (entry.openAtMs > nowMs) return entry.openAtMs - nowMs;
      const attempts = entry.attempts + 1;
      const extra = attempts - freeAttempts;
      const waitMs = extra < 0 ? 0 : Math.min(maxMs, firstMs * 2 ** Math.min(extra, 30));
      entries.delete(key); // to the young end of the map
      entries.set(key, { attempts, openAtMs: nowMs + waitMs });
      trim();
      return 0;
    },
    forgive: (key) => {
      const entry = entries.get(key);
      if (entry) entries.set(key, { attempts: entry.attempts - 1, openAtMs: clock.now().getTime() });
    },
    clear: (key) => void entries.delete(key),
  };
}
