import { constants, type FileHandle, open, opendir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { AppError } from "../../core/errors.ts";
import { parseRange } from "../../http/range.ts";
import { say } from "../words.ts";
import type { AskedRecording, OpenedRecording } from "./opened-recording.ts";
import { isNamedAfter, toAudioType } from "./recording-name.ts";

/**
 * Recordings in a folder of this machine: the PBX's own, mounted here, or our copies. Nothing outside the folder is ever
 * opened, whatever a name says and wherever a symbolic link points; and nothing that is not a plain file with an audio ending.
 */
export interface RecordingFolder {
  /** The first candidate that is there. */
  find(candidates: readonly string[]): Promise<FoundFile | null>;
  /**
   * A file of that day whose name ends in the unique id of the call; the largest, if there are several. Where the PBX makes no
   * folders of days, any file.
   */
  findByUniqueId(day: string, uniqueId: string): Promise<FoundFile | null>;
  /** `null` when it is not there (any more). */
  open(place: string, asked: AskedRecording): Promise<OpenedRecording | null>;
}

export interface FoundFile {
  /** Path below the folder. */
  place: string;
  sizeBytes: number;
  modifiedAt: Date;
}

const DAY_ENTRIES_MAX = 100_000;
const NOT_THERE = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG", "EISDIR", "ENXIO"]);

/** Throws `AppError` (`unavailable`), at the first use, for a folder that lies in none of `roots`, or is not there. */
export function createRecordingFolder(folder: string, roots: readonly string[]): RecordingFolder {
  const find = async (place: string): Promise<FoundFile | null> => {
    const file = await openInside(await toAllowedFolder(folder, roots), place);
    if (!file) return null;
    const { size, mtime } = await statAndClose(file);
    return { place, sizeBytes: size, modifiedAt: mtime };
  };

  return {
    find: async (candidates) => {
      for (const place of candidates) {
        const found = await find(place);
        if (found) return found;
      }
      return null;
    },
    findByUniqueId: async (day, uniqueId) => {
      const real = await toAllowedFolder(folder, roots);
      const ofDay = await listNamesAfter(join(real, day), uniqueId);
      const names = ofDay?.map((name) => `${day}/${name}`) ?? (await listNamesAfter(real, uniqueId)) ?? [];
      const found = await Promise.all(names.map(find));
      return found.reduce((a, b) => ((b?.sizeBytes ?? -1) > (a?.sizeBytes ?? -1) ? b : a), null);
    },
    open: async (place, asked) => {
      const file = await openInside(await toAllowedFolder(folder, roots), place);
      return file && toOpened(file, place, asked);
    },
  };
}

/** The real path. Every time anew: a mount comes and goes. */
async function toAllowedFolder(folder: string, roots: readonly string[]): Promise<string> {
  const real = await orNotThere(realpath(folder));
  if (real === null)
    throw new AppError("unavailable", say("folderAway"), {
      retryAfterSeconds: 30,
    });
  for (const root of roots) {
    const allowed = await orNotThere(realpath(root));
    if (allowed !== null && isInside(real, allowed)) return real;
  }
  throw new AppError("unavailable", say("folderClosed"));
}

const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder.replace(/\/+$/, "")}${sep}`);

/** Follows links, then looks where it stands: a link within the folder is fine, one that leaves it leads nowhere. */
async function openInside(realFolder: string, place: string): Promise<FileHandle | null> {
  if (toAudioType(place) === undefined || place.includes("\0")) return null;
  const path = await orNotThere(realpath(join(realFolder, place)));
  if (path === null || !isInside(path, realFolder) || toAudioType(path) === undefined) return null;
  // Neither a link that was put there since, nor a pipe that would keep us waiting.
  const file = await orNotThere(open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
  if (file && !(await file.stat()).isFile()) {
    await file.close();
    return null;
  }
  return file;
}

async function orNotThere<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

async function statAndClose(file: FileHandle) {
  try {
    return await file.stat();
  } finally {
    await file.close();
  }
}

/** `null` when there is no such folder. */
async function listNamesAfter(folder: string, uniqueId: string): Promise<string[] | null> {
  const names: string[] = [];
  const entries = await orNotThere(opendir(folder, { bufferSize: 256 }));
  if (!entries) return null;
  let seen = 0;
  for await (const { name } of entries) {
    if (isNamedAfter(name, uniqueId) && toAudioType(name) !== undefined) names.push(name);
    if (++seen >= DAY_ENTRIES_MAX || names.length >= 20) break; // leaving the loop closes the folder
  }
  return names;
}

async function toOpened(file: FileHandle, place: string, asked: AskedRecording): Promise<OpenedRecording> {
  const { size, mtime } = await file.stat();
  const etag = `"${size.toString(36)}-${mtime.getTime().toString(36)}"`;
  const isSame = asked.ifRange === undefined || asked.ifRange === etag;
  const range = isSame ? parseRange(asked.range, size) : "whole";
  const headers = {
    "accept-ranges": "bytes",
    "content-type": toAudioType(place) ?? "application/octet-stream",
    etag,
    "last-modified": mtime.toUTCString(),
  };
  if (range === "unsatisfiable") {
    await file.close();
    return { status: 416, headers: { ...headers, "content-range": `bytes */${size}` }, body: null };
  }
  const { first, last } = range === "whole" ? { first: 0, last: size - 1 } : range;
  const length = last - first + 1;
  const part = range === "whole" ? {} : { "content-range": `bytes ${first}-${last}/${size}` };
  const isEmpty = asked.method === "HEAD" || length === 0;
  if (isEmpty) await file.close();
  return {
    status: range === "whole" ? 200 : 206,
    headers: { ...headers, ...part, "content-length": String(length) },
    // It closes the file at its end, and when the listener goes away.
    body: isEmpty ? null : file.createReadStream({ start: first, end: last }),
  };
}
