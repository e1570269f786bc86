import { readFile } from "node:fs/promises";
import { toErrorMessage } from "../core/errors.ts";
import { wrongUsage } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** A value as typed, `@file` for the file's text, `-` for standard input: secrets need not stand on the command line. */
export async function readSecretValue(terminal: Pick<Terminal, "readInput">, given: string): Promise<string> {
  if (given === "-") return terminal.readInput();
  if (!given.startsWith("@")) return given;
  try {
    return (await readFile(given.slice(1), "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw wrongUsage(`${given.slice(1)} cannot be read: ${toErrorMessage(error)}`);
  }
}
