import type { ConnectionRecord } from "../../core/connection-record.ts";
import { type TenantId, toTenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { type BreakerState, CLOSED, toBreakerPhase, toStateAfterFailure } from "../../kit/breaker.ts";
import { createCache } from "../../kit/cache.ts";
import { createCacheFigures } from "../../kit/cache-figures.ts";
import { type Clock, createDeadline } from "../../kit/clock.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Random } from "../../kit/random.ts";

/** Who a number is in the CRM. `extension` and `owner` are missing where the connector can only tell names. */
export interface KnownCaller {
  contact: { id: string; name: string };
  extension?: string | null;
  owner?: string;
}

export interface KnownCallersOptions {
  clock: Clock;
  random: Random;
  metrics: Metrics;
  /** In this version or a newer one; `undefined` when it is gone. */
  loadConnection(tenantId: TenantId, id: string, version: number): Promise<ConnectionRecord | undefined>;
  /** Rejects when the CRM cannot be asked. */
  findCaller(connection: ConnectionRecord, number: string, signal: AbortSignal): Promise<KnownCaller | null>;
}

export interface KnownCallers {
  /** `null`: the CRM knows nobody. Rejects when it cannot be asked and nothing is remembered. */
  find(connection: ConnectionRecord, number: PhoneNumber): Promise<KnownCaller | null>;
  forget(connection: ConnectionRecord, number: PhoneNumber): void;
  stop(): void;
}

/** A minute old is as good as new; up to ten minutes old it is used while the CRM is asked, or when it does not answer. */
const KEPT = { ttlMs: 60_000, staleMs: 540_000, keysMax: 50_000 };
/** Longer than any caller waits: what comes too late for this call is there for the next. */
const TIMEOUT_MS = 3_000;
const ASKED_AT_ONCE_MAX = 8;
const BREAKER = { failuresMax: 5, firstMs: 5_000, maxMs: 60_000 };

/**
 * What the CRMs say about callers, remembered per connection and version of its settings. A CRM that fails again and again
 * is left alone for a while, and never gets more than a few questions at once: neither is an answer, so neither is kept.
 */
export function createKnownCallers(options: KnownCallersOptions): KnownCallers {
  const { clock, random, metrics, loadConnection, findCaller } = options;
  const health = new Map<string, { breaker: BreakerState; asked: number }>();
  const cache = createCache<string, KnownCaller | null>({
    ...{ ...KEPT, clock, figures: createCacheFigures(metrics, "known_callers") },
    load: async (key) => {
      const { tenantId, id, version, number } = fromKey(key);
      const connection = await loadConnection(tenantId, id, version);
      if (!connection) throw new Error("the connection is gone");
      return ask(connection, number);
    },
  });

  async function ask(connection: ConnectionRecord, number: string): Promise<KnownCaller | null> {
    const state = health.get(connection.id) ?? { breaker: CLOSED, asked: 0 };
    health.set(connection.id, state);
    const phase = toBreakerPhase(state.breaker, clock.now());
    if (phase === "open") throw new Error("the CRM failed again and again and is left alone for a while");
    if (state.asked >= (phase === "half_open" ? 1 : ASKED_AT_ONCE_MAX))
      throw new Error("the CRM is busy with earlier questions");
    const deadline = createDeadline(clock, TIMEOUT_MS);
    state.asked++;
    try {
      const found = await findCaller(connection, number, deadline.signal);
      state.breaker = CLOSED;
      return found;
    } catch (error) {
      state.breaker = toStateAfterFailure(state.breaker, BREAKER, { now: clock.now(), fraction: random.fraction() });
      throw error;
    } finally {
      state.asked--;
      deadline.release();
      if (state.asked === 0 && state.breaker === CLOSED) health.delete(connection.id);
    }
  }

  return {
    find: (connection, number) => cache.get(toKey(connection, number)),
    forget: (connection, number) => cache.forget(toKey(connection, number)),
    stop: cache.stop,
  };
}

const toKey = ({ tenantId, id, version }: ConnectionRecord, number: PhoneNumber): string =>
  `${tenantId} ${id} ${version} ${number}`;

function fromKey(key: string): { tenantId: TenantId; id: string; version: number; number: string } {
  const [tenantId, id = "", version, number = ""] = key.split(" ");
  return { tenantId: toTenantId(Number(tenantId)), id, version: Number(version), number };
}
