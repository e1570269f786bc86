import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { prepareBinaries } from "../../src/kit/postgres/embedded-binaries.ts";
import { type Place, preparePlace } from "../../src/kit/postgres/embedded-place.ts";
import { silentLog } from "../database.ts";
import { findFreePort } from "../free-port.ts";

/** A PostgreSQL of our own that may be thrown over. */
export interface OwnPostgres {
  /** Address of its maintenance database. */
  url: string;
  urlOf(database: string): string;
  /** Immediate shutdown: every connection breaks, nothing is flushed, the next start recovers from the log. */
  crash(): void;
  start(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const START_TIMEOUT_MS = 30_000;

/**
 * Makes a cluster in a temporary folder and starts it on a free loopback port. `fsync` is off: processes are killed here,
 * not the machine, and what reached the system's cache survives them. `synchronous_commit` stays on: that is under test.
 */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const dataFolder = await mkdtemp(join(tmpdir(), "enlace-simulation-"));
  const place = await preparePlace(dataFolder, silentLog);
  const binaries = join(await prepareBinaries(place), "bin");
  const as = place.account ?? {};
  const environment = { LC_ALL: "C", TZ: "UTC" };
  await run(
    join(binaries, "initdb"),
    ["-D", place.cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    { ...as, cwd: place.folder, env: environment },
  );
  const port = await findFreePort();
  const urlOf = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`;
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    if (server) await ended(server);
    server = spawn(join(binaries, "postgres"), toArguments(place, port), {
      ...as,
      cwd: place.folder,
      env: environment,
      stdio: "ignore",
    });
    await reachable(urlOf("postgres"), server);
  }

  async function stop(): Promise<void> {
    if (server) {
      server.kill("SIGINT");
      await ended(server);
    }
    await rm(place.folder, { recursive: true, force: true });
    await rm(dataFolder, { recursive: true, force: true });
  }

  await start();
  return { url: urlOf("postgres"), urlOf, start, stop, crash: () => void server?.kill("SIGQUIT") };
}

function toArguments(place: Place, port: number): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: place.run,
    fsync: "off",
    full_page_writes: "off",
    shared_buffers: "32MB",
    max_connections: 120,
    max_wal_size: "256MB",
  };
  return ["-D", place.cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) await once(server, "exit");
}

/** Asks until it answers: a crashed server refuses connections while it recovers. */
async function reachable(url: string, server: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (server.exitCode !== null || performance.now() > deadline)
        throw new Error("the simulation's PostgreSQL does not start", { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
