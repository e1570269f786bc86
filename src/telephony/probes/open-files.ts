import { readdir, readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";

/** Whether the PBX runs where Enlace does, so that its process can be looked at. */
export const isThisMachine = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));

/**
 * How many files Asterisk may open, as the kernel keeps it: what asterisk.conf wishes for is not granted beyond the hard limit,
 * and nothing says so. The least of several Asterisks; `null` where none is seen (another machine's, a container's, no Linux).
 */
export async function readOpenFilesMax(folder = "/proc"): Promise<number | null> {
  const pids = (await readdir(folder).catch(() => [])).filter((name) => /^\d+$/.test(name));
  const limits = await Promise.all(pids.map((pid) => readLimit(join(folder, pid))));
  const found = limits.filter((limit) => limit !== null);
  return found.length > 0 ? Math.min(...found) : null;
}

/** Processes end while they are looked at: then there is nothing to tell of them. */
async function readLimit(folder: string): Promise<number | null> {
  const read = (name: string): Promise<string> => readFile(join(folder, name), "utf8").catch(() => "");
  if ((await read("comm")).trim() !== "asterisk") return null;
  const [, soft] = /^Max open files\s+(\d+)/m.exec(await read("limits")) ?? [];
  return soft === undefined ? null : Number(soft);
}
