import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Enlace as a process of its own, which may be killed. It always comes back to the same port. */
export interface ServerProcess {
  url: string;
  isUp(): boolean;
  /** Resolves when it answers `/health`; rejects with the end of its log when it ends first. */
  start(): Promise<void>;
  /** `SIGKILL`: no goodbye, no drain. */
  kill(): Promise<void>;
  /** `SIGTERM`, as systemd says it; resolves with the exit code, or the signal that ended it. */
  stop(): Promise<number | string>;
  /** Resolves with the exit code when it has ended, with `undefined` when it has not after `ms`. */
  endedWithin(ms: number): Promise<number | string | undefined>;
}

export interface ServerProcessOptions {
  /** The script and its arguments, as node gets them. */
  entry: readonly string[];
  /** The whole environment but PATH and HOME. */
  env: Readonly<Record<string, string>>;
  port: number;
  /** Every line it writes. */
  onLine?(line: string): void;
}

const START_TIMEOUT_MS = 60_000;
const LINES_KEPT = 40;
/** A start costs half as much when the sources were read before. */
const COMPILED = process.env.NODE_COMPILE_CACHE ?? join(tmpdir(), "enlace-test-compiled");

export function createServerProcess({ entry, env, port, onLine }: ServerProcessOptions): ServerProcess {
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  let isUp = false;
  let lastLines: string[] = [];

  function listen(stream: NodeJS.ReadableStream | null): void {
    if (!stream) return;
    createInterface({ input: stream }).on("line", (line) => {
      lastLines = [...lastLines, line].slice(-LINES_KEPT);
      onLine?.(line);
    });
  }

  async function ended(): Promise<number | string> {
    if (!child) return 0;
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    isUp = false;
    return child.exitCode ?? child.signalCode ?? 0;
  }

  return {
    url,
    isUp: () => isUp,
    endedWithin: (ms) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => resolve(undefined), ms);
        ended()
          .then(resolve, reject)
          .finally(() => clearTimeout(timer));
      }),
    start: async () => {
      const started = spawn(process.execPath, [...entry], {
        env: {
          PATH: process.env.PATH,
          HOME: process.env.HOME,
          ...(process.env.TMPDIR && { TMPDIR: process.env.TMPDIR }),
          NODE_COMPILE_CACHE: COMPILED,
          ...env,
          ENLACE_HOST: "127.0.0.1",
          ENLACE_PORT: String(port),
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      child = started;
      started.once("exit", () => {
        if (child === started) isUp = false;
      });
      listen(started.stdout);
      listen(started.stderr);
      await ready(url, started, () => lastLines);
      isUp = true;
    },
    kill: async () => {
      isUp = false;
      child?.kill("SIGKILL");
      await ended();
    },
    stop: async () => {
      child?.kill("SIGTERM");
      return ended();
    },
  };
}

async function ready(url: string, child: ChildProcess, lastLines: () => readonly string[]): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new EndedEarly(
        `it ended with ${child.exitCode ?? child.signalCode} before it was ready:\n${lastLines().join("\n")}`,
      );
    if (performance.now() > deadline) throw new Error(`it is not ready after a minute:\n${lastLines().join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

/** It ended while we waited for it: killed by the test, or unable to start. */
export class EndedEarly extends Error {}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false; // not listening yet
  }
}
