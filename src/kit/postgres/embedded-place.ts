import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, realpath, stat, symlink } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../log.ts";
import { type Account, blockedAt, chooseAccount } from "./embedded-account.ts";

/** Where the embedded PostgreSQL lives and under which account. Only that account can look inside. */
export interface Place {
  folder: string;
  /** PostgreSQL's own data folder. */
  cluster: string;
  /** The socket, gone with the server. */
  run: string;
  passwordFile: string;
  logFile: string;
  /** undefined: runs as we do. */
  account: Account | undefined;
}

/** Home of clusters whose data folder PostgreSQL's account cannot reach, as below /root. */
const FALLBACK_ROOT = "/var/lib/enlace";

/**
 * Makes `<dataFolder>/postgres`. On a root host PostgreSQL runs under another account, which may be barred from the way
 * there (/root is 0700): then the cluster lives below `fallbackRoot`, and `<dataFolder>/postgres` is a link to it.
 */
export async function preparePlace(dataFolder: string, log: Log, fallbackRoot = FALLBACK_ROOT): Promise<Place> {
  const wanted = join(dataFolder, "postgres");
  const account = await chooseAccount(wanted);
  const exists = await isThere(wanted);
  if (account) await letPass(dataFolder);
  const barrier =
    account && !(exists && (await lstat(wanted)).isSymbolicLink()) && (await blockedAt(dataFolder, account));
  if (barrier && exists) {
    throw new Error(
      `PostgreSQL runs under uid ${account.uid}, which may no longer pass through ${barrier} to its data in ${wanted}: run \`chmod o+x ${barrier}\`, or move the data folder and set ENLACE_DATA`,
    );
  }
  if (barrier) await linkElsewhere({ wanted, barrier, fallbackRoot, account, log });
  else if (!exists) await makePrivate(wanted, account);

  const folder = await follow(wanted);
  await makePrivate(folder, account);
  const place = {
    folder,
    cluster: join(folder, "cluster"),
    run: join(folder, "run"),
    passwordFile: join(folder, "password"),
    logFile: join(folder, "server.log"),
    account,
  };
  await makePrivate(place.run, account);
  return place;
}

interface Elsewhere {
  wanted: string;
  barrier: string;
  fallbackRoot: string;
  account: Account;
  log: Log;
}

async function linkElsewhere({ wanted, barrier, fallbackRoot, account, log }: Elsewhere): Promise<void> {
  const target = join(fallbackRoot, createHash("sha256").update(wanted).digest("hex").slice(0, 12));
  try {
    if (await mkdir(fallbackRoot, { recursive: true })) await chmod(fallbackRoot, 0o711);
    await makePrivate(target, account);
  } catch (error) {
    throw new Error(
      `PostgreSQL cannot run as root, and uid ${account.uid} may not pass through ${barrier}; ${fallbackRoot} cannot be used instead. Set ENLACE_DATA to a folder outside ${barrier}, run \`chmod o+x ${barrier}\`, or set DATABASE_URL`,
      { cause: error },
    );
  }
  await symlink(target, wanted);
  log.warn({ dataFolder: wanted, target, barrier, uid: account.uid }, "database.placed_elsewhere");
}

async function follow(wanted: string): Promise<string> {
  try {
    return await realpath(wanted);
  } catch (error) {
    throw new Error(
      `${wanted} is a link to a place that is gone: bring its data back, or remove the link to start empty`,
      {
        cause: error,
      },
    );
  }
}

/** Others may pass through our own data folder (not list it): what is inside guards itself. */
async function letPass(dataFolder: string): Promise<void> {
  const { mode, uid } = await stat(dataFolder);
  if (uid === 0 && (mode & 0o001) === 0) await chmod(dataFolder, (mode & 0o777) | 0o011);
}

async function makePrivate(folder: string, account: Account | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account) return await chown(folder, account.uid, account.gid);
  const { uid } = await stat(folder);
  if (uid !== process.getuid?.()) {
    throw new Error(
      `${folder} belongs to uid ${uid}: start Enlace as that account or as root, or give the folder to yours`,
    );
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
