import { createWriteStream } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { AppError } from "../../../core/errors.ts";
import { readCsvRows } from "./csv-rows.ts";
import { type ListRow, UnreadableList } from "./list-row.ts";
import { say } from "./words.ts";
import { readXlsxRows } from "./xlsx-rows.ts";

/** A million rows with a few columns have 100 MB. */
export const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** A list of contacts as it was sent, on our disk for as long as it is read. */
export interface ListFile {
  kind: "csv" | "xlsx";
  rows(signal: AbortSignal): AsyncGenerator<ListRow>;
  remove(): Promise<void>;
}

/** Writes what arrives to `folder`. Throws `AppError`: `payload_too_large`, `invalid_request` for an empty or an older Excel's file. */
export async function saveListFile(
  source: Readable,
  { folder, name }: { folder: string; name: string },
): Promise<ListFile> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, name);
  const remove = (): Promise<void> => rm(path, { force: true });
  try {
    await pipeline(source, createCap(), createWriteStream(path, { flags: "wx", mode: 0o600 }));
    const kind = await toKind(path);
    return {
      kind,
      rows: (signal) => (kind === "xlsx" ? readXlsxRows(path, signal) : readCsvRows(path, signal)),
      remove,
    };
  } catch (error) {
    await remove();
    throw error instanceof UnreadableList ? new AppError("invalid_request", error.sentence) : error;
  }
}

function createCap(): Transform {
  let bytes = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      if (bytes <= FILE_BYTES_MAX) done(null, chunk);
      else done(new AppError("payload_too_large", say("large", { mb: FILE_BYTES_MAX / 1024 / 1024 })));
    },
  });
}

/** By its first bytes: names and announced types lie. */
async function toKind(path: string): Promise<ListFile["kind"]> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    if (bytesRead === 0) throw new UnreadableList(say("emptyFile"));
    if (buffer.readUInt32BE(0) === 0x504b0304) return "xlsx";
    if (buffer.readUInt32BE(0) === 0xd0cf11e0) throw new UnreadableList(say("oldExcel"));
    return "csv";
  } finally {
    await file.close();
  }
}
