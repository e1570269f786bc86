import { once } from "node:events";
import { mkdir, realpath } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Random } from "../random.ts";
import { prepareBinaries } from "./embedded-binaries.ts";
import { prepareCluster } from "./embedded-cluster.ts";
import { ownFolder } from "./embedded-owner.ts";
import { type Place, preparePlace } from "./embedded-place.ts";
import { EmbeddedServer } from "./embedded-server.ts";

// A real PostgreSQL in the data folder, for installations without a database of their own.
//
//   <dataFolder>/postgres.lock      who owns the folder: one Enlace at a time (embedded-owner.ts)
//   <dataFolder>/postgres/          or a link to where its account can reach (embedded-place.ts)
//     cluster/  run/  password  server.log  [binaries-…]
//
// A start: own the folder → find the place and the account → binaries → cluster → end a survivor of a killed Enlace →
// server (embedded-server.ts, which also restarts it) → role and database. Reached by a socket that only its account and
// root can open, or, where the path is too long for a socket, by a port of 127.0.0.1; a random password in both cases.

export interface EmbeddedPostgresOptions {
  dataFolder: string;
  clock: Clock;
  random: Random;
  log: Log;
  /** Overrides of the server's settings. `fsync: "off"` is for throw-away clusters only. */
  settings?: Readonly<Record<string, string>>;
  /** A port of 127.0.0.1 in place of the socket, for clients that only know hosts and ports. */
  loopback?: boolean;
  /** Where a cluster goes that PostgreSQL's account cannot reach in `dataFolder`. */
  fallbackRoot?: string;
}

export interface EmbeddedPostgres {
  /** Address of the database `enlace` as the role `enlace` (no superuser). Stays the same when the server is restarted. */
  url: string;
  /** Stops the server cleanly (at most 30 s) and gives the data folder back. */
  stop(): Promise<void>;
}

/** The longest path a Unix socket can have, without the closing zero; macOS has the smaller bound. */
const SOCKET_PATH_BYTES_MAX = process.platform === "darwin" ? 103 : 107;
const SOCKET_PORT = 5432;

/** Durable, in UTC, modest in memory (about 200 MB under load), and silent about the statements that carry people's data. */
const SETTINGS: Readonly<Record<string, string>> = {
  max_connections: "120",
  shared_buffers: "128MB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  effective_cache_size: "512MB",
  max_wal_size: "512MB",
  wal_compression: "on",
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  random_page_cost: "1.1",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  password_encryption: "scram-sha-256",
  log_checkpoints: "off",
  log_min_error_statement: "panic",
  tcp_keepalives_idle: "60",
};

/**
 * Starts PostgreSQL on `dataFolder` and keeps it running until `stop()`. Throws a sentence that tells what to do when the
 * folder is in use, cannot be reached, or the binaries do not run here.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.dataFolder, { recursive: true });
  const dataFolder = await realpath(options.dataFolder);
  const ownership = await ownFolder(dataFolder, options.random);
  try {
    const { server, url } = await startServer(dataFolder, options);
    return {
      url,
      stop: async () => {
        await server.stop();
        await ownership.release();
      },
    };
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

async function startServer(dataFolder: string, options: EmbeddedPostgresOptions) {
  const { clock, random, log } = options;
  const place = await preparePlace(dataFolder, log, options.fallbackRoot);
  const binaries = await prepareBinaries(place);
  const durable = options.settings?.fsync !== "off";
  const password = await prepareCluster({ place, binaries, random, durable });
  const address = await chooseAddress(place, options.loopback);
  const adminUrl = address.toUrl("postgres", password, "postgres");
  const settings = { ...SETTINGS, ...address.settings, ...options.settings };
  const server = new EmbeddedServer({ place, binaries, settings, adminUrl, clock, random, log });
  await server.start();
  try {
    await ensureDatabase(adminUrl, password);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return { server, url: address.toUrl("enlace", password, "enlace") };
}

interface Address {
  settings: Record<string, string>;
  toUrl(user: string, password: string, database: string): string;
}

async function chooseAddress({ run }: Place, loopback = false): Promise<Address> {
  if (!loopback && Buffer.byteLength(join(run, `.s.PGSQL.${SOCKET_PORT}`)) <= SOCKET_PATH_BYTES_MAX) {
    return {
      settings: {
        listen_addresses: "",
        port: String(SOCKET_PORT),
        unix_socket_directories: run,
        unix_socket_permissions: "0700",
      },
      toUrl: (user, password, database) =>
        `postgres://${user}:${password}@localhost/${database}?host=${encodeURIComponent(run)}&port=${SOCKET_PORT}`,
    };
  }
  const port = await findFreePort();
  return {
    settings: { listen_addresses: "127.0.0.1", port: String(port), unix_socket_directories: "" },
    toUrl: (user, password, database) => `postgres://${user}:${password}@127.0.0.1:${port}/${database}`,
  };
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}

/** Enlace works as a role that is no superuser: a hole in a statement must not become a shell on the host. */
async function ensureDatabase(adminUrl: string, password: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const role = await client.query("select from pg_roles where rolname = 'enlace'");
    if (role.rowCount === 0)
      await client.query(`create role enlace login createdb password ${pg.escapeLiteral(password)}`);
    const database = await client.query("select from pg_database where datname = 'enlace'");
    if (database.rowCount === 0) await client.query("create database enlace owner enlace");
  } finally {
    await client.end();
  }
}
