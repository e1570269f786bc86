import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

/** PostgreSQL refuses to run as root, so a root host lends it one of these. */
export interface Account {
  uid: number;
  gid: number;
}

/** In this order of preference; the last resort has no name on any usual system. */
const NAMES = ["enlace", "postgres", "_postgres", "nobody"];
const LAST_RESORT: Account = { uid: 65_534, gid: 65_534 };

/**
 * The account to run PostgreSQL under: undefined (as we are) unless we are root. The owner of an existing `folder` stays
 * its owner.
 */
export async function chooseAccount(folder: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await ownerOf(folder);
  if (owner && owner.uid !== 0) return owner;
  const known = parseAccounts(await readFile("/etc/passwd", "utf8").catch(() => "")); // no such file: the last resort
  return NAMES.map((name) => known.get(name)).find((account) => account !== undefined) ?? LAST_RESORT;
}

/** The first folder on the way to `path` (inclusive) that `account` may not pass through; undefined when the way is free. */
export async function blockedAt(path: string, account: Account): Promise<string | undefined> {
  const parent = dirname(path);
  const above = parent === path ? undefined : await blockedAt(parent, account);
  if (above !== undefined) return above;
  const { mode, uid, gid } = await stat(path);
  const execute = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  return mode & execute ? undefined : path;
}

async function ownerOf(folder: string): Promise<Account | undefined> {
  try {
    const { uid, gid } = await stat(folder);
    return { uid, gid };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parseAccounts(passwd: string): Map<string, Account> {
  const lines = passwd.split("\n").map((line) => line.split(":"));
  return new Map(
    lines.flatMap(([name = "", , uid, gid]) => {
      const account = { uid: Number(uid), gid: Number(gid) };
      return account.uid > 0 ? [[name, account]] : [];
    }),
  );
}
