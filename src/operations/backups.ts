import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { AppError, toErrorMessage } from "../core/errors.ts";
import type { Wording } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { createBackup, type Progress } from "../kit/postgres/backup.ts";
import type { Database } from "../kit/postgres/database.ts";
import { say } from "./words.ts";

/**
 * The backups of this machine's folder: made while Enlace works, one at a time, listed, handed out and removed. The same files
 * as those of `enlace backup`; secrets in them are sealed, calls and people are not, so only the operator's eyes see the folder.
 */
export interface Backups {
  list(): Promise<BackupList>;
  /** Begins one and answers its name. Throws `conflict` while one is made, when there are too many or the disk is too full. */
  begin(): Promise<string>;
  /** Throws `not_found`. */
  open(name: string): Promise<{ sizeBytes: number; body: Readable }>;
  /** Throws `not_found`. */
  remove(name: string): Promise<void>;
  /** Ends the one that is being made; its unfinished file goes with it. */
  stop(): Promise<void>;
}

export interface BackupList {
  folder: string;
  /** Newest first. */
  items: readonly BackupFile[];
  /** The one that is being made. */
  running: (Progress & { name: string; startedAt: Date }) | null;
  /** What became of the last one that did not get done, in this process. */
  failure: { name: string; at: Date; reason: string; words: Wording | null } | null;
}

export interface BackupFile {
  name: string;
  sizeBytes: number;
  /** When it was complete. */
  madeAt: Date;
}

export interface BackupsOptions {
  database: Database;
  folder: string;
  /** Key id of the ENLACE_SECRET in use. */
  keyId: string;
  clock: Clock;
  log: Log;
}

export const BACKUP_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.backup$/;
const BACKUPS_MAX = 50;
/** Of the console's own making, left over by a process that died. */
const UNFINISHED = /^enlace-.*\.backup\.unfinished$/;
const FREE_BYTES_MIN = 256 * 1024 ** 2;

export function createBackups({ database, folder, keyId, clock, log }: BackupsOptions): Backups {
  const end = new AbortController();
  let running: BackupList["running"] = null;
  let failure: BackupList["failure"] = null;
  let work: Promise<void> = Promise.resolve();

  async function list(): Promise<BackupFile[]> {
    const names = (await readNames(folder)).filter((name) => BACKUP_NAME.test(name));
    const files = await Promise.all(names.map((name) => loadFile(folder, name)));
    return files.filter((file) => file !== null).sort((left, right) => right.madeAt.getTime() - left.madeAt.getTime());
  }

  async function make(name: string): Promise<void> {
    const startedMs = clock.monotonicMs();
    try {
      for (const left of (await readNames(folder)).filter((one) => UNFINISHED.test(one))) await rm(join(folder, left));
      const { rows, sizeBytes } = await createBackup({
        ...{ database, keyId, path: join(folder, name), now: clock.now(), overwrite: false, signal: end.signal },
        onProgress: ({ done, total }) => {
          if (running) running = { ...running, done, total };
        },
      });
      failure = null;
      log.info({ name, rows, sizeBytes, durationMs: Math.round(clock.monotonicMs() - startedMs) }, "backup.made");
    } catch (error) {
      failure = { name, at: clock.now(), ...toReason(error, folder) };
      log.error({ name, err: error }, "backup.failed");
    } finally {
      running = null;
    }
  }

  return {
    list: async () => ({ folder, items: await list(), running, failure }),
    begin: async () => {
      if (running) throw new AppError("conflict", say("backupRunning"));
      const startedAt = clock.now();
      const name = `enlace-${startedAt.toISOString().slice(0, 19).replaceAll(":", "-")}.backup`;
      running = { name, startedAt, done: 0, total: 0 };
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await refuseNoRoom(folder, await list());
      } catch (error) {
        running = null;
        throw error;
      }
      work = make(name);
      return name;
    },
    open: async (name) => {
      const { sizeBytes } = await find(folder, name);
      return { sizeBytes, body: createReadStream(join(folder, name)) };
    },
    remove: async (name) => {
      await find(folder, name);
      await rm(join(folder, name));
    },
    stop: async () => {
      end.abort(new Error("Enlace stops"));
      await work;
    },
  };
}

/** The two that an operator can mend; anything else in its own words. */
function toReason(error: unknown, folder: string): { reason: string; words: Wording | null } {
  const reason = toErrorMessage(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC") return { reason, words: say("folderFull", { folder }) };
  if (code === "EACCES" || code === "EROFS") return { reason, words: say("folderClosed", { folder }) };
  return { reason, words: null };
}

async function refuseNoRoom(folder: string, files: readonly BackupFile[]): Promise<void> {
  if (files.length >= BACKUPS_MAX) throw new AppError("conflict", say("backupsMany", { count: files.length, folder }));
  const { bavail, bsize } = await statfs(folder);
  const wanted = Math.max(FREE_BYTES_MIN, 2 * (files[0]?.sizeBytes ?? 0));
  if (bavail * bsize < wanted) throw new AppError("conflict", say("backupNoRoom", { folder }));
}

async function find(folder: string, name: string): Promise<BackupFile> {
  const file = BACKUP_NAME.test(name) ? await loadFile(folder, name) : null;
  if (!file) throw new AppError("not_found", say("backupUnknown"));
  return file;
}

/** `null` when it is gone, or something else than a file. */
async function loadFile(folder: string, name: string): Promise<BackupFile | null> {
  try {
    const found = await stat(join(folder, name));
    return found.isFile() ? { name, sizeBytes: found.size, madeAt: found.mtime } : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function readNames(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}
