import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { type Clock, createDeadline } from "../../kit/clock.ts";

export interface ProgramCall {
  /** Looked for in the usual folders of programs; never a path or a shell. */
  command: string;
  args: readonly string[];
  /** Written to its input, which is then closed. */
  input?: string;
  timeoutMs: number;
  signal?: AbortSignal | undefined;
}

/** `missing`: there is no such program here. `output`: the end of what it wrote to stderr, at most 2,000 characters. */
export type ProgramResult =
  | { kind: "ended"; code: number | null; output: string }
  | { kind: "missing" }
  | { kind: "timeout" };
export type RunProgram = (call: ProgramCall) => Promise<ProgramResult>;

const OUTPUT_CHARS_MAX = 2_000;
/** Nothing of Enlace's own environment reaches a program that reads files of others. */
const ENVIRONMENT = { PATH: "/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin", LC_ALL: "C.UTF-8" };

/** Runs programs of the machine. Arguments are passed as they are: nothing is ever read as a command. Rejects when `signal` aborts. */
export function createRunProgram(clock: Clock): RunProgram {
  return async ({ command, args, input = "", timeoutMs, signal }) => {
    signal?.throwIfAborted();
    const deadline = createDeadline(clock, timeoutMs, signal);
    const child = spawn(command, args, { env: ENVIRONMENT, cwd: "/", stdio: ["pipe", "ignore", "pipe"] });
    const kill = (): void => {
      child.kill("SIGKILL");
      child.stderr.destroy(); // a child of its own may hold on to it
    };
    deadline.signal.addEventListener("abort", kill, { once: true });
    const output = keepEnd(child.stderr);
    try {
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once("error", reject).once("close", resolve);
        child.stdin.once("error", noteBrokenPipe).end(input);
      });
      signal?.throwIfAborted();
      return deadline.signal.aborted ? { kind: "timeout" } : { kind: "ended", code, output: output() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { kind: "missing" };
      throw error;
    } finally {
      deadline.release();
      deadline.signal.removeEventListener("abort", kill);
    }
  };
}

/** A program may end before it has read everything: its code says why. */
function noteBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE" && error.code !== "ECONNRESET") throw error;
}

function keepEnd(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8").on("data", (part: string) => {
    text = (text + part).slice(-OUTPUT_CHARS_MAX);
  });
  return () => text;
}
