import { Command } from "commander";
import type { Clock } from "../kit/clock.ts";
import type { Random } from "../kit/random.ts";
import { createApiClient, type StreamingApiClient } from "./api-client.ts";
import type { Terminal } from "./terminal.ts";

/** The settings of the command line, as `readCliConfig` of config.ts gives them. */
export interface CliConfig {
  url: string;
  apiKey: string | undefined;
  dataFolder: string;
  webhookSecret: string | undefined;
}

/** What every command works with. */
export interface CommandContext {
  /** Throws `ConfigError` when the environment is wrong. */
  readConfig(): CliConfig;
  terminal: Terminal;
  clock: Clock;
  random: Random;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
}

/** A command that talks to a running Enlace. */
export async function openApi({ readConfig, clock, signal }: CommandContext): Promise<StreamingApiClient> {
  const { url, apiKey, dataFolder } = readConfig();
  return createApiClient({ url, apiKey, dataFolder, clock, signal });
}

/** One command, or a group of them such as `enlace user …`, which alone explains itself and counts as wrong usage. */
export function createCommand(name: string, description: string): Command {
  return new Command(name).description(description).helpCommand(false).allowExcessArguments(false);
}

export const JSON_OPTION = ["--json", "print the answer of the API as JSON and nothing else"] as const;

export interface JsonOption {
  json?: boolean;
}

/** Prints the answer as it came for scripts, or as `toText` says it for people. */
export function show(
  { terminal }: Pick<CommandContext, "terminal">,
  { json }: JsonOption,
  { answer, toText }: { answer: unknown; toText: () => string },
): void {
  terminal.print(json ? JSON.stringify(answer, null, 2) : toText());
}
