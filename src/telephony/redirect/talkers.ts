import { type TenantId, toTenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { createCache } from "../../kit/cache.ts";
import { createCacheFigures } from "../../kit/cache-figures.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { loadTalkers } from "./store.ts";

export interface Talkers {
  /** Extensions that talked with the number, the latest or the earliest first. Rejects when the store is away and nothing is remembered. */
  find(tenantId: TenantId, number: PhoneNumber, order: "first" | "last"): Promise<readonly string[]>;
  forget(tenantId: TenantId, number: PhoneNumber): void;
}

/**
 * Short, since the next call may follow the one that was just cut off. The store answers in a millisecond or two; one that
 * does not gets no caller to wait for it, and what it says later serves the next.
 */
const KEPT = { ttlMs: 10_000, staleMs: 600_000, staleWaitMs: 8, keysMax: 50_000 };

/** Our own call log, asked who talked with a number. */
export function createTalkers({
  database,
  clock,
  metrics,
}: {
  database: Database;
  clock: Clock;
  metrics: Metrics;
}): Talkers {
  const cache = createCache<string, readonly string[]>({
    ...{ ...KEPT, clock, figures: createCacheFigures(metrics, "talkers") },
    load: (key) => {
      const [tenantId, number = "", order] = key.split(" ");
      const wanted = { number, order: order === "first" ? "first" : "last" } as const;
      return loadTalkers(database, toTenantId(Number(tenantId)), wanted);
    },
  });
  return {
    find: (tenantId, number, order) => cache.get(`${tenantId} ${number} ${order}`),
    forget: (tenantId, number) => {
      for (const order of ["first", "last"]) cache.forget(`${tenantId} ${number} ${order}`);
    },
  };
}
