import Table from "cli-table3";
import type { Terminal } from "./terminal.ts";

/** A table as people read it: borders on a terminal, bare columns in a pipe. `rows` as long as `head`. */
export function toTable(terminal: Terminal, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return terminal.paint("dim", "(none)");
  const table = new Table({
    head: head.map((title) => terminal.paint("bold", title)),
    style: { head: [], border: [], compact: true },
    ...(terminal.columns === undefined && { chars: BARE, style: { ...NO_COLOUR, "padding-left": 0 } }),
  });
  table.push(...rows.map((row) => row.map(toText)));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** One thing: its fields under each other. */
export function toFieldList(terminal: Terminal, fields: readonly (readonly [string, Cell])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${terminal.paint("bold", name.padEnd(width))}  ${toText(value)}`).join("\n");
}

export type Cell = string | number | boolean | null | undefined;

function toText(cell: Cell): string {
  if (cell === null || cell === undefined || cell === "") return "-";
  return typeof cell === "boolean" ? (cell ? "yes" : "no") : toPrintable(String(cell));
}

/** Text of other systems must not move the cursor or colour the screen. */
export function toPrintable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it removes
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, "·");
}

const NO_COLOUR = { head: [], border: [], compact: true };
const BARE = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: " ",
};

/** `2026-11-22 11:30:05 +01:00` in this machine's zone; the wire's instants are UTC. */
export function toLocalTime(instant: string | Date | null | undefined): string {
  if (instant === null || instant === undefined) return "-";
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) return String(instant);
  const east = -at.getTimezoneOffset();
  const offset = `${east < 0 ? "-" : "+"}${two(Math.trunc(Math.abs(east) / 60))}:${two(Math.abs(east) % 60)}`;
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${offset}`;
}

/** `2:05`, `1:00:07`; `-` when unknown. */
export function toDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "-";
  const [hours, minutes] = [Math.trunc(seconds / 3600), Math.trunc((seconds % 3600) / 60)];
  const rest = two(Math.round(seconds % 60));
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

const two = (value: number): string => String(value).padStart(2, "0");
