import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Clock } from "../../kit/clock.ts";
import { CommandFailure } from "../exit.ts";

export interface ServerProcessOptions {
  /** `src/main.ts`. */
  mainFile: string;
  /** The whole environment of the process. */
  environment: Readonly<Record<string, string>>;
  url: string;
  logFile: string;
  clock: Clock;
  signal: AbortSignal;
}

export interface ServerProcess {
  /** Resolves when it is gone; rejects when it had to be killed. */
  stop(): Promise<void>;
  /** Resolves as soon as the process ends, by itself or by `stop`. */
  ended: Promise<void>;
}

const READY_WITHIN_MS = 90_000;
const STOP_WITHIN_MS = 40_000;

/** Starts Enlace as a process of its own, its log in a file, and waits until it is ready. Throws with the log's last lines. */
export async function startServerProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { mainFile, environment, logFile, clock } = options;
  const log = createWriteStream(logFile, { flags: "a" });
  const child = spawn(process.execPath, [mainFile, "start"], {
    env: { ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // Ctrl-C is for the demo, which then stops Enlace in order
  });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => log.end(() => resolve()));
  });
  const server = { ended, stop: () => stop(child, ended, clock) };
  try {
    await waitUntilReady(options, child);
    return server;
  } catch (error) {
    await server.stop();
    if (options.signal.aborted) throw new CommandFailure("interrupted before Enlace had started");
    throw new CommandFailure(`Enlace did not start: ${(error as Error).message}`, { hints: await lastLines(logFile) });
  }
}

async function waitUntilReady({ url, clock, signal }: ServerProcessOptions, child: ChildProcess): Promise<void> {
  const givenUpAt = clock.monotonicMs() + READY_WITHIN_MS;
  while (clock.monotonicMs() < givenUpAt) {
    signal.throwIfAborted();
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (await isReady(url)) return;
    await clock.sleep(100, signal);
  }
  throw new Error("it is not ready yet");
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ready`)).ok;
  } catch {
    return false; // nobody listens yet
  }
}

async function stop(child: ChildProcess, ended: Promise<void>, clock: Clock): Promise<void> {
  let wasKilled = false;
  const release = clock.after(STOP_WITHIN_MS, () => {
    wasKilled = child.kill("SIGKILL");
  });
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  await ended;
  release();
  if (wasKilled) throw new Error("Enlace did not stop and had to be killed");
}

async function lastLines(path: string): Promise<string[]> {
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  return [`The end of ${path}:`, ...lines.slice(-8)];
}
