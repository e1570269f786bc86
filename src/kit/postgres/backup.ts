import { createWriteStream } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import { BackupProblem, type BackupTable, countLines, writeBackupParts } from "./backup-format.ts";
import { connectForCopy, type Database } from "./database.ts";
import { loadTables, type TableShape } from "./tables.ts";

/**
 * Backup: every table of the schema as of one instant, while Enlace goes on working. See backup-format.ts for the form.
 * Log-ins, living processes and orders for PBXs are of the moment and stay out; views are made by migrations.
 */
export const LEFT_OUT = ["enlace_migrations", "enlace_migrations_lock", "pbx_commands", "sessions", "workers"] as const;

export interface Progress {
  done: number;
  total: number;
}

/** Adds up the rows of COPY text as it goes by. */
export function createTally(total: number, onProgress: (rows: Progress) => void): (bytes: Buffer) => void {
  let done = 0;
  return (bytes) => {
    done += countLines(bytes);
    onProgress({ done, total });
  };
}

export interface BackupOptions {
  database: Database;
  path: string;
  now: Date;
  /** Key id of the ENLACE_SECRET in use. */
  keyId: string;
  /** Whether a file that is there may be replaced. */
  overwrite: boolean;
  signal: AbortSignal;
  onProgress(rows: Progress): void;
}

export interface BackupSummary {
  tables: number;
  rows: number;
  sizeBytes: number;
}

/**
 * Writes a backup readable by its owner only. It is written beside the target and takes its name when it is complete and
 * on disk. Throws `BackupProblem` when the file exists or the schema is not ours.
 */
export async function createBackup(options: BackupOptions): Promise<BackupSummary> {
  const { database, path, overwrite, signal } = options;
  if (!overwrite) await refuseExisting(path);
  const unfinished = `${path}.unfinished`;
  const client = await connectForCopy(database);
  try {
    await beginSnapshot(client);
    const head = await loadHeader(client, options);
    const total = head.tables.reduce((sum, table) => sum + table.rows, 0);
    const tally = createTally(total, options.onProgress);
    const rowsOf = (table: BackupTable): AsyncIterable<Buffer> => tallied(copyOut(client, table), tally);
    const target = createWriteStream(unfinished, { mode: 0o600, flush: true });
    await pipeline(() => writeBackupParts(head, rowsOf), createGzip({ level: 5 }), target, { signal });
    await client.query("commit");
    await rename(unfinished, path);
    return { tables: head.tables.length, rows: total, sizeBytes: target.bytesWritten };
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  } finally {
    await client.end();
  }
}

/** Fixes how values are written, whatever the server's or the role's defaults. Also used for reading them back. */
export const TEXT_FORM = `
  set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0;
  set local timezone = 'UTC';
  set local datestyle = 'ISO, YMD';
  set local intervalstyle = 'postgres';
  set local bytea_output = 'hex';
  set local extra_float_digits = 1;
  set local client_encoding = 'UTF8'`;

async function beginSnapshot(client: pg.ClientBase): Promise<void> {
  await client.query("begin isolation level repeatable read read only");
  await client.query(TEXT_FORM);
}

async function loadHeader(client: pg.ClientBase, { now, keyId }: BackupOptions) {
  const migrations = await loadMigrations(client);
  if (migrations.length === 0) throw new BackupProblem("this database holds no Enlace: nothing to back up");
  const { rows } = await client.query<{ server_version: string }>("show server_version");
  const tables: BackupTable[] = [];
  for (const shape of await loadTables(client, LEFT_OUT)) tables.push(await describeTable(client, shape));
  return {
    enlace_backup: 1 as const,
    created_at: now.toISOString(),
    key_id: keyId,
    postgres: rows[0]?.server_version ?? "unknown",
    migrations,
    tables,
  };
}

/** Names of the migrations this database has had, in order; none when it is not a database of Enlace. */
export async function loadMigrations(client: pg.ClientBase): Promise<string[]> {
  const { rows: found } = await client.query("select to_regclass('enlace_migrations') is not null as there");
  if (!found[0]?.there) return [];
  const { rows } = await client.query<{ name: string }>("select name from enlace_migrations order by name");
  return rows.map((row) => row.name);
}

async function describeTable(client: pg.ClientBase, shape: TableShape): Promise<BackupTable> {
  const identities = [];
  for (const column of shape.identities)
    identities.push({ column, next: await loadNextIdentity(client, shape.name, column) });
  return {
    name: shape.name,
    columns: [...shape.columns],
    rows: await countRows(client, shape.name),
    partitions: [...shape.partitions],
    identities,
  };
}

/** Sequences stand outside the snapshot: read later they are at or past it, so no id is ever given twice. */
async function loadNextIdentity(client: pg.ClientBase, table: string, column: string): Promise<string> {
  const { rows: found } = await client.query<{ sequence: string }>(
    "select pg_get_serial_sequence($1, $2) as sequence",
    [quote(table), column],
  );
  const { rows } = await client.query<{ next: string }>(
    `select (last_value + is_called::int)::text as next from ${found[0]?.sequence}`,
  );
  return rows[0]?.next ?? "1";
}

export async function countRows(client: pg.ClientBase, table: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(`select count(*) as count from ${quote(table)}`);
  return Number(rows[0]?.count);
}

function copyOut(client: pg.ClientBase, { name, columns }: BackupTable): AsyncIterable<Buffer> {
  return client.query(copyTo(`copy (select ${columns.map(quote).join(", ")} from ${quote(name)}) to stdout`));
}

async function* tallied(chunks: AsyncIterable<Buffer>, tally: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const bytes of chunks) {
    tally(bytes);
    yield bytes;
  }
}

async function refuseExisting(path: string): Promise<void> {
  try {
    await (await open(path, "r")).close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  throw new BackupProblem(`${path} exists already`);
}

/** Names come from the catalog or from a backup: quoted, never trusted. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
