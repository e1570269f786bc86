import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rename, rm, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { toErrorMessage } from "../../core/errors.ts";
import { toBackoffMs } from "../backoff.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Random } from "../random.ts";
import { SERVER_ENVIRONMENT } from "./embedded-cluster.ts";
import type { Place } from "./embedded-place.ts";
import { loadProcess } from "./embedded-processes.ts";
import { endSurvivor, stopPostmaster } from "./embedded-survivor.ts";

const RESTART = { firstMs: 200, maxMs: 30_000 };
/** A server that lived this long failed anew, not again. */
const STABLE_MS = 60_000;
/** Recovery after a crash replays at most `max_wal_size`; a slow disk needs minutes for it. */
const READY_TIMEOUT_MS = 300_000;
const READY_POLL_MS = 50;
const LOG_BYTES_MAX = 8 * 1024 * 1024;
const LOG_CHECK_MS = 60_000;

export interface ServerOptions {
  place: Place;
  binaries: string;
  /** `-c name=value` of the server. */
  settings: Readonly<Record<string, string>>;
  /** Address of the superuser, to see when the server is ready. */
  adminUrl: string;
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * One PostgreSQL server process and its life: starting → ready → (died → waiting → starting …) → stopping → gone. A death
 * nobody asked for is logged and mended, with a growing pause, for as long as we run.
 */
export class EmbeddedServer {
  readonly #options: ServerOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #watching: Promise<void> = Promise.resolve();

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  /** Resolves when the server answers. Rejects with the last lines of its log when it does not. */
  async start(): Promise<void> {
    const { clock, log } = this.#options;
    const first = await this.#launch();
    this.#watching = this.#watch(first);
    const boundLog = async (): Promise<void> => {
      for (;;) {
        await clock.sleep(LOG_CHECK_MS, this.#stopping.signal);
        await truncateLog(this.#options.place.logFile);
      }
    };
    boundLog().catch((error: unknown) => {
      if (!this.#stopping.signal.aborted) log.warn({ error: toErrorMessage(error) }, "database.log_not_bounded");
    });
  }

  /** Lets running transactions be rolled back and the server go; resolves when no process of it is left. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error("PostgreSQL is being stopped"));
    await this.#end();
    await this.#watching;
  }

  async #watch(first: ChildProcess): Promise<void> {
    const { clock, random, log } = this.#options;
    let child = first;
    for (let failures = 0; ; ) {
      const since = clock.monotonicMs();
      if (!hasEnded(child)) await once(child, "exit");
      if (this.#stopping.signal.aborted) return;
      failures = clock.monotonicMs() - since > STABLE_MS ? 1 : failures + 1;
      log.error({ code: child.exitCode, signal: child.signalCode, failures }, "database.died");
      try {
        await clock.sleep(toBackoffMs(failures, RESTART, random.fraction()), this.#stopping.signal);
        child = await this.#launch();
        log.info({ pid: child.pid }, "database.restarted");
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        log.error({ error: toErrorMessage(error) }, "database.restart_failed");
      }
    }
  }

  async #launch(): Promise<ChildProcess> {
    const { place, clock, log } = this.#options;
    await endSurvivor({ cluster: place.cluster, clock, log });
    await rm(join(place.run, ".s.PGSQL.5432.lock"), { force: true }); // nobody runs: whatever it says is stale
    const child = await this.#spawn();
    this.#child = child;
    try {
      await this.#untilReady(child);
      return child;
    } catch (error) {
      await this.#end();
      const { signal } = this.#stopping;
      if (signal.aborted) throw signal.reason;
      throw new Error(`PostgreSQL did not start: ${toErrorMessage(error)}\n${await lastLines(place.logFile)}`, {
        cause: error,
      });
    }
  }

  /** In a session of its own, so that Ctrl-C in a terminal reaches Enlace alone, which then drains before it stops this. */
  async #spawn(): Promise<ChildProcess> {
    const { place, binaries, settings } = this.#options;
    await rotateLog(place.logFile);
    const output = await open(place.logFile, "a", 0o600);
    try {
      const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
      const child = spawn(join(binaries, "bin", "postgres"), ["-D", place.cluster, ...args], {
        cwd: place.folder,
        env: SERVER_ENVIRONMENT,
        stdio: ["ignore", output.fd, output.fd],
        detached: true,
        ...place.account,
      });
      await once(child, "spawn");
      return child;
    } finally {
      await output.close();
    }
  }

  async #untilReady(child: ChildProcess): Promise<void> {
    const { adminUrl, clock } = this.#options;
    const until = clock.monotonicMs() + READY_TIMEOUT_MS;
    for (;;) {
      const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 5_000 });
      client.on("error", () => client.removeAllListeners("end")); // reported by connect() itself
      try {
        await client.connect();
        return await client.end();
      } catch (error) {
        if (hasEnded(child)) throw new Error(`it ended with ${child.signalCode ?? `code ${child.exitCode}`}`);
        if (!isNotYet(error) || clock.monotonicMs() > until) throw error;
      }
      await clock.sleep(READY_POLL_MS, this.#stopping.signal);
    }
  }

  async #end(): Promise<void> {
    const child = this.#child;
    if (!child?.pid || hasEnded(child)) return;
    const facts = await loadProcess(child.pid);
    if (facts) await stopPostmaster(facts, this.#options.clock);
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** No socket yet, or "the database system is starting up". */
function isNotYet(error: unknown): boolean {
  return ["ENOENT", "ECONNREFUSED", "ECONNRESET", "57P03"].includes(String((error as { code?: unknown }).code));
}

async function rotateLog(path: string): Promise<void> {
  if ((await sizeOf(path)) > 0) await rename(path, `${path}.1`);
}

/** The server appends, so its file can be emptied under it. */
async function truncateLog(path: string): Promise<void> {
  if ((await sizeOf(path)) > LOG_BYTES_MAX) await truncate(path);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
}

async function lastLines(path: string): Promise<string> {
  return (await readFile(path, "utf8")).trim().split("\n").slice(-5).join("\n");
}
