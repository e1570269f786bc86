import type { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { AppError } from "../../core/errors.ts";
import { type PhoneNumber, parsePhoneNumber } from "../../core/phone-number.ts";
import { say } from "./words.ts";

/** A file of numbers, one a line: the first column counts, whatever stands between the columns. */
export interface NumberListReport {
  lines: number;
  inserted: number;
  duplicates: number;
  invalid: number;
  /** The first 100. */
  invalidLines: { line: number; value: string }[];
}

const LINES_MAX = 1_000_000;
const BATCH = 5_000;
const SHOWN_MAX = 100;
const VALUE_CHARACTERS_MAX = 60;
const LINE_BYTES_MAX = 16 * 1024;

/**
 * Reads a stream of CSV and gives its numbers to `save` in batches, which says how many were new. Throws `invalid_request` for
 * what is no list and for a list of more than a million lines: what came before is saved by then, and sending it again is safe.
 */
export async function readNumberList(
  file: Readable,
  country: string,
  save: (numbers: readonly PhoneNumber[]) => Promise<number>,
): Promise<NumberListReport> {
  const report: NumberListReport = { lines: 0, inserted: 0, duplicates: 0, invalid: 0, invalidLines: [] };
  let batch: PhoneNumber[] = [];
  const flush = async (): Promise<void> => {
    const inserted = batch.length === 0 ? 0 : await save([...new Set(batch)]);
    report.inserted += inserted;
    report.duplicates += batch.length - inserted;
    batch = [];
  };
  let isFirst = true;
  for await (const { line, value } of readFirstColumn(file)) {
    const number = parsePhoneNumber(value, country);
    const isHeader = isFirst && !number && !/\d/.test(value);
    isFirst = false;
    if (isHeader) continue;
    if (++report.lines > LINES_MAX) throw new AppError("invalid_request", say("linesMax", { max: LINES_MAX }));
    if (number) batch.push(number);
    else note(report, { line, value });
    if (batch.length === BATCH) await flush();
  }
  await flush();
  return report;
}

function note(report: NumberListReport, { line, value }: { line: number; value: string }): void {
  report.invalid++;
  if (report.invalidLines.length < SHOWN_MAX)
    report.invalidLines.push({ line, value: value.slice(0, VALUE_CHARACTERS_MAX) });
}

async function* readFirstColumn(file: Readable): AsyncGenerator<{ line: number; value: string }> {
  const parser = parse({
    ...{
      delimiter: [";", ",", "\t"],
      bom: true,
      info: true,
      relax_column_count: true,
      relax_quotes: true,
      skip_empty_lines: true,
    },
    max_record_size: LINE_BYTES_MAX,
  });
  file.on("error", (error) => parser.destroy(error)).pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>)
      yield { line: info.lines, value: (record[0] ?? "").trim() };
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new AppError("invalid_request", `Line ${String(error.lines ?? "?")}: ${error.message}`, { cause: error });
  } finally {
    file.unpipe(parser);
    file.resume(); // the rest of the body is nobody's, but the request ends only with it
    parser.destroy();
  }
}
