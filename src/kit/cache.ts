import { type CacheCounters, type CacheFigures, createCounters } from "./cache-figures.ts";
import { createRounds, type Renewal } from "./cache-rounds.ts";
import type { Clock } from "./clock.ts";

/*
 * One key's life:
 *
 *   missing ── get ──▶ loading ── loaded ──▶ fresh ── ttlMs ──▶ stale ── staleMs ──▶ missing
 *                         └ failed: told to all who waited,         └ get: given while one load renews it; a failed
 *                           not kept; the next asks anew              renewal leaves it, until it is too old
 *
 * `forget` makes it missing from wherever it is: what was loading then is given to those who waited and not kept.
 */
export interface Cache<K, V> {
  /** Many askers of one key share one load. Rejects when there is nothing and the load fails. */
  get(key: K): Promise<V>;
  forget(key: K): void;
  forgetAll(): void;
  /** Ends the background renewal. */
  stop(): void;
  counters(): CacheCounters;
}

export interface CacheOptions<K, V> {
  clock: Clock;
  /** How long a value is given without a question. */
  ttlMs: number;
  /** How long after that it may still be given while it is renewed; default 0. */
  staleMs?: number;
  /** How long an asker of a stale value waits for the new one; default 0. */
  staleWaitMs?: number;
  /** At most so many keys, the oldest leaves first. */
  keysMax: number;
  load(key: K): Promise<V>;
  /** Renews every key that was asked for since the last time, before anybody has to wait for it. */
  renewal?: Renewal;
  /** Where hits, misses and load times are counted. */
  figures?: CacheFigures;
}

interface Entry<V> {
  value: Promise<V>;
  isLoading: boolean;
  freshUntilMs: number;
  /** Shared by all who meet it stale. */
  renewing: Promise<V> | undefined;
  /** A renewal that failed is not tried again before. */
  renewAfterMs: number;
  /** Since the last round of renewal. */
  wasAsked: boolean;
}

const RENEW_RETRY_MS = 1_000;

export function createCache<K, V>(options: CacheOptions<K, V>): Cache<K, V> {
  const { clock, staleMs = 0, staleWaitMs = 0, figures } = options;
  const counters = createCounters();
  const entries = new Map<K, Entry<V>>();
  const load = createTimedLoad(options, counters);
  const keep = createKeep(options, entries);
  const rounds = createRounds({ clock, entries, renewal: options.renewal, renew, isOver });
  const isExpired = ({ isLoading, freshUntilMs }: Entry<V>): boolean =>
    !isLoading && clock.monotonicMs() >= freshUntilMs;
  const read = (): CacheCounters => {
    let expired = 0;
    for (const entry of entries.values()) if (isExpired(entry)) expired++;
    return { ...counters, entries: entries.size, expired };
  };
  figures?.watch(read);

  function start(key: K): Promise<V> {
    counters.misses++;
    const value = load(key);
    const entry = keep(key, value, true);
    const end = (): void => {
      entry.isLoading = false;
    };
    value.then(end, () => {
      end();
      if (entries.get(key) === entry) entries.delete(key);
    });
    rounds.schedule();
    return value;
  }

  /** Resolves with the new value, or with the one we have when there is no newer to be had. */
  function renew(key: K, entry: Entry<V>): Promise<V> {
    if (entry.renewing) return entry.renewing;
    if (entry.renewAfterMs > clock.monotonicMs()) return entry.value;
    entry.renewing = load(key).then(
      (value) => {
        if (entries.get(key) === entry) keep(key, Promise.resolve(value), false).wasAsked = entry.wasAsked;
        return value;
      },
      () => {
        entry.renewing = undefined; // counted as a failure; the stale value lives on
        entry.renewAfterMs = clock.monotonicMs() + RENEW_RETRY_MS;
        return entry.value;
      },
    );
    return entry.renewing;
  }

  function giveStale(key: K, entry: Entry<V>): Promise<V> {
    counters.stale++;
    const renewed = renew(key, entry);
    return staleWaitMs === 0 ? entry.value : firstWithin(clock, staleWaitMs, { renewed, value: entry.value });
  }

  function isOver(entry: Entry<V>): boolean {
    return clock.monotonicMs() >= entry.freshUntilMs + staleMs;
  }

  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return start(key);
      entry.wasAsked = true;
      if (!isExpired(entry)) {
        counters.hits++;
        return entry.value;
      }
      return isOver(entry) ? start(key) : giveStale(key, entry);
    },
    forget: (key) => {
      if (entries.delete(key)) counters.forgotten++;
    },
    forgetAll: () => {
      counters.forgotten += entries.size;
      entries.clear();
    },
    stop: rounds.stop,
    counters: read,
  };
}

function createTimedLoad<K, V>({ clock, load, figures }: CacheOptions<K, V>, counters: CacheCounters) {
  return async (key: K): Promise<V> => {
    const startedMs = clock.monotonicMs();
    counters.loads++;
    try {
      return await load(key);
    } catch (error) {
      counters.failures++;
      throw error;
    } finally {
      figures?.observeLoad((clock.monotonicMs() - startedMs) / 1000);
    }
  };
}

function createKeep<K, V>({ clock, ttlMs, keysMax }: CacheOptions<K, V>, entries: Map<K, Entry<V>>) {
  return (key: K, value: Promise<V>, isLoading: boolean): Entry<V> => {
    const freshUntilMs = clock.monotonicMs() + ttlMs;
    const entry = { value, isLoading, freshUntilMs, renewing: undefined, renewAfterMs: 0, wasAsked: true };
    entries.delete(key); // to the young end of the map
    entries.set(key, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= keysMax) break;
      entries.delete(oldest);
    }
    return entry;
  };
}

function firstWithin<V>(
  clock: Clock,
  ms: number,
  { renewed, value }: { renewed: Promise<V>; value: Promise<V> },
): Promise<V> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, () => resolve(value));
    void renewed.then(resolve, reject).finally(cancel);
  });
}
