import { toErrorMessage } from "../core/errors.ts";
import { type TenantId, toTenantId } from "../core/ids.ts";
import { createCache } from "../kit/cache.ts";
import { createCacheFigures } from "../kit/cache-figures.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import type { Database } from "../kit/postgres/database.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import type { SecretBox } from "../kit/secret-box.ts";
import { loadTenantById, loadTenantIdByNumber, type Tenant } from "./store.ts";
import { loadSealedSecrets, openWebhookSecret, type SealedSecret } from "./webhook-secrets/store.ts";

/**
 * What the hot paths ask about tenants, remembered for a minute and forgotten at once when a change is notified.
 * Never says what is not in the store: an unknown number is asked for again each time.
 */
export interface Directory {
  /** No number means the default tenant. `null` when there is no such tenant; a disabled one is still returned. */
  loadTenantByNumber(number: string | undefined): Promise<Tenant | null>;
  loadTenant(id: TenantId): Promise<Tenant | null>;
  /** Every secret that may sign a webhook now: the current one first, then rotated ones until they expire. */
  loadWebhookSecrets(id: TenantId): Promise<readonly string[]>;
  /** Forgets what is remembered of a tenant; the notification does the same in other processes. */
  forget(id: TenantId): void;
  stop(): void;
}

export interface DirectoryOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  box: SecretBox;
  log: Log;
  metrics?: Metrics;
}

interface GoodSecret {
  secret: string;
  expiresAt: Date | null;
}

const CACHE = { ttlMs: 60_000, keysMax: 50_000 };
const DEFAULT = "";

export function createDirectory({ database, listener, clock, box, log, metrics }: DirectoryOptions): Directory {
  const toFigures = (name: string) => (metrics ? { figures: createCacheFigures(metrics, name) } : {});
  const ids = createCache<string, TenantId | null>({
    ...{ ...CACHE, clock, ...toFigures("tenant_numbers") },
    load: async (number) => {
      const id = await loadTenantIdByNumber(database.sql, number === DEFAULT ? null : number);
      if (id === null) ids.forget(number);
      return id;
    },
  });
  const tenants = createCache<TenantId, Tenant | null>({
    ...{ ...CACHE, clock, ...toFigures("tenants") },
    load: (id) => loadTenantById(database.sql, id),
  });
  const secrets = createCache({
    ...{ ...CACHE, clock, ...toFigures("webhook_secrets") },
    load: async (id: TenantId) =>
      (await loadSealedSecrets(database.sql, id, clock.now())).flatMap((row) => open(id, row)),
  });

  /** One that does not open signs nothing; the others still do. */
  function open(id: TenantId, { id: secretId, sealed, expiresAt }: SealedSecret): GoodSecret[] {
    try {
      return [{ secret: openWebhookSecret(box, id, sealed), expiresAt }];
    } catch (error) {
      log.error({ tenantId: id, secretId, error: toErrorMessage(error) }, "webhook_secret.does_not_open");
      return [];
    }
  }

  function forget(id: TenantId): void {
    tenants.forget(id);
    secrets.forget(id);
  }
  const unsubscribe = listener.on("settings", (payload) => {
    if (payload !== null && /^\d+$/.test(payload)) return forget(toTenantId(Number(payload)));
    log.info({ tenants: tenants.counters().entries }, "directory.forgotten"); // something may have been missed
    for (const cache of [ids, tenants, secrets]) cache.forgetAll();
  });

  return {
    loadTenantByNumber: async (number) => {
      const id = await ids.get(number ?? DEFAULT);
      return id === null ? null : tenants.get(id);
    },
    loadTenant: (id) => tenants.get(id),
    loadWebhookSecrets: async (id) => {
      const now = clock.now();
      return (await secrets.get(id)).filter((s) => s.expiresAt === null || s.expiresAt > now).map((s) => s.secret);
    },
    forget,
    stop: unsubscribe,
  };
}
