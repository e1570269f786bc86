import { rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { loadPrivateFile, savePrivateFile } from "../private-file.ts";
import type { Random } from "../random.ts";
import { startEmbeddedPostgres } from "./embedded.ts";

export interface StoreOptions {
  /** An external PostgreSQL; `undefined` is the embedded one. */
  databaseUrl: string | undefined;
  dataFolder: string;
  clock: Clock;
  random: Random;
  log: Log;
}

/** Where the store is, and how to let go of it. */
export interface StoreAddress {
  url: string;
  stop(): Promise<void>;
}

/** Names the running embedded database for commands of the same user on this machine; gone when it stops. */
const ADDRESS_FILE = "database-url";
const KNOCK_TIMEOUT_MS = 2_000;

/** The store of a server: the external one as it is, or the embedded one, started and owned until `stop`. */
export async function openStore(options: StoreOptions): Promise<StoreAddress> {
  if (options.databaseUrl !== undefined) return { url: options.databaseUrl, stop: async () => undefined };
  const postgres = await startEmbeddedPostgres(options);
  const file = join(options.dataFolder, ADDRESS_FILE);
  await savePrivateFile(file, postgres.url);
  return {
    url: postgres.url,
    stop: async () => {
      await rm(file, { force: true });
      await postgres.stop();
    },
  };
}

/** The store of a command: that of the Enlace that runs on this data folder, else started for the while. */
export async function joinStore(options: StoreOptions): Promise<StoreAddress> {
  const known = options.databaseUrl ?? (await loadPrivateFile(join(options.dataFolder, ADDRESS_FILE)));
  const isThere = options.databaseUrl !== undefined || (known !== null && (await answers(known)));
  return isThere && known !== null ? { url: known, stop: async () => undefined } : openStore(options);
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: KNOCK_TIMEOUT_MS });
  try {
    await client.connect();
    return true;
  } catch {
    return false; // the file outlived its database: kill -9
  } finally {
    await client.end();
  }
}
