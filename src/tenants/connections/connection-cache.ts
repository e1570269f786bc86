import type pg from "pg";
import type { Connector } from "../../connectors/connector.ts";
import type { ConnectionRecord } from "../../core/connection-record.ts";
import { type TenantId, toTenantId } from "../../core/ids.ts";
import { createCacheFigures, createCounters } from "../../kit/cache-figures.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Random } from "../../kit/random.ts";
import type { SecretBox } from "../../kit/secret-box.ts";
import { type AskedEntry, createConnectionRounds } from "./connection-rounds.ts";
import { openConnection } from "./opened-connection.ts";
import { loadConnectionsOf } from "./store.ts";

export interface ConnectionCacheOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  box: SecretBox;
  connectors: ReadonlyMap<string, Connector>;
  metrics?: Metrics;
  /** For the rounds that renew what is asked for; without it each minute somebody waits. */
  random?: Random;
}

/**
 * The opened connections of tenants, for the hot paths: kept for a minute, renewed in the background as long as they are asked
 * for, forgotten at once when a change is notified. Misses of many tenants are one question. Who asks on the pool shares it with
 * others; who asks in a transaction asks on its own client: no transaction waits for another's, which might wait for it. That is
 * why it is apart from kit/cache.ts, whose askers all share.
 */
export interface ConnectionCache {
  /** Enabled ones. Misses are loaded with `client`, so that a transaction never waits for a second client. */
  listRoutable(
    tenantIds: readonly TenantId[],
    client: pg.Pool | pg.PoolClient,
  ): Promise<ReadonlyMap<TenantId, readonly ConnectionRecord[]>>;
  /** In this version or a newer one; `undefined` when it is gone. */
  load(tenantId: TenantId, id: string, version: number): Promise<ConnectionRecord | undefined>;
  forget(tenantId: TenantId): void;
  stop(): void;
}

interface Entry extends AskedEntry {
  connections: readonly ConnectionRecord[];
}

type Loaded = ReadonlyMap<TenantId, readonly ConnectionRecord[]>;

const TTL_MS = 60_000;
const TENANTS_MAX = 20_000;

export function createConnectionCache({
  database,
  listener,
  clock,
  box,
  connectors,
  metrics,
  random,
}: ConnectionCacheOptions): ConnectionCache {
  const entries = new Map<TenantId, Entry>();
  const counters = createCounters();
  const figures = metrics && createCacheFigures(metrics, "connections");
  let generation = 0;
  figures?.watch(() => ({ ...counters, entries: entries.size, expired: countExpired() }));

  const unsubscribe = listener.on("settings", (tenantId) => {
    forget(tenantId === null ? [...entries.keys()] : [Number(tenantId) as TenantId]);
  });

  function forget(tenantIds: readonly TenantId[]): void {
    generation++;
    shared.forget(tenantIds);
    for (const id of tenantIds) if (entries.delete(id)) counters.forgotten++;
  }

  function find(tenantId: TenantId): Entry | undefined {
    const entry = entries.get(tenantId);
    if (!entry || isExpired(entry)) return undefined;
    entry.wasAsked = true;
    return entry;
  }

  const isExpired = ({ goodUntilMs }: Entry): boolean => goodUntilMs <= clock.monotonicMs();
  const countExpired = (): number => [...entries.values()].filter(isExpired).length;

  /** What was being read while something changed is used once and not kept. */
  async function loadMissing(tenantIds: readonly TenantId[], client: pg.Pool | pg.PoolClient): Promise<Loaded> {
    const began = generation;
    const startedMs = clock.monotonicMs();
    const goodUntilMs = startedMs + TTL_MS;
    counters.loads++;
    const stored = await loadConnectionsOf(client, tenantIds).catch((error: unknown) => {
      counters.failures++;
      throw error;
    });
    figures?.observeLoad((clock.monotonicMs() - startedMs) / 1000);
    const loaded = new Map(tenantIds.map((id) => [id, [] as ConnectionRecord[]]));
    for (const row of stored) loaded.get(toTenantId(row.tenantId))?.push(openConnection(row, { box, connectors }));
    if (began === generation) {
      for (const [id, connections] of loaded)
        keep(id, { connections, goodUntilMs, wasAsked: entries.get(id)?.wasAsked ?? true });
    }
    return loaded;
  }

  function keep(tenantId: TenantId, entry: Entry): void {
    entries.delete(tenantId);
    entries.set(tenantId, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= TENANTS_MAX) return;
      entries.delete(oldest);
    }
  }

  const shared = createShared((tenantId) => loadMissing([tenantId], database.pool));
  const rounds = createConnectionRounds({
    ...{ entries, clock, random },
    load: (tenantIds) => loadMissing(tenantIds, database.pool),
  });

  return {
    listRoutable: async (tenantIds, client) => {
      // Looked up once: what runs out or is forgotten from here on is still the truth of this question.
      const known = new Map(tenantIds.map((id) => [id, find(id)?.connections]));
      const missing = tenantIds.filter((id) => known.get(id) === undefined);
      counters.hits += tenantIds.length - missing.length;
      counters.misses += missing.length;
      const loaded = missing.length === 0 ? undefined : await loadMissing(missing, client);
      rounds.schedule();
      const all = tenantIds.map((id) => [id, known.get(id) ?? loaded?.get(id) ?? []] as const);
      return new Map(all.map(([id, connections]) => [id, connections.filter((connection) => connection.enabled)]));
    },
    load: async (tenantId, id, version) => {
      const pick = (all: readonly ConnectionRecord[] | undefined) => all?.find((connection) => connection.id === id);
      const known = pick(find(tenantId)?.connections);
      if (known && known.version >= version) {
        counters.hits++;
        return known;
      }
      counters.misses++;
      const others = shared.find(tenantId);
      const found = pick((await (others ?? shared.begin(tenantId))).get(tenantId));
      rounds.schedule();
      if (!others || (found && found.version >= version)) return found;
      return pick((await shared.begin(tenantId)).get(tenantId)); // the others' question may have been before this version
    },
    forget: (tenantId) => forget([tenantId]),
    stop: () => {
      unsubscribe();
      rounds.stop();
    },
  };
}

/** One question per tenant at a time, for whoever asks while it is under way. */
function createShared(ask: (tenantId: TenantId) => Promise<Loaded>) {
  const underWay = new Map<TenantId, Promise<Loaded>>();
  return {
    find: (tenantId: TenantId): Promise<Loaded> | undefined => underWay.get(tenantId),
    begin: (tenantId: TenantId): Promise<Loaded> => {
      const asking = ask(tenantId).finally(() => {
        if (underWay.get(tenantId) === asking) underWay.delete(tenantId);
      });
      underWay.set(tenantId, asking);
      return asking;
    },
    /** Something changed: what is being read may be from before. */
    forget: (tenantIds: readonly TenantId[]): void => {
      for (const id of tenantIds) underWay.delete(id);
    },
  };
}
