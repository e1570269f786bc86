import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Random } from "../random.ts";
import { loadProcess } from "./embedded-processes.ts";

/** Proof that this process alone may run PostgreSQL on a data folder. */
export interface Ownership {
  /** Gives the folder back. */
  release(): Promise<void>;
}

const LOCK_NAME = "postgres.lock";

/**
 * Takes the data folder for this process, or throws a sentence naming the process that has it. The lock file says who, by
 * number and start: what a killed process left behind is taken over. It appears whole (written aside, then linked), so it
 * is never read half-written.
 */
export async function ownFolder(dataFolder: string, random: Random): Promise<Ownership> {
  const lock = join(dataFolder, LOCK_NAME);
  const self = await loadProcess(process.pid);
  const claim = JSON.stringify({ pid: process.pid, startedMark: self?.startedMark, claim: random.uuid() });
  for (let tries = 0; tries < 5; tries++) {
    if (await place(lock, claim, random)) return { release: () => release(lock, claim) };
    const found = await readIfThere(lock);
    if (found === undefined) continue;
    const holder = parseHolder(found);
    if (holder && (await loadProcess(holder.pid))?.startedMark === holder.startedMark) {
      throw new Error(
        `the data folder ${dataFolder} is in use by Enlace with process number ${holder.pid}: stop that one, or give this one another ENLACE_DATA`,
      );
    }
    await clear(lock, found, random);
  }
  throw new Error(`the lock file ${lock} could not be taken: several Enlaces are starting on this folder at once`);
}

async function place(lock: string, claim: string, random: Random): Promise<boolean> {
  const aside = `${lock}.${random.uuid()}`;
  await writeFile(aside, claim, { mode: 0o600 });
  try {
    await link(aside, lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

/** Moves the stale file away. If another process was faster and its fresh one was moved, that one is put back. */
async function clear(lock: string, stale: string, random: Random): Promise<void> {
  const aside = `${lock}.${random.uuid()}`;
  try {
    await rename(lock, aside);
    if ((await readFile(aside, "utf8")) !== stale) await link(aside, lock);
    await rm(aside, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // cleared by another one: the next try sees
  }
}

async function release(lock: string, claim: string): Promise<void> {
  if ((await readIfThere(lock)) === claim) await rm(lock, { force: true });
}

function parseHolder(text: string): { pid: number; startedMark: string } | undefined {
  try {
    const { pid, startedMark } = JSON.parse(text);
    return Number.isSafeInteger(pid) && typeof startedMark === "string" ? { pid, startedMark } : undefined;
  } catch {
    return undefined; // not ours, or cut by a full disk: nobody can be named by it
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
