import { readdir, readFile, readlink, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { loadProcess, type ProcessFacts } from "./embedded-processes.ts";

const POLL_MS = 50;
/** Fast shutdown; then immediate (recovers at the next start); then the last resort. */
const STEPS = [
  ["SIGINT", 20_000],
  ["SIGQUIT", 5_000],
  ["SIGKILL", 5_000],
] as const;
const ORPHANS_WAIT_MS = 10_000;

interface Survivor {
  cluster: string;
  clock: Clock;
  log: Log;
}

/**
 * Makes sure that nobody runs on `cluster`, which this process owns. A PostgreSQL that outlived a killed Enlace is shut
 * down cleanly. A process that merely got the number in a stale postmaster.pid is left alone, and the file goes, once it
 * is sure that no orphan of the old server still works in the folder.
 */
export async function endSurvivor({ cluster, clock, log }: Survivor): Promise<void> {
  const pid = await loadPostmasterPid(cluster);
  const found = pid === undefined ? undefined : await loadProcess(pid);
  if (found && isPostmasterOf(found, cluster)) {
    log.warn({ pid }, "database.survivor_found");
    await stopPostmaster(found, clock);
    log.info({ pid }, "database.survivor_stopped");
  }
  await untilOrphansEnded(cluster, clock);
  if (pid !== undefined) await rm(join(cluster, "postmaster.pid"), { force: true });
}

/** Asks the server to stop, politely first, and resolves when it is gone. The whole takes at most 30 s. */
export async function stopPostmaster(server: ProcessFacts, clock: Clock): Promise<void> {
  for (const [signal, waitMs] of STEPS) {
    if (!(await isAlive(server))) return;
    kill(server.pid, signal);
    const until = clock.monotonicMs() + waitMs;
    while (clock.monotonicMs() < until) {
      if (!(await isAlive(server))) return;
      await clock.sleep(POLL_MS);
    }
  }
  throw new Error(`PostgreSQL with process number ${server.pid} cannot be stopped`);
}

/** True only for a `postgres -D <cluster>`. */
export function isPostmasterOf({ command }: ProcessFacts, cluster: string): boolean {
  return basename(command[0] ?? "") === "postgres" && command[command.indexOf("-D") + 1] === cluster;
}

async function isAlive({ pid, startedMark }: ProcessFacts): Promise<boolean> {
  return (await loadProcess(pid))?.startedMark === startedMark;
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // ended meanwhile
  }
}

async function loadPostmasterPid(cluster: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(join(cluster, "postmaster.pid"), "utf8"), 10);
    return pid > 1 ? pid : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Backends whose postmaster was killed notice and end by themselves; starting beside one would damage the data. */
async function untilOrphansEnded(cluster: string, clock: Clock): Promise<void> {
  const until = clock.monotonicMs() + ORPHANS_WAIT_MS;
  for (let orphans = await loadOrphans(cluster); orphans.length > 0; orphans = await loadOrphans(cluster)) {
    if (clock.monotonicMs() > until)
      throw new Error(
        `processes ${orphans.join(", ")} of an earlier PostgreSQL still work in ${cluster}: stop them first`,
      );
    await clock.sleep(POLL_MS);
  }
}

/** Every PostgreSQL process works in its cluster's folder. Without /proc there is only PostgreSQL's own guard. */
async function loadOrphans(cluster: string): Promise<number[]> {
  if (process.platform !== "linux") return [];
  const pids = (await readdir("/proc")).map(Number).filter((pid) => pid > 1);
  const folders = await Promise.all(pids.map(async (pid) => [pid, await folderOf(pid)] as const));
  return folders.flatMap(([pid, folder]) => (folder === cluster ? [pid] : []));
}

async function folderOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch {
    return undefined; // ended meanwhile, or another account's, which ours never is
  }
}
