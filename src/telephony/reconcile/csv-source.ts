import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type CdrRow, parseCdrRow } from "./cdr-row.ts";
import { type CdrSource, type TimeWindow, TooManyRowsError } from "./cdr-source.ts";
import { parseCsvLine } from "./csv-line.ts";

/*
 * Asterisk's Master.csv, or the folder in which it and its rotated predecessors (Master.csv.1 …) lie. Lines stand in the order
 * in which calls ended, so the place where a window begins is found by halving the file, and only what follows is read.
 */

const CHUNK_BYTES = 256 * 1024;
const LINE_BYTES_MAX = 16 * 1024;
/** Records are written when a call ends, in bursts and batches some minutes late. */
const LATE_MS = 600_000;
/** A call that began in the window is looked for this long after it. */
const CALL_MS_MAX = 6 * 3_600_000;

export function createCsvSource(path: string, timeZone: string): CdrSource {
  return {
    reachesBackTo: () => null,
    close: async () => undefined,
    load: async (window, { rowsMax, signal }) => {
      const rows: CdrRow[] = [];
      for (const file of await listFiles(path, window)) {
        await readFile(file, { window, timeZone, signal }, (row) => {
          if (rows.push(row) > rowsMax * 4) throw new TooManyRowsError(rowsMax);
        });
      }
      return onlyOfWindow(rows, window, rowsMax);
    },
  };
}

/** The file itself, or those of the folder that may hold records of the window, oldest first. */
async function listFiles(path: string, { since }: TimeWindow): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const names = (await readdir(path)).filter((name) => /^Master\.csv(\.\d+|-\d{8}(\.\d+)?)?$/.test(name));
  if (names.length === 0) throw new Error(`there is no Master.csv in ${path}`);
  const found = await Promise.all(
    names.map(async (name) => ({ file: join(path, name), writtenMs: (await stat(join(path, name))).mtimeMs })),
  );
  return found
    .filter(({ writtenMs }) => writtenMs >= since.getTime())
    .sort((a, b) => a.writtenMs - b.writtenMs)
    .map(({ file }) => file);
}

interface Reading {
  window: TimeWindow;
  timeZone: string;
  signal: AbortSignal;
}

async function readFile(file: string, { window, timeZone, signal }: Reading, onRow: (row: CdrRow) => void) {
  const handle = await open(file, "r");
  try {
    const start = await findStart(handle, new Date(window.since.getTime() - LATE_MS), timeZone);
    const lastMs = window.until.getTime() + CALL_MS_MAX;
    for await (const line of readLines(handle, start, signal)) {
      const row = toRow(line, timeZone);
      if (!row) continue;
      if (row.endedAt.getTime() > lastMs + LATE_MS) return;
      if (row.endedAt >= window.since && row.startedAt.getTime() < lastMs) onRow(row);
    }
  } finally {
    await handle.close();
  }
}

function toRow(line: string, timeZone: string): CdrRow | undefined {
  const columns = parseCsvLine(line);
  return columns && parseCdrRow(columns, timeZone);
}

/** A place in the file before which everything ended before `at`. */
async function findStart(handle: FileHandle, at: Date, timeZone: string): Promise<number> {
  let [low, high] = [0, (await handle.stat()).size];
  while (high - low > CHUNK_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const ended = await endedAfter(handle, middle, timeZone);
    if (ended !== undefined && ended < at) low = middle;
    else high = middle;
  }
  return low;
}

/** When the call of the first whole line behind `position` ended. */
async function endedAfter(handle: FileHandle, position: number, timeZone: string): Promise<Date | undefined> {
  const buffer = Buffer.alloc(LINE_BYTES_MAX * 4);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, position);
  const lines = buffer.toString("utf8", 0, bytesRead).split("\n").slice(1, -1);
  for (const line of lines) {
    const row = toRow(line.trimEnd(), timeZone);
    if (row) return row.endedAt;
  }
  return undefined;
}

/** Whole lines from `start` on, which need not be the beginning of one. The last line may be half written: it waits. */
async function* readLines(handle: FileHandle, start: number, signal: AbortSignal): AsyncGenerator<string> {
  const buffer = Buffer.alloc(CHUNK_BYTES);
  let [position, rest] = [start, Buffer.alloc(0)];
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      yield bytes.toString("utf8", from, end).trimEnd();
      from = end + 1;
    }
    rest = Buffer.from(bytes.subarray(from));
    if (rest.length > LINE_BYTES_MAX) rest = Buffer.alloc(0); // no line of Asterisk's is that long
  }
}

/** All records of the calls of which one began in the window. */
function onlyOfWindow(rows: readonly CdrRow[], { since, until }: TimeWindow, rowsMax: number): CdrRow[] {
  const idOf = ({ linkedId, uniqueId }: CdrRow): string => linkedId ?? uniqueId;
  const inside = ({ startedAt }: CdrRow): boolean => startedAt >= since && startedAt < until;
  const ids = new Set(rows.filter(inside).map(idOf));
  const found = rows.filter((row) => ids.has(idOf(row)) || (row.linkedId === null && isNear(row, { since, until })));
  if (found.length > rowsMax) throw new TooManyRowsError(rowsMax);
  return found;
}

/** Without Linkedid relatives are told by channel and time, see cdr-groups.ts: whatever touches the window may be one. */
const isNear = ({ startedAt, endedAt }: CdrRow, { since, until }: TimeWindow): boolean =>
  startedAt < until && endedAt >= since;
