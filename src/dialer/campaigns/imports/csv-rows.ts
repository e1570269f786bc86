import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { CsvError, parse } from "csv-parse";
import { CELLS_MAX, type ListRow, UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";

const SAMPLE_BYTES = 64 * 1024;
const RECORD_BYTES_MAX = 64 * 1024;
/** What may stand between two fields; where a line has as many of two, the earlier one. */
const DELIMITERS = [";", "\t", ","] as const;

/**
 * Rows of a text file: UTF-8, UTF-16 or, where it is neither, the Windows-1252 that spreadsheets of Western Europe write. The
 * delimiter is found in its first line. Read as a stream; throws `UnreadableList`.
 */
export async function* readCsvRows(path: string, signal: AbortSignal): AsyncGenerator<ListRow> {
  const sample = await readSample(path);
  const encoding = toEncoding(sample);
  const parser = parse({
    delimiter: toDelimiter(new TextDecoder(encoding).decode(sample)),
    bom: true,
    info: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: RECORD_BYTES_MAX,
  });
  const text = new TextDecoderStream(encoding) as unknown as ReadableWritablePair<string, Uint8Array>;
  const feeding = pipeline(createReadStream(path), text as unknown as NodeJS.ReadWriteStream, parser, { signal });
  feeding.catch(() => undefined); // the loop below meets the same error
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      if (record.length > CELLS_MAX) throw new UnreadableList(say("lineLong", { line: info.lines, max: CELLS_MAX }));
      yield { line: info.lines, cells: record };
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UnreadableList(say("line", { line: String(error.lines ?? "?"), error: error.message }), { cause: error });
  } finally {
    parser.destroy();
  }
}

async function readSample(path: string): Promise<Buffer> {
  const file: FileHandle = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

export function toEncoding(sample: Buffer): "utf-8" | "utf-16le" | "utf-16be" | "windows-1252" {
  if (sample[0] === 0xff && sample[1] === 0xfe) return "utf-16le";
  if (sample[0] === 0xfe && sample[1] === 0xff) return "utf-16be";
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(sample, { stream: true }); // a character may be cut off at the end
    return "utf-8";
  } catch {
    return "windows-1252";
  }
}

/** The delimiter that the first line has most of, outside quotes; a comma where it has none. */
export function toDelimiter(sample: string): string {
  const line = /^\uFEFF?(?:"(?:[^"]|"")*"|[^"\r\n])*/.exec(sample)?.[0] ?? "";
  const bare = line.replaceAll(/"(?:[^"]|"")*"/g, "");
  const counts = DELIMITERS.map((delimiter) => bare.split(delimiter).length - 1);
  const most = Math.max(...counts);
  return most === 0 ? "," : (DELIMITERS[counts.indexOf(most)] ?? ",");
}
