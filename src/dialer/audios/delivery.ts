import { access, chmod, constants, copyFile, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { AppError } from "../../core/errors.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import { say } from "../words.ts";
import { createFileCache, type FileCache } from "./file-cache.ts";
import type { AudioLinks } from "./links.ts";
import { type SoundRef, toSoundPlace } from "./sound.ts";
import type { PbxSounds } from "./store.ts";

/** Brings a sound to a PBX. */
export interface SoundDelivery {
  /** What its Asterisk plays: a file as the PBX calls it, without ending, or an address. Throws `AppError`. */
  deliver(sound: SoundRef, path: string, to: PbxSounds): Promise<string>;
  /** Throws `AppError`: `forbidden` for a folder in none that the operator allows, `unavailable` for one that cannot be written to. */
  checkFolder(folder: string): Promise<void>;
}

export interface SoundDeliveryOptions {
  links: AudioLinks;
  /** ENLACE_SOUND_FOLDERS. */
  folderRoots: readonly string[];
  /** Of each PBX's folder. */
  bytesMax: number;
  clock: Clock;
  random: Random;
}

const FOLDERS_MAX = 1_000;

export function createSoundDelivery(options: SoundDeliveryOptions): SoundDelivery {
  const { links, folderRoots, bytesMax, clock, random } = options;
  const caches = new Map<string, FileCache>();

  function toCache(folder: string): FileCache {
    const check = (): Promise<void> => checkFolder(folder);
    const cache = caches.get(folder) ?? createFileCache({ folder, bytesMax, clock, random, check });
    if (caches.size >= FOLDERS_MAX) caches.clear(); // they are read anew
    caches.set(folder, cache);
    return cache;
  }

  async function checkFolder(folder: string): Promise<void> {
    const real = await realpathOrNull(folder);
    if (real === null) throw new AppError("unavailable", say("soundsAway"));
    for (const root of folderRoots) {
      const allowed = await realpathOrNull(root);
      if (allowed !== null && isInside(real, allowed)) return refuseReadOnly(real);
    }
    throw new AppError("forbidden", say("soundsRefused"));
  }

  return {
    checkFolder,
    deliver: async (sound, path, to) => {
      if (to.delivery === "http") return links.forPbx(sound, to.baseUrl);
      const place = toSoundPlace(sound);
      await toCache(to.folder).ensure(place, async (draft) => {
        await copyFile(path, draft);
        await openToAll(draft, to.folder);
      });
      return join(to.pbxFolder, place);
    },
  };
}

async function refuseReadOnly(folder: string): Promise<void> {
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    if (!["EACCES", "EROFS", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    throw new AppError("unavailable", say("soundsClosed"));
  }
}

/** Asterisk reads it under another user than ours, whatever our umask is. */
async function openToAll(file: string, folder: string): Promise<void> {
  await chmod(file, 0o644);
  for (let parent = dirname(file); parent.length > folder.length; parent = dirname(parent)) await chmod(parent, 0o755);
}

const isInside = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(`${folder.replace(/\/+$/, "")}${sep}`);

async function realpathOrNull(path: string): Promise<string | null> {
  try {
    return await realpath(path);
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}
