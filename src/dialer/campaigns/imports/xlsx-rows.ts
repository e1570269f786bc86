import type { Readable } from "node:stream";
import { SaxesParser, type SaxesTagPlain } from "saxes";
import { CELLS_MAX, type ListRow, UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";
import { openArchive, type XlsxArchive } from "./xlsx-archive.ts";

/** Texts that cells refer to are kept while the sheet is read. */
const SHARED_CHARACTERS_MAX = 64_000_000;
const SHARED_TEXTS_MAX = 3_000_000;

/**
 * Rows of the first sheet of an Excel workbook, as a stream. Numbers come as they would be written in full; a formula as its
 * last value. Throws `UnreadableList`.
 */
export async function* readXlsxRows(path: string, signal: AbortSignal): AsyncGenerator<ListRow> {
  const archive = await openArchive(path);
  try {
    const sheet = await findFirstSheet(archive, signal);
    const shared = archive.has("xl/sharedStrings.xml") ? await readShared(archive, signal) : [];
    const rows: ListRow[] = [];
    const parser = createSheetParser(shared, (row) => rows.push(row));
    for await (const chunk of textOf(await archive.open(sheet), signal)) {
      feed(parser, chunk);
      yield* rows.splice(0);
    }
  } finally {
    archive.close();
  }
}

type Parser = SaxesParser<Record<string, never>>;

/** Where the workbook says its first sheet lies. */
async function findFirstSheet(archive: XlsxArchive, signal: AbortSignal): Promise<string> {
  let id: string | undefined;
  await readPart(archive, "xl/workbook.xml", {
    signal,
    onOpen: ({ name, attributes }) => {
      if (bare(name) === "sheet")
        id ??= Object.entries(attributes).find(([key]) => bare(key) === "id" && key !== "id")?.[1];
    },
  });
  let target: string | undefined;
  await readPart(archive, "xl/_rels/workbook.xml.rels", {
    signal,
    onOpen: ({ name, attributes }) => {
      if (bare(name) === "Relationship" && attributes.Id === id) target = attributes.Target;
    },
  });
  if (target === undefined) throw new UnreadableList(say("noSheet"));
  return target.startsWith("/") ? target.slice(1) : `xl/${target}`;
}

async function readShared(archive: XlsxArchive, signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  let characters = 0;
  let text = "";
  let isText = false;
  const parser = new SaxesParser();
  parser.on("opentag", ({ name }) => {
    if (bare(name) === "si") text = "";
    isText = bare(name) === "t";
  });
  parser.on("text", (more) => {
    if (isText) text += more;
  });
  parser.on("closetag", ({ name }) => {
    isText = false;
    if (bare(name) !== "si") return;
    characters += text.length;
    if (texts.push(text) > SHARED_TEXTS_MAX || characters > SHARED_CHARACTERS_MAX)
      throw new UnreadableList(say("textsMax"));
  });
  for await (const chunk of textOf(await archive.open("xl/sharedStrings.xml"), signal)) feed(parser, chunk);
  return texts;
}

/** Tells of each row as it ends. */
function createSheetParser(shared: readonly string[], onRow: (row: ListRow) => void): Parser {
  const parser = new SaxesParser();
  let row: { line: number; cells: string[] } = { line: 0, cells: [] };
  let cell = { column: 0, type: "n", text: "" };
  let isValue = false;
  parser.on("opentag", ({ name, attributes }) => {
    const tag = bare(name);
    if (tag === "row") row = { line: Number(attributes.r ?? row.line + 1), cells: [] };
    if (tag === "c") cell = { column: toColumn(attributes.r) ?? row.cells.length, type: attributes.t ?? "n", text: "" };
    isValue = tag === "v" || tag === "t";
  });
  parser.on("text", (text) => {
    if (isValue) cell.text += text;
  });
  parser.on("closetag", ({ name }) => {
    const tag = bare(name);
    isValue = false;
    if (tag === "c") put(row, cell, shared);
    if (tag === "row" && row.cells.some((text) => text !== "")) onRow(row);
  });
  return parser as unknown as Parser;
}

function put(
  row: { line: number; cells: string[] },
  cell: { column: number; type: string; text: string },
  shared: readonly string[],
): void {
  if (cell.column >= CELLS_MAX) throw new UnreadableList(say("rowLong", { line: row.line, max: CELLS_MAX }));
  while (row.cells.length < cell.column) row.cells.push("");
  row.cells[cell.column] = toText(cell, shared);
}

function toText({ type, text }: { type: string; text: string }, shared: readonly string[]): string {
  if (type === "s") return shared[Number(text)] ?? "";
  if (type === "n") return toPlainDigits(text);
  return type === "e" ? "" : text;
}

/** `3.4600000001E10` is how Excel keeps a long phone number. */
export function toPlainDigits(text: string): string {
  if (!/[eE.]/.test(text)) return text;
  const number = Number(text);
  return Number.isInteger(number) && Math.abs(number) < 1e16 ? number.toFixed(0) : text;
}

/** `B7` is 1. */
function toColumn(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,3}/.exec(reference ?? "")?.[0];
  return letters === undefined
    ? undefined
    : [...letters].reduce((sum, letter) => sum * 26 + letter.charCodeAt(0) - 64, 0) - 1;
}

async function readPart(
  archive: XlsxArchive,
  name: string,
  { signal, onOpen }: { signal: AbortSignal; onOpen(tag: SaxesTagPlain): void },
): Promise<void> {
  const parser = new SaxesParser();
  parser.on("opentag", onOpen);
  for await (const chunk of textOf(await archive.open(name), signal)) feed(parser, chunk);
}

async function* textOf(stream: Readable, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream) {
      signal.throwIfAborted();
      yield decoder.decode(chunk as Buffer, { stream: true });
    }
  } catch (error) {
    if (signal.aborted || error instanceof UnreadableList) throw error;
    throw new UnreadableList(say("damaged", { error: (error as Error).message }), { cause: error });
  } finally {
    stream.destroy();
  }
}

function feed(parser: { write(text: string): unknown }, chunk: string): void {
  try {
    parser.write(chunk);
  } catch (error) {
    if (error instanceof UnreadableList) throw error;
    throw new UnreadableList(say("damaged", { error: (error as Error).message }), { cause: error });
  }
}

/** A name without its prefix: `x:row` is `row`. */
const bare = (name: string): string => name.slice(name.indexOf(":") + 1);
