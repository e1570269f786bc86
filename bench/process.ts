import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A child process of the benchmark: its first line of JSON is its greeting; `stop` ends it and waits. */
export interface Child {
  greeting: Record<string, unknown>;
  process: ChildProcess;
  stop(): Promise<void>;
}

/**
 * Starts `node <args>` and waits until a line of its output satisfies `isReady`. Rejects if it ends before. Its output goes
 * to a file, as under a service manager: reading it here would cost processor time of the measurement.
 */
export async function startChild(
  args: string[],
  env: Record<string, string>,
  isReady: (line: string) => boolean,
): Promise<Child> {
  const folder = await mkdtemp(join(tmpdir(), "enlace-bench-log-"));
  const file = join(folder, "out.log");
  const out = await open(file, "w");
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", out.fd, "inherit"],
  });
  await out.close();
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const greeting = await firstLine(file, isReady, child);
  return {
    greeting: parseGreeting(greeting),
    process: child,
    stop: async () => {
      if (child.exitCode === null) child.kill("SIGTERM");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function firstLine(file: string, isReady: (line: string) => boolean, child: ChildProcess): Promise<string> {
  for (;;) {
    const line = (await readFile(file, "utf8")).split("\n").find(isReady);
    if (line !== undefined) return line;
    if (child.exitCode !== null)
      throw new Error(`${child.spawnargs.join(" ")} ended with ${child.exitCode} at its start`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `node <args>` to its end and parses the one line of JSON that it prints. */
export async function runChild<T>(args: string[]): Promise<T> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  if (code !== 0) throw new Error(`${args[0]} ended with ${code}`);
  return JSON.parse(text) as T;
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1] ?? 0) / 1024;
}

function parseGreeting(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { line };
  }
}
