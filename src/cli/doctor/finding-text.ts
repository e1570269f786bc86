import type { CommandContext } from "../command.ts";
import { toPrintable } from "../table.ts";
import type { Style } from "../terminal.ts";
import type { Finding } from "./finding.ts";

const MARKS: Record<Finding["level"], [string, Style]> = {
  ok: ["ok     ", "green"],
  warning: ["warning", "yellow"],
  error: ["ERROR  ", "red"],
};
const INDENT = " ".repeat(11);

/** A finding for people; what mends it stands below, line by line, ready to be copied. */
export function toFindingText({ terminal }: Pick<CommandContext, "terminal">, finding: Finding): string {
  const { level, subject, message, mend } = finding;
  const [mark, style] = MARKS[level];
  const line = `${terminal.paint(style, mark)}  ${subject}: ${toPrintable(message)}`;
  if (!mend || level === "ok") return line;
  const lines = toPrintable(mend).split("\n").join(`\n${INDENT}`);
  return `${line}\n         ${terminal.paint("dim", "→")} ${lines}`;
}
