import type { Histogram } from "prom-client";
import type { Metrics } from "./metrics.ts";

/** What a cache has done so far. */
export interface CacheCounters {
  /** Given without a question; who waited for another's load counts as well. */
  hits: number;
  /** Given although too old, while it was renewed. */
  stale: number;
  misses: number;
  loads: number;
  failures: number;
  /** Dropped because it was said to have changed. */
  forgotten: number;
  entries: number;
  /** Entries that are too old to be given without a question; they are renewed when they are asked for. */
  expired: number;
}

export interface CacheFigures {
  /** `read` is called when Prometheus asks: a hit costs an addition and nothing else. */
  watch(read: () => CacheCounters): void;
  observeLoad(seconds: number): void;
}

export const createCounters = (): CacheCounters => ({
  ...{ hits: 0, stale: 0, misses: 0, loads: 0, failures: 0, forgotten: 0, entries: 0, expired: 0 },
});

interface Shelf {
  watched: { name: string; read: () => CacheCounters }[];
  loads: Histogram<"cache">;
}

/** Each process has one registry, and all its caches are time series of the same few figures. */
const shelves = new WeakMap<object, Shelf>();

/** The figures of one cache under its name, a word of ours: `tenants`, `smart_redirect` … */
export function createCacheFigures(metrics: Metrics, name: string): CacheFigures {
  const shelf = shelves.get(metrics.registry) ?? openShelf(metrics);
  return {
    watch: (read) => void shelf.watched.push({ name, read }),
    observeLoad: (seconds) => shelf.loads.observe({ cache: name }, seconds),
  };
}

function openShelf(metrics: Metrics): Shelf {
  const labels = ["cache"] as const;
  const loads = metrics.histogram("enlace_cache_load_seconds", "How long caches waited for the truth.", { labels });
  const shelf: Shelf = { watched: [], loads };
  shelves.set(metrics.registry, shelf);
  const count = (name: string, help: string, key: keyof CacheCounters): void => {
    metrics.gauge(name, help, {
      labels,
      read: (gauge) => {
        for (const { name: cache, read } of shelf.watched) gauge.set({ cache }, read()[key]);
      },
    });
  };
  count("enlace_cache_hits", "Answers from the cache since the start.", "hits");
  count("enlace_cache_stale", "Answers that were given while they were renewed.", "stale");
  count("enlace_cache_misses", "Questions that had to wait for the truth.", "misses");
  count("enlace_cache_loads", "Times the truth was asked for.", "loads");
  count("enlace_cache_failures", "Loads that failed; none of them is remembered.", "failures");
  count("enlace_cache_forgotten", "Entries dropped because they were said to have changed.", "forgotten");
  count("enlace_cache_entries", "Entries that are held.", "entries");
  count("enlace_cache_expired", "Of these, entries that are past their time and wait to be renewed.", "expired");
  return shelf;
}
