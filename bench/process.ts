import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

/** A child process of the benchmark: its first line of JSON is its greeting; `stop` ends it and waits. */
export interface Child {
  greeting: Record<string, unknown>;
  process: ChildProcess;
  stop(): Promise<void>;
}

/** Starts `node <args>` and waits until a line of its output satisfies `isReady`. Rejects if it ends before. */
export async function startChild(
  args: string[],
  env: Record<string, string>,
  isReady: (line: string) => boolean,
): Promise<Child> {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const greeting = await new Promise<string>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code} before it was ready`)));
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on("line", (line) => {
      if (isReady(line)) resolve(line);
    });
  });
  return {
    greeting: parseGreeting(greeting),
    process: child,
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null) return resolve();
        child.once("exit", () => resolve());
        child.kill("SIGTERM");
      }),
  };
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
