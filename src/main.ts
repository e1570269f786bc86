import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createCli, runCli } from "./cli/program.ts";
import type { ServerDatabase } from "./cli/server-database.ts";
import type { StartOverrides } from "./cli/start.ts";
import { createTerminal } from "./cli/terminal.ts";
import { readCliConfig, readConfig, readEnvironment } from "./config.ts";
import { systemClock } from "./kit/clock.ts";
import { ensureInstallationSecret } from "./kit/installation-secret.ts";
import { createLog, type Log } from "./kit/log.ts";
import { assertSupportedVersion, openDatabase } from "./kit/postgres/database.ts";
import { migrate } from "./kit/postgres/migrate.ts";
import { ensurePartitions } from "./kit/postgres/partitions.ts";
import { joinStore } from "./kit/postgres/store-address.ts";
import { systemRandom } from "./kit/random.ts";
import { replayTrace, toReplayedTrace } from "./telephony/trace/replay.ts";

// argv → command. What a command needs of the server's own code is introduced here.

/** A signal within this time of the first is the same one. */
const SAME_SIGNAL_MS = 1_000;
const MIGRATIONS = join(import.meta.dirname, "..", "migrations");
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8")) as {
  version: string;
};

const interrupted = new AbortController();
process.once("SIGINT", () => interrupted.abort(new Error("interrupted")));

const context = {
  readConfig: () => readCliConfig(readEnvironment()),
  terminal: createTerminal({
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    plain: Boolean(readEnvironment().NO_COLOR),
  }),
  clock: systemClock,
  random: systemRandom,
  signal: interrupted.signal,
};

const program = createCli({
  ...context,
  version,
  server: {
    start,
    migrate: async () => {
      const opened = await openServerDatabase({ migrated: false });
      try {
        return await migrate(opened.database, MIGRATIONS);
      } finally {
        await opened.close();
      }
    },
    openServerDatabase,
    readServerSettings: () => readConfig(readEnvironment()),
    migrationsFolder: MIGRATIONS,
    replayTrace: (text, options) => toReplayedTrace(replayTrace(text, options)),
    nodeVersion: process.versions.node,
    mainFile: import.meta.filename,
    environment: readEnvironment(),
  },
});
process.exitCode = await runCli(program, process.argv.slice(2), context);

/** Runs Enlace until SIGTERM or SIGINT, then drains. A second signal ends it at once. */
async function start(overrides: StartOverrides): Promise<void> {
  const config = readConfig({ ...readEnvironment(), ...overrides });
  const log = createLog(config.log);
  endOnBugs(log);
  const { startApp } = await import("./app.ts"); // other commands need not load the whole house
  const app = await startApp(config, { log, version });
  if (app.firstPassword !== null) context.terminal.print(toGreeting(app.url, app.firstPassword));
  const told = await untilTold();
  log.info({ signal: told }, "app.stopping");
  endOnRepeat(told);
  await app.stop();
}

/**
 * One Ctrl-C or kill often arrives several times: npm, timeout and the terminal each pass it on. What comes later than that
 * is a person who will not wait.
 */
function endOnRepeat(told: NodeJS.Signals): void {
  const toldMs = systemClock.monotonicMs();
  process.on(told, () => {
    if (systemClock.monotonicMs() - toldMs > SAME_SIGNAL_MS) process.exit(1);
  });
}

/** A bug that nobody caught leaves the process in a state nobody knows: it says so and ends; what is durable is safe. */
function endOnBugs(log: Log): void {
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, `app.${event === "uncaughtException" ? "uncaught_exception" : "unhandled_rejection"}`);
      process.exit(1);
    });
  }
}

function untilTold(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
}

function toGreeting(url: string, password: string): string {
  return [
    "",
    `  Enlace is at ${url}`,
    `  First administrator: admin`,
    `  One-time password:   ${password}`,
    "  It is shown only now and must be changed at the first login.",
    "",
  ].join("\n");
}

async function openServerDatabase({ migrated }: { migrated: boolean }): Promise<ServerDatabase> {
  const config = readConfig(readEnvironment());
  const log = createLog({ ...config.log, level: "warn", destination: process.stderr }); // stdout is for answers
  const store = await joinStore({ ...config, clock: systemClock, random: systemRandom, log });
  const database = openDatabase({ url: store.url, poolMax: 4, log, applicationName: "enlace-cli" });
  const close = async (): Promise<void> => {
    await database.close();
    await store.stop();
  };
  try {
    await assertSupportedVersion(database);
    if (migrated) {
      await migrate(database, MIGRATIONS);
      await ensurePartitions(database, systemClock.now());
    }
    const secret = await ensureInstallationSecret(config.secret, {
      dataFolder: config.dataFolder,
      random: systemRandom,
    });
    return { database, secrets: [secret, ...config.previousSecrets], close };
  } catch (error) {
    await close();
    throw error;
  }
}
