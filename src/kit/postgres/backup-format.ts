import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { z } from "zod";

/**
 * A backup is gzip of: the header line, then for each table a line `{"table":…}`, any number of `{"bytes":n}` lines each
 * followed by n bytes of COPY text, and `{"end":rows}`; last a line `{"sha256":…}` over everything before it. Lines are JSON.
 */
const header = z.object({
  enlace_backup: z.literal(1, { error: "was made by a newer Enlace" }),
  created_at: z.iso.datetime(),
  /** Key id of the ENLACE_SECRET that sealed the secrets in it. */
  key_id: z.string().max(200),
  postgres: z.string().max(200),
  migrations: z.array(z.string().max(200)).min(1).max(10_000),
  tables: z
    .array(
      z.object({
        name: z.string().min(1).max(63),
        columns: z.array(z.string().min(1).max(63)).min(1).max(1600),
        rows: z.number().int().min(0),
        /** Names of its monthly partitions. */
        partitions: z.array(z.string().max(63)).max(100_000),
        /** Where its identity columns go on. */
        identities: z.array(z.object({ column: z.string().min(1).max(63), next: z.string().regex(/^\d{1,19}$/) })),
      }),
    )
    .max(10_000),
});
export type BackupHeader = z.output<typeof header>;
export type BackupTable = BackupHeader["tables"][number];

const frame = z.union([
  z.object({ table: z.string() }),
  z.object({ bytes: z.number().int().min(1) }),
  z.object({ end: z.number().int().min(0) }),
  z.object({ sha256: z.string() }),
]);

export type BackupPart =
  | { kind: "header"; header: BackupHeader }
  | { kind: "table"; table: BackupTable }
  | { kind: "rows"; bytes: Buffer }
  | { kind: "end"; table: BackupTable };

/** Why a backup cannot be made or restored, in words for the administrator. Nothing was changed. */
export class BackupProblem extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "BackupProblem";
  }
}

const LINE_BYTES_MAX = 16 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Writes the form above around the COPY text of each table; `rowsOf` is read one table after the other. */
export async function* writeBackupParts(
  head: BackupHeader,
  rowsOf: (table: BackupTable) => AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const hashed = (bytes: Buffer): Buffer => {
    hash.update(bytes);
    return bytes;
  };
  yield hashed(toLine(head));
  for (const table of head.tables) {
    yield hashed(toLine({ table: table.name }));
    let rows = 0;
    for await (const bytes of rowsOf(table)) {
      rows += countLines(bytes);
      yield hashed(toLine({ bytes: bytes.length }));
      yield hashed(bytes);
    }
    if (rows !== table.rows) throw new Error(`${table.name}: ${rows} rows came where ${table.rows} were counted`);
    yield hashed(toLine({ end: rows }));
  }
  yield toLine({ sha256: hash.digest("hex") });
}

/**
 * Reads a backup part by part in bounded memory. Throws `BackupProblem` at the first thing that is not as written: a cut or
 * damaged file, a wrong row count, a wrong checksum. Only when it ends without throwing is the file known to be whole.
 */
export async function* readBackupParts(path: string): AsyncGenerator<BackupPart> {
  const source = createReadStream(path);
  const unzipped = createGunzip();
  source.on("error", (error) => unzipped.destroy(error));
  const reader = createReader(source.pipe(unzipped));
  try {
    const head = parseHeader(await reader.line());
    yield { kind: "header", header: head };
    for (const table of head.tables) yield* readTable(reader, table);
    const digest = reader.digest();
    const last = parseFrame(await reader.line());
    if (!("sha256" in last) || last.sha256 !== digest) throw new BackupProblem("its checksum does not match");
    if (!(await reader.isAtEnd())) throw new BackupProblem("something follows its end");
  } catch (error) {
    if (error instanceof BackupProblem) throw new BackupProblem(`${path} ${sentenceOf(error)}`, error);
    if (isFileError(error)) throw new BackupProblem(`${path} cannot be read (${(error as Error).message})`, error);
    throw error;
  } finally {
    source.destroy();
    unzipped.destroy();
  }
}

async function* readTable(reader: Reader, table: BackupTable): AsyncGenerator<BackupPart> {
  const first = parseFrame(await reader.line());
  if (!("table" in first) || first.table !== table.name) throw new BackupProblem(`lacks the table ${table.name}`);
  yield { kind: "table", table };
  let rows = 0;
  for (;;) {
    const next = parseFrame(await reader.line());
    if ("bytes" in next) {
      for await (const bytes of reader.bytes(next.bytes)) {
        rows += countLines(bytes);
        yield { kind: "rows", bytes };
      }
    } else if ("end" in next) {
      if (next.end !== rows || rows !== table.rows)
        throw new BackupProblem(`has ${rows} rows of ${table.name} where it announces ${table.rows}`);
      yield { kind: "end", table };
      return;
    } else throw new BackupProblem(`lacks the end of table ${table.name}`);
  }
}

interface Reader {
  line(): Promise<string>;
  bytes(size: number): AsyncGenerator<Buffer>;
  /** SHA-256 of everything handed out so far. */
  digest(): string;
  isAtEnd(): Promise<boolean>;
}

function createReader(stream: AsyncIterable<Buffer>): Reader {
  const chunks = stream[Symbol.asyncIterator]();
  const hash = createHash("sha256");
  let rest: Buffer = Buffer.alloc(0);

  async function more(): Promise<Buffer | undefined> {
    const { value, done } = await chunks.next();
    return done ? undefined : value;
  }
  function take(size: number): Buffer {
    const taken = rest.subarray(0, size);
    rest = rest.subarray(size);
    hash.update(taken);
    return taken;
  }
  return {
    line: async () => {
      for (let searched = 0; ; ) {
        const end = rest.indexOf(NEWLINE, searched);
        if (end >= 0) return take(end + 1).toString("utf8");
        searched = rest.length;
        if (rest.length > LINE_BYTES_MAX) throw new BackupProblem("is not a backup of Enlace");
        const next = await more();
        if (!next) throw new BackupProblem("is cut off");
        rest = Buffer.concat([rest, next]);
      }
    },
    async *bytes(size) {
      for (let missing = size; missing > 0; ) {
        if (rest.length === 0) {
          const next = await more();
          if (!next) throw new BackupProblem("is cut off");
          rest = next;
        }
        const piece = take(Math.min(missing, rest.length));
        missing -= piece.length;
        yield piece;
      }
    },
    digest: () => hash.copy().digest("hex"),
    isAtEnd: async () => rest.length === 0 && (await more()) === undefined,
  };
}

function parseHeader(line: string): BackupHeader {
  const value = parseJson(line);
  if (typeof value !== "object" || value === null || !("enlace_backup" in value))
    throw new BackupProblem("is not a backup of Enlace");
  const result = header.safeParse(value);
  if (result.success) return result.data;
  throw new BackupProblem(`has a header that cannot be read: ${z.prettifyError(result.error)}`);
}

function parseFrame(line: string): z.output<typeof frame> {
  const result = frame.safeParse(parseJson(line));
  if (!result.success) throw new BackupProblem("is damaged");
  return result.data;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    throw new BackupProblem("is not a backup of Enlace, or is damaged");
  }
}

/** COPY text escapes line ends inside values, so each newline ends a row. */
export function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

const toLine = (value: object): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
const sentenceOf = (problem: BackupProblem): string => problem.message;
const isFileError = (error: unknown): boolean =>
  error instanceof Error && "code" in error && /^(E[A-Z]+|Z_[A-Z_]+)$/.test(String(error.code));
