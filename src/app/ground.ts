import { join } from "node:path";
import type { Config } from "../config.ts";
import type { DeliveryLimits } from "../delivery/delivery.ts";
import { type Clock, systemClock } from "../kit/clock.ts";
import { ensureInstallationSecret } from "../kit/installation-secret.ts";
import { createLog, type Log } from "../kit/log.ts";
import { createMetrics, type Metrics } from "../kit/metrics.ts";
import { assertSupportedVersion, type Database, openDatabase } from "../kit/postgres/database.ts";
import { createListener, type Listener } from "../kit/postgres/listener.ts";
import { createLocks, type Locks } from "../kit/postgres/locks.ts";
import { migrate } from "../kit/postgres/migrate.ts";
import { ensurePartitions } from "../kit/postgres/partitions.ts";
import { openStore } from "../kit/postgres/store-address.ts";
import { type Random, systemRandom } from "../kit/random.ts";
import { createSecretBox, type SecretBox } from "../kit/secret-box.ts";

// What every room stands on: opened first, closed last.

export interface AppOptions {
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** Of Enlace, for /health and the API document. */
  version?: string;
  /** Shorter waits, for simulations. */
  deliveryLimits?: Partial<DeliveryLimits>;
}

const MIGRATIONS = join(import.meta.dirname, "..", "..", "migrations");

/** What every room stands on. */
export interface Ground {
  clock: Clock;
  random: Random;
  log: Log;
  version: string;
  metrics: Metrics;
  database: Database;
  listener: Listener;
  locks: Locks;
  box: SecretBox;
  secret: string;
  /** Of earlier ENLACE_SECRETs, newest first. */
  previousSecrets: readonly string[];
  publicUrl: string;
  deliveryLimits: Partial<DeliveryLimits>;
}

export async function openGround(config: Config, options: AppOptions, undo: (() => Promise<void>)[]): Promise<Ground> {
  const { clock = systemClock, random = systemRandom, log = createLog(config.log), version = "0.0.0" } = options;
  const secret = await ensureInstallationSecret(config.secret, { dataFolder: config.dataFolder, random });
  const store = await openStore({ ...config, clock, random, log });
  undo.push(store.stop);
  const database = openDatabase({ url: store.url, poolMax: config.databasePool, log });
  undo.push(database.close);
  await assertSupportedVersion(database);
  const applied = await migrate(database, MIGRATIONS);
  if (applied.length > 0) log.info({ applied }, "database.migrated");
  await ensurePartitions(database, clock.now());
  const listener = createListener({ url: store.url, clock, log });
  await listener.start();
  undo.push(listener.stop);
  const locks = createLocks({ url: store.url, clock, log });
  undo.push(locks.stop);
  return {
    ...{ clock, random, log, version, database, listener, locks, secret },
    metrics: createMetrics(),
    previousSecrets: config.previousSecrets,
    box: createSecretBox({ secret, previous: config.previousSecrets, random }),
    publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
    deliveryLimits: options.deliveryLimits ?? {},
  };
}
