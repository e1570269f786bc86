import { type PhoneNumber, parsePhoneNumber } from "../../../core/phone-number.ts";
import { type ListRow, UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";

/** Somebody to call, as a file names them. */
export interface ReadContact {
  line: number;
  number: PhoneNumber;
  variables: Record<string, string>;
}

/** A line that nobody can be called by. */
export interface InvalidLine {
  line: number;
  value: string;
  reason: string;
}

/** Reads a file row by row. Its first row may name the columns; the column with the number is found by its name, or is the first. */
export interface ContactReader {
  /** `undefined`: the row names the columns. */
  read(row: ListRow): { contact: ReadContact } | { invalid: InvalidLine } | undefined;
  /** Names of the variables, known after the first row. */
  columns(): readonly string[];
}

export const VARIABLES_MAX = 50;
const NAME_CHARACTERS_MAX = 60;
const VALUE_CHARACTERS_MAX = 500;
const VARIABLES_CHARACTERS_MAX = 8_000;
const SHOWN_CHARACTERS_MAX = 100;

/** Names of a column with phone numbers, in the languages of our users. */
const NUMBER_COLUMN = /tel[eé]f|phone|fono|m[oó]vil|celular|mobile|n[uú]mero|number|телефон|номер/i;

/** What a person said of a list's columns. */
export interface ListMapping {
  /** Whether the first row names the columns; `auto`: if there is no number in it. */
  header: "auto" | "yes" | "no";
  /** From 1; `undefined`: found by its name, or by what is in it. */
  numberColumn?: number | undefined;
  /** The variable that each column becomes, by place; an empty name leaves the column out. */
  columns?: readonly string[] | undefined;
}

/** What the first row tells of all of them. */
export interface ListLayout {
  hasHeader: boolean;
  /** From 0. */
  numberAt: number;
  /** By place; `null`: no variable. Columns behind them have the name of their place. */
  names: readonly (string | null)[];
}

/** Throws `UnreadableList` where there are more columns than we keep. */
export function toLayout(cells: readonly string[], country: string, mapping: ListMapping): ListLayout {
  const { header, numberColumn, columns } = mapping;
  const hasHeader = header === "yes" || (header === "auto" && !cells.some((cell) => toNumber(cell, country)));
  const found = hasHeader
    ? cells.findIndex((cell) => NUMBER_COLUMN.test(cell))
    : cells.findIndex((cell) => toNumber(cell, country));
  const numberAt = numberColumn === undefined ? Math.max(0, found) : numberColumn - 1;
  if (columns) return { hasHeader, numberAt, names: toNames(columns, numberAt, () => null) };
  return { hasHeader, numberAt, names: hasHeader ? toNames(cells, numberAt, nameByPlace) : [] };
}

/** `country` (ISO 3166-1 alpha-2) is assumed where a number has no country code. */
export function createContactReader({ country, ...mapping }: ListMapping & { country: string }): ContactReader {
  let layout: ListLayout | undefined;

  function begin({ cells }: ListRow): boolean {
    layout = toLayout(cells, country, mapping);
    return layout.hasHeader;
  }

  const nameOf = (at: number): string | null => {
    const name = layout?.names[at];
    return name === undefined ? nameByPlace(at) : name;
  };

  return {
    columns: () => (layout?.names ?? []).filter((name) => name !== null),
    read: (row) => {
      if (!layout && begin(row)) return undefined;
      const { line, cells } = row;
      const numberAt = layout?.numberAt ?? 0;
      const value = (cells[numberAt] ?? "").trim();
      const refuse = (reason: string) => ({
        invalid: { line, value: toStorable(value).slice(0, SHOWN_CHARACTERS_MAX), reason },
      });
      const number = toNumber(value, country);
      if (!number) return refuse(value === "" ? "there is no number" : "is not a phone number");
      const variables = cells.flatMap((cell, at) => {
        const name = at === numberAt ? null : nameOf(at);
        return name === null || cell.trim() === "" ? [] : [[name, toStorable(cell.trim())] as const];
      });
      const problem = findProblem(variables);
      return problem === undefined
        ? { contact: { line, number, variables: Object.fromEntries(variables) } }
        : refuse(problem);
    },
  };
}

/** A national number, or one with its country code and no plus: lists are exported from everywhere. */
function toNumber(text: string, country: string): PhoneNumber | undefined {
  const national = parsePhoneNumber(text, country);
  return national ?? (/^\s*[1-9]/.test(text) ? parsePhoneNumber(`+${text.trim()}`, country) : undefined);
}

function findProblem(variables: readonly (readonly [string, string])[]): string | undefined {
  if (variables.length > VARIABLES_MAX) return `has more than ${VARIABLES_MAX} columns beside the number`;
  const long = variables.find(([, value]) => value.length > VALUE_CHARACTERS_MAX);
  if (long) return `${long[0]} is longer than ${VALUE_CHARACTERS_MAX} characters`;
  const sum = variables.reduce((total, [name, value]) => total + name.length + value.length, 0);
  return sum > VARIABLES_CHARACTERS_MAX
    ? `has more than ${VARIABLES_CHARACTERS_MAX} characters beside the number`
    : undefined;
}

const nameByPlace = (at: number): string => `column_${at + 1}`;

/** Each column's own name; `null` for the number's. */
function toNames(
  cells: readonly string[],
  numberAt: number,
  nameless: (at: number) => string | null,
): (string | null)[] {
  if (cells.length > VARIABLES_MAX + 1) throw new UnreadableList(say("columnsMax", { max: VARIABLES_MAX }));
  const used = new Set<string>();
  return cells.map((cell, at) => {
    if (at === numberAt) return null;
    const name = toStorable(cell.trim()).slice(0, NAME_CHARACTERS_MAX) || nameless(at);
    if (name === null) return null;
    const own = used.has(name) ? `${name}_${at + 1}` : name;
    used.add(own);
    return own;
  });
}

/** What PostgreSQL keeps as text: no U+0000, no half of a pair. */
const toStorable = (text: string): string => text.replaceAll("\0", "").toWellFormed();
