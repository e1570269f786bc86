import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

/** A process of this machine. Its number alone proves nothing: numbers are used again. */
export interface ProcessFacts {
  pid: number;
  /** Differs between two processes that had the same number one after the other, also over a reboot. */
  startedMark: string;
  command: readonly string[];
}

const run = promisify(execFile);

/** What is known of a living process; undefined when there is none (a zombie is none). */
export async function loadProcess(pid: number): Promise<ProcessFacts | undefined> {
  return process.platform === "linux" ? loadFromProc(pid) : loadFromPs(pid);
}

async function loadFromProc(pid: number): Promise<ProcessFacts | undefined> {
  try {
    const [stat, command, bootId] = await Promise.all([
      readFile(`/proc/${pid}/stat`, "utf8"),
      readFile(`/proc/${pid}/cmdline`, "utf8"),
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
    ]);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it may hold anything
    const [state, startedTicks] = [fields[0], fields[19]];
    if (state === "Z" || state === "X") return undefined;
    return { pid, startedMark: `${bootId.trim()}:${startedTicks}`, command: command.split("\0").slice(0, -1) };
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** For systems without /proc. Arguments come as one line, so they are cut at spaces. */
export async function loadFromPs(pid: number): Promise<ProcessFacts | undefined> {
  const ask = async (field: string): Promise<string> =>
    (await run("ps", ["-o", `${field}=`, "-p", String(pid)], { env: { LC_ALL: "C" } })).stdout.trim();
  try {
    if ((await ask("state")).startsWith("Z")) return undefined;
    return { pid, startedMark: await ask("lstart"), command: (await ask("command")).split(" ") };
  } catch (error) {
    if ((error as { code?: unknown }).code === 1) return undefined; // ps found nobody
    throw error;
  }
}

function isGone(error: unknown): boolean {
  return ["ENOENT", "ESRCH"].includes(String((error as NodeJS.ErrnoException).code));
}
