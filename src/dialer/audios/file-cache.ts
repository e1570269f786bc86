import { mkdir, opendir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import { say } from "../words.ts";

/**
 * A folder of files that can be made again, of at most `bytesMax`. Files appear whole, by rename. When there is no room, those not
 * asked for the longest go first; one that was asked for in the last ten minutes may be playing and stays. Several processes may
 * share the folder: each looks at the file before it gives it.
 */
export interface FileCache {
  /**
   * The path of `<name>.wav`, made by `make` where it is not there; askers of one name share one making. Throws `AppError`
   * (`unavailable`) when everything in the folder is in use.
   */
  ensure(name: string, make: (draft: string) => Promise<void>): Promise<string>;
}

export interface FileCacheOptions {
  folder: string;
  bytesMax: number;
  clock: Clock;
  random: Random;
  /** Asked before a file is made: throws when the folder may not be written to. */
  check?(): Promise<void>;
}

interface Entry {
  sizeBytes: number;
  usedMs: number;
}

const IN_USE_MS = 600_000;
/** A file says when it was last asked for, to within a minute. */
const TOUCH_MS = 60_000;
/** Seen so lately it is given without another look: a busy campaign asks a thousand times a second. */
const SEEN_MS = 5_000;

export function createFileCache({ folder, bytesMax, clock, random, check }: FileCacheOptions): FileCache {
  const entries = new Map<string, Entry>();
  const making = new Map<string, Promise<string>>();
  let scanning: Promise<void> | undefined;
  let totalBytes = 0;
  const toPath = (name: string): string => join(folder, `${name}.wav`);

  function note(name: string, entry: Entry | undefined): void {
    totalBytes += (entry?.sizeBytes ?? 0) - (entries.get(name)?.sizeBytes ?? 0);
    entries.delete(name); // the last asked for stands last
    if (entry) entries.set(name, entry);
  }

  async function scan(): Promise<void> {
    const found = await listFiles(folder);
    for (const { name, ...entry } of found.toSorted((a, b) => a.usedMs - b.usedMs)) note(name, entry);
  }

  /** Whether it is there still; says that it is in use. */
  async function touch(name: string): Promise<boolean> {
    const nowMs = clock.now().getTime();
    if (nowMs - (entries.get(name)?.usedMs ?? 0) < SEEN_MS) return true;
    const seen = await statOrNull(toPath(name));
    note(name, seen ? { sizeBytes: seen.size, usedMs: nowMs } : undefined);
    if (seen && nowMs - seen.mtimeMs > TOUCH_MS) await utimes(toPath(name), nowMs / 1000, nowMs / 1000);
    return seen !== null;
  }

  async function makeRoom(bytes: number): Promise<void> {
    const nowMs = clock.now().getTime();
    for (const [name, { usedMs }] of entries) {
      if (totalBytes + bytes <= bytesMax) return;
      if (nowMs - usedMs < IN_USE_MS) break;
      const seen = await statOrNull(toPath(name));
      const isUsedElsewhere = seen !== null && nowMs - seen.mtimeMs < IN_USE_MS;
      if (!isUsedElsewhere) await rm(toPath(name), { force: true });
      note(name, seen && isUsedElsewhere ? { sizeBytes: seen.size, usedMs: seen.mtimeMs } : undefined);
    }
    if (totalBytes + bytes > bytesMax) throw new AppError("unavailable", say("soundsFull"), { retryAfterSeconds: 60 });
  }

  async function create(name: string, make: (draft: string) => Promise<void>): Promise<string> {
    const path = toPath(name);
    const draft = join(dirname(path), `.${random.bytes(8).toString("hex")}.wav`);
    try {
      await check?.();
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await make(draft);
      const { size } = await stat(draft);
      await makeRoom(size);
      await rename(draft, path);
      note(name, { sizeBytes: size, usedMs: clock.now().getTime() });
      return path;
    } finally {
      await rm(draft, { force: true });
    }
  }

  return {
    ensure: async (name, make) => {
      scanning ??= scan();
      await scanning;
      if (await touch(name)) return toPath(name);
      const others = making.get(name);
      if (others) return others;
      const work = create(name, make).finally(() => making.delete(name));
      making.set(name, work);
      return work;
    },
  };
}

async function statOrNull(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function listFiles(folder: string): Promise<(Entry & { name: string })[]> {
  const files: (Entry & { name: string })[] = [];
  if ((await statOrNull(folder)) === null) return files;
  for await (const { name, parentPath } of await opendir(folder, { recursive: true })) {
    if (!name.endsWith(".wav")) continue;
    const path = join(parentPath, name);
    const seen = await statOrNull(path);
    const place = path.slice(folder.length + 1, -".wav".length);
    if (seen?.isFile()) files.push({ name: place, sizeBytes: seen.size, usedMs: seen.mtimeMs });
  }
  return files;
}
