import { createHash } from "node:crypto";
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

/** Locks around a lock that may be left behind, each by a process killed while it cleared up after another. */
const DEPTH_MAX = 4;

/**
 * Takes the data folder for this process, or throws a sentence naming the process that has it. The lock file says who, by
 * number and start: what a killed process left behind is taken over.
 */
export async function ownFolder(dataFolder: string, random: Random): Promise<Ownership> {
  const lock = join(dataFolder, LOCK_NAME);
  const self = await loadProcess(process.pid);
  const claim = JSON.stringify({ pid: process.pid, startedMark: self?.startedMark, claim: random.uuid() });
  const holder = await take(lock, claim, DEPTH_MAX);
  if (holder === undefined) return { release: () => release(lock, claim) };
  throw new Error(
    `the data folder ${dataFolder} is in use by Enlace with process number ${holder}: stop that one, or give this one another ENLACE_DATA`,
  );
}

/**
 * Puts `claim` at `lock` and returns undefined, or returns the number of the living process whose claim is there. Only who
 * holds the lock around the lock may replace a dead one's claim, and looks again first: of many, one gets it.
 */
async function take(lock: string, claim: string, depth: number): Promise<number | undefined> {
  if (depth < 0) throw new Error(`${lock} was left behind and cannot be taken over: remove it if no Enlace runs`);
  if (await place(lock, claim)) return undefined;
  const found = await readIfThere(lock);
  if (found === undefined) return take(lock, claim, depth - 1); // given back at this moment
  const living = await livingHolder(found);
  if (living !== undefined) return living;
  const around = `${lock}.takeover`;
  const other = await take(around, claim, depth - 1);
  if (other !== undefined) return other;
  try {
    if ((await readIfThere(lock)) !== found) return await take(lock, claim, depth - 1);
    await write(lock, claim, rename);
    return undefined;
  } finally {
    await release(around, claim);
  }
}

async function place(lock: string, claim: string): Promise<boolean> {
  try {
    await write(lock, claim, link);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Written aside first, so that nobody reads it half-written. */
async function write(lock: string, claim: string, put: (from: string, to: string) => Promise<void>): Promise<void> {
  const aside = `${lock}.${createHash("sha256").update(claim).digest("hex").slice(0, 16)}`;
  await writeFile(aside, claim, { mode: 0o600 });
  try {
    await put(aside, lock);
  } finally {
    await rm(aside, { force: true });
  }
}

async function livingHolder(text: string): Promise<number | undefined> {
  const holder = parseHolder(text);
  return holder && (await loadProcess(holder.pid))?.startedMark === holder.startedMark ? holder.pid : undefined;
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
