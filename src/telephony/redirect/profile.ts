import type { ConnectionRecord } from "../../core/connection-record.ts";
import { type TenantId, toTenantId } from "../../core/ids.ts";
import { type Cache, createCache } from "../../kit/cache.ts";
import { createCacheFigures } from "../../kit/cache-figures.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Random } from "../../kit/random.ts";
import { settingsBody, toSettings } from "./schema.ts";
import { DEFAULT_SETTINGS, type RedirectSettings } from "./settings.ts";
import { loadReachable, loadStoredSettings } from "./store.ts";

/** All that is configured about the redirects of one tenant, as one piece. */
export interface RedirectProfile {
  settings: RedirectSettings;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** By number. */
  extensions: ReadonlyMap<string, { isDisabled: boolean }>;
  /** Which is asked for customers; `null`: none can tell. */
  connection: ConnectionRecord | null;
}

export interface ProfileOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  loadTenant(id: TenantId): Promise<{ country: string } | null>;
  /** Enabled connections of a tenant, the oldest first. */
  listConnections(tenantId: TenantId): Promise<readonly ConnectionRecord[]>;
  /** Whether a connector can tell who calls, or even who is responsible. */
  canTell(connector: string, what: "lookup" | "responsible"): boolean;
}

/**
 * A minute and a half, then asked anew; only while the store is away an older profile is used. A notification forgets it at
 * once, and profiles in use are renewed every four minutes, a little earlier or later, so that no caller waits for the store.
 */
const KEPT = { ttlMs: 90_000, staleMs: 3_600_000, staleWaitMs: 200, keysMax: 5_000 };
const RENEWAL = { everyMs: 240_000, jitter: 0.15 };

export type ProfileCache = Cache<TenantId, RedirectProfile>;

export function createProfileCache(options: ProfileOptions): ProfileCache {
  const { listener, clock, random, log, metrics } = options;
  const cache = createCache<TenantId, RedirectProfile>({
    ...{ ...KEPT, clock, renewal: { ...RENEWAL, random } },
    load: (tenantId) => loadProfile(tenantId, options),
    figures: createCacheFigures(metrics, "smart_redirect"),
  });
  const unsubscribe = listener.on("settings", (payload) => {
    if (payload !== null && /^\d+$/.test(payload)) return cache.forget(toTenantId(Number(payload)));
    log.info({ profiles: cache.counters().entries }, "redirect.profiles_forgotten"); // something may have been missed
    cache.forgetAll();
  });
  return {
    ...cache,
    stop: () => {
      unsubscribe();
      cache.stop();
    },
  };
}

async function loadProfile(tenantId: TenantId, options: ProfileOptions): Promise<RedirectProfile> {
  const { database, loadTenant, listConnections } = options;
  const [stored, tenant, extensions, connections] = await Promise.all([
    loadStoredSettings(database.sql, tenantId),
    loadTenant(tenantId),
    loadReachable(database.sql, tenantId),
    listConnections(tenantId),
  ]);
  const settings = stored === undefined ? DEFAULT_SETTINGS : toSettings(settingsBody.parse(stored));
  return {
    settings,
    country: tenant?.country ?? "",
    extensions: new Map(extensions.map(({ number, isDisabled }) => [number, { isDisabled }])),
    connection: chooseConnection(settings, connections, options),
  };
}

function chooseConnection(
  { connectionId }: RedirectSettings,
  connections: readonly ConnectionRecord[],
  { canTell }: Pick<ProfileOptions, "canTell">,
): ConnectionRecord | null {
  const usable = connections.filter(({ problem }) => problem === null);
  if (connectionId !== null) return usable.find(({ id }) => id === connectionId) ?? null;
  const first = (what: "lookup" | "responsible") => usable.find(({ connector }) => canTell(connector, what));
  return first("responsible") ?? first("lookup") ?? null;
}
