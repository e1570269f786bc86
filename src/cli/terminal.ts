import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import cliProgress from "cli-progress";
import { wrongUsage } from "./exit.ts";

/**
 * Where commands read and write. Results go to stdout, everything said about them to stderr, so that `--json` and pipes
 * stay clean. Colours and progress bars only where a person looks on.
 */
export interface Terminal {
  /** Whether somebody is there to answer a question. */
  isInteractive: boolean;
  /** Width of stdout in characters, `undefined` when it is no terminal. */
  columns: number | undefined;
  print(text: string): void;
  note(text: string): void;
  paint(style: Style, text: string): string;
  ask(question: string, signal?: AbortSignal): Promise<string>;
  /** Without showing what is typed. */
  askSecret(question: string, signal?: AbortSignal): Promise<string>;
  /** All of stdin, without its last line end; for `-`. */
  readInput(): Promise<string>;
  /** `total` in `unit`s, for example rows. Shown on a terminal only. */
  startProgress(title: string, unit: string): ProgressBar;
}

export interface ProgressBar {
  update(progress: { done: number; total: number }): void;
  stop(): void;
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof STYLES;

const INPUT_BYTES_MAX = 1024 * 1024;
const INTERRUPTED = 130;

export interface TerminalOptions {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean };
  /** NO_COLOR is set. */
  plain: boolean;
}

export function createTerminal({ stdin, stdout, stderr, plain }: TerminalOptions): Terminal {
  const isInteractive = Boolean(stdin.isTTY && stderr.isTTY);
  const isColoured = Boolean(stdout.isTTY) && !plain;

  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error; // `| head` has read enough: the rest is for nobody
  });

  async function askOn(output: NodeJS.WritableStream, question: string, signal?: AbortSignal): Promise<string> {
    if (!isInteractive) throw wrongUsage(`nobody is here to answer "${question.trim()}"`);
    stderr.write(question);
    const reader = createInterface({ input: stdin, output, terminal: true });
    try {
      const interrupted = new Promise<never>((_, reject) => {
        reader.once("SIGINT", () => reject(new Interruption()));
        reader.once("close", () => reject(new Interruption()));
      });
      return await Promise.race([reader.question("", signal ? { signal } : {}), interrupted]);
    } finally {
      reader.close();
      stderr.write("\n");
    }
  }

  return {
    isInteractive,
    columns: stdout.isTTY ? stdout.columns : undefined,
    print: (text) => void stdout.write(`${text}\n`),
    note: (text) => void stderr.write(`${text}\n`),
    paint: (style, text) => (isColoured ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text),
    ask: (question, signal) => askOn(stderr, question, signal),
    askSecret: (question, signal) => askOn(createSilence(), question, signal),
    readInput: () => readAll(stdin),
    startProgress: (title, unit) => (stderr.isTTY ? createBar(stderr, title, unit) : NO_BAR),
  };
}

/** Ctrl-C at a question. */
export class Interruption extends Error {
  readonly exitCode = INTERRUPTED;
  override name = "Interruption";
}

function createSilence(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

async function readAll(stdin: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  stdin.setEncoding("utf8");
  for await (const chunk of stdin) {
    text += chunk;
    if (text.length > INPUT_BYTES_MAX) throw wrongUsage("standard input is too long");
  }
  return text.replace(/\r?\n$/, "");
}

const NO_BAR: ProgressBar = { update: () => undefined, stop: () => undefined };

function createBar(stream: NodeJS.WritableStream, title: string, unit: string): ProgressBar {
  const bar = new cliProgress.SingleBar({
    stream,
    format: `${title} [{bar}] {percentage} %  {value}/{total} ${unit}  {eta_formatted}`,
    barCompleteChar: "=",
    barIncompleteChar: " ",
    hideCursor: false,
    clearOnComplete: false,
  });
  let isStarted = false;
  return {
    update: ({ done, total }) => {
      if (!isStarted) bar.start(total, 0);
      isStarted = true;
      bar.update(done);
    },
    stop: () => bar.stop(),
  };
}
