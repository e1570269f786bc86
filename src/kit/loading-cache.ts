import type { Clock } from "./clock.ts";

/**
 * Remembers what was loaded for `ttlMs`. Many askers of one key share one load; a failed load is told to all of them and
 * not remembered. What was loading while its key was forgotten is given to those who waited and not kept, so nothing stale
 * survives a `forget`. At most `keysMax` keys, the oldest leaves first.
 */
export interface LoadingCache<K, V> {
  get(key: K): Promise<V>;
  forget(key: K): void;
  forgetAll(): void;
}

export interface LoadingCacheOptions<K, V> {
  clock: Clock;
  ttlMs: number;
  keysMax: number;
  load(key: K): Promise<V>;
}

interface Entry<V> {
  value: Promise<V>;
  goodUntilMs: number;
}

export function createLoadingCache<K, V>({
  clock,
  ttlMs,
  keysMax,
  load,
}: LoadingCacheOptions<K, V>): LoadingCache<K, V> {
  const entries = new Map<K, Entry<V>>();

  function start(key: K): Promise<V> {
    const value = load(key);
    const entry = { value, goodUntilMs: clock.monotonicMs() + ttlMs };
    entries.delete(key);
    entries.set(key, entry);
    value.catch(() => {
      if (entries.get(key) === entry) entries.delete(key);
    });
    trim();
    return value;
  }

  function trim(): void {
    for (const oldest of entries.keys()) {
      if (entries.size <= keysMax) return;
      entries.delete(oldest);
    }
  }

  return {
    get: (key) => {
      const entry = entries.get(key);
      return entry && entry.goodUntilMs > clock.monotonicMs() ? entry.value : start(key);
    },
    forget: (key) => void entries.delete(key),
    forgetAll: () => entries.clear(),
  };
}
