// `npm test [-- <files, or options of node:test>]`: one throw-away PostgreSQL for the run, then node:test over every test
// file, and over those of telephony once more with a newer Asterisk. Ends what it started, also when it fails or is interrupted.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { startEmbeddedPostgres } from "../src/kit/postgres/embedded.ts";
import { systemRandom } from "../src/kit/random.ts";
import { findNewerAsteriskProblem, listNewerAsteriskSuites, NEWER_ASTERISK } from "./peers/asterisk/newer-asterisk.ts";
import { preparePeers } from "./peers/prepare.ts";

/** Nothing of a test run must survive a power cut, and some tests start several Enlaces at once. */
const THROW_AWAY = { fsync: "off", synchronous_commit: "off", full_page_writes: "off", max_connections: "300" };
const FILES_AT_ONCE = 2;
/** The suites on a real Asterisk wait for calls to ring and to end, and leave the machine idle meanwhile. */
const WAITING_SUITES = join("test", "peers", "asterisk");
const WAITING_AT_ONCE = 5;
/** A test file that hangs is ended and reported rather than holding the run. */
const FILE_TIMEOUT_MS = 900_000;
/** More than these are no accident. */
const FILES_AGAIN_MAX = 12;

/** Everything of this run lives in here: the database, and what the tests make in their temporary folders. */
const runFolder = realpathSync(mkdtempSync(join(tmpdir(), "enlace-test-")));
let stopPostgres = async (): Promise<void> => undefined;
let ending: Promise<void> | undefined;

async function main(args: readonly string[]): Promise<number> {
  const peers = preparePeers(process.env);
  for (const { suite, reason } of peers.skipped) tellSkipped(suite, reason);
  if (!args.some(isFile) || args.some((arg) => arg.startsWith("test/web"))) buildConsole();
  const databaseUrl = process.env.ENLACE_TEST_DATABASE_URL ?? (await startThrowAway());
  const files = args.filter(isFile);
  const options = args.filter((arg) => arg.startsWith("--"));
  const environment = {
    ...process.env,
    ...peers.environment,
    ENLACE_TEST_DATABASE_URL: databaseUrl,
    TMPDIR: makeFolder("tmp", 0o1777),
    NODE_COMPILE_CACHE: makeFolder("compiled", 0o1777), // what one test file has read the next has not to
  };
  if (files.length > 0) return await runTests([...options, ...files], environment, FILES_AT_ONCE);
  const all = findTestFiles();
  const waiting = all.filter((file) => file.startsWith(WAITING_SUITES));
  const others = all.filter((file) => !waiting.includes(file));
  let code = await runTests([...options, ...others], environment, FILES_AT_ONCE);
  code = (await runTests([...options, ...waiting], environment, WAITING_AT_ONCE)) || code;
  if (process.env.ENLACE_TEST_ASTERISK !== undefined) return code;
  return (await runOnNewerAsterisk(options, environment)) || code;
}

async function runOnNewerAsterisk(options: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const what = `telephony on Asterisk ${NEWER_ASTERISK}`;
  const problem = findNewerAsteriskProblem(runFolder);
  if (problem !== undefined) {
    tellSkipped(`${what} (test/peers/asterisk, which ran on the older one)`, problem);
    return 0;
  }
  process.stderr.write(`\n== ${what}\n`);
  const newer = { ...env, ENLACE_TEST_ASTERISK: NEWER_ASTERISK };
  return await runTests([...options, ...listNewerAsteriskSuites()], newer, WAITING_AT_ONCE);
}

function tellSkipped(suite: string, reason: string): void {
  process.stderr.write(`\n!!! SKIPPED: ${suite}\n!!! BECAUSE: ${reason}\n\n`);
}

const isFile = (arg: string): boolean => !arg.startsWith("--");

/** What test/web looks at is what the sources say now. A build that fails is told, and its suite then says it is skipped. */
function buildConsole(): void {
  const { status } = spawnSync(process.execPath, ["web/tools/build.ts"], { stdio: ["ignore", 2, 2] });
  if (status !== 0) process.stderr.write("\n!!! The console could not be built (its reason is above).\n\n");
}

function findTestFiles(): string[] {
  return globSync(["src/**/*.test.ts", "test/**/*.test.ts"]).sort();
}

async function startThrowAway(): Promise<string> {
  const postgres = await startEmbeddedPostgres({
    dataFolder: makeFolder("data", 0o711),
    clock: systemClock,
    random: systemRandom,
    log: createLog({ level: "warn", format: "json" }),
    settings: THROW_AWAY,
    loopback: true, // the older settings are a host and a port
  });
  stopPostgres = postgres.stop;
  return postgres.url;
}

/** Then those that failed once more, each alone, so that a machine short of breath is not taken for a defect. */
async function runTests(args: readonly string[], env: NodeJS.ProcessEnv, filesAtOnce: number): Promise<number> {
  const options = args.filter((arg) => !isFile(arg));
  const first = await runFiles(args, { env, filesAtOnce });
  if (first.code === 0 || first.failed.length === 0 || first.failed.length > FILES_AGAIN_MAX) return first.code;
  process.stderr.write(`\n== once more, each alone:\n${first.failed.join("\n")}\n`);
  const again = await runFiles([...options, ...first.failed], { env, filesAtOnce: 1 });
  if (again.code === 0) {
    const names = first.failed.join("\n!!! ");
    process.stderr.write(
      `\n!!! UNSTEADY: failed among others and passed alone; the reason is above:\n!!! ${names}\n\n`,
    );
  }
  return again.code;
}

async function runFiles(
  args: readonly string[],
  { env, filesAtOnce }: { env: NodeJS.ProcessEnv; filesAtOnce: number },
): Promise<{ code: number; failed: string[] }> {
  const list = join(runFolder, "failed-files");
  const fixed = ["--test", `--test-concurrency=${filesAtOnce}`, `--test-timeout=${FILE_TIMEOUT_MS}`];
  const reporters = [
    ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
    ...[`--test-reporter=${join(import.meta.dirname, "failed-files.ts")}`, `--test-reporter-destination=${list}`],
  ];
  const child = spawn(process.execPath, [...fixed, ...reporters, ...args], {
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  const failed = existsSync(list) ? readFileSync(list, "utf8").split("\n").filter(Boolean) : [];
  return { code: code ?? 1, failed };
}

function makeFolder(name: string, mode: number): string {
  const folder = join(runFolder, name);
  mkdirSync(folder);
  chmodSync(folder, mode);
  return folder;
}

/** Also after an interruption, when tests had no time to stop what they had started. */
function end(): Promise<void> {
  ending ??= (async () => {
    await stopPostgres();
    for (const pid of findLeftOvers()) process.kill(pid, "SIGKILL");
    rmSync(runFolder, { recursive: true, force: true, maxRetries: 5 });
  })();
  return ending;
}

/** Processes that work in the run's folder or were told to keep their temporary files there. */
function findLeftOvers(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      if (!(pid > 1) || pid === process.pid) return false;
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "utf8");
        return readlinkSync(`/proc/${pid}/cwd`).startsWith(runFolder) || environment.includes(`TMPDIR=${runFolder}`);
      } catch {
        return false; // ended meanwhile, or another account's
      }
    });
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    void end().then(() => process.exit(1));
  });
}

chmodSync(runFolder, 0o711); // PostgreSQL's account passes through
process.chdir(join(import.meta.dirname, ".."));
try {
  const code = await main(process.argv.slice(2));
  await end();
  process.exit(code);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  await end();
  process.exit(1);
}
