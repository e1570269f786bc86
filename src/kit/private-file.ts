import { chmod, link, mkdir, open, readFile, rename, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * A small text only its owner may read (mode 0600): the generated secret, the local administrator's key. `null` when there
 * is none. A file that others can read is closed to them.
 */
export async function loadPrivateFile(path: string): Promise<string | null> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) await chmod(path, 0o600);
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/**
 * Writes or replaces it in one step: readers see the old text or the new one, and after a crash one of them. Of several
 * processes that save at once the last one wins.
 */
export async function savePrivateFile(path: string, text: string): Promise<void> {
  const draft = nextDraft(path);
  await writeDraft(draft, text);
  await rename(draft, path);
}

/** The text of the file, made by `create` the first time. Of several processes that start at once one wins and all agree. */
export async function ensurePrivateFile(path: string, create: () => string): Promise<string> {
  if ((await loadPrivateFile(path)) === null) await publish(path, create());
  const text = await loadPrivateFile(path);
  if (!text) throw new Error(`${path} is empty: remove it if nothing was sealed with it yet, or put the secret back`);
  return text;
}

let drafts = 0;

/** A name that no other save uses, in this process or another. */
const nextDraft = (path: string): string => `${path}.${process.pid}.${++drafts}`;

/** The file appears whole or not at all; one that is there already stays. */
async function publish(path: string, text: string): Promise<void> {
  const draft = nextDraft(path);
  await writeDraft(draft, text);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    await unlink(draft);
  }
}

async function writeDraft(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o750 });
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
