import { PassThrough } from "node:stream";
import { systemClock } from "../kit/clock.ts";
import { systemRandom } from "../kit/random.ts";
import type { CliConfig, CommandContext } from "./command.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

export interface FakeTerminal extends Terminal {
  printed(): string;
  noted(): string;
}

/** The other side of a terminal: what was typed, and what came out, as bytes. */
export function createFakeTerminal({ isTerminal = false, typed = "" } = {}): FakeTerminal {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  for (const stream of [stdin, stdout, stderr]) Object.assign(stream, { isTTY: isTerminal, columns: 120 });
  if (isTerminal) stdin.write(typed);
  else stdin.end(typed);
  const textOf = (stream: PassThrough): (() => string) => {
    let text = "";
    stream.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    return () => text;
  };
  return {
    ...createTerminal({ stdin, stdout, stderr, plain: !isTerminal }),
    printed: textOf(stdout),
    noted: textOf(stderr),
  };
}

/** A command's context around such a terminal. */
export function createFakeContext(
  config: Partial<CliConfig> = {},
  terminal = createFakeTerminal(),
): CommandContext & { terminal: FakeTerminal } {
  return {
    readConfig: () => ({
      url: "http://127.0.0.1:1",
      apiKey: "key",
      dataFolder: "/nowhere",
      webhookSecret: undefined,
      ...config,
    }),
    terminal,
    clock: systemClock,
    random: systemRandom,
    signal: new AbortController().signal,
  };
}
