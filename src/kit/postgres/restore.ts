import { pipeline } from "node:stream/promises";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { countRows, createTally, LEFT_OUT, loadMigrations, type Progress, quote, TEXT_FORM } from "./backup.ts";
import {
  type BackupHeader,
  type BackupPart,
  BackupProblem,
  type BackupTable,
  readBackupParts,
} from "./backup-format.ts";
import { connectForCopy, type Database } from "./database.ts";
import { toPartitionStatement } from "./partitions.ts";
import { loadTables } from "./tables.ts";

/** Reads a whole backup and proves that it is complete and unchanged. Throws `BackupProblem` when it is not. */
export async function verifyBackup(path: string, onProgress: (rows: Progress) => void): Promise<BackupHeader> {
  let head: BackupHeader | undefined;
  let tally: ReturnType<typeof createTally> | undefined;
  for await (const part of readBackupParts(path)) {
    if (part.kind === "header") {
      head = part.header;
      tally = createTally(totalOf(head), onProgress);
    } else if (part.kind === "rows") tally?.(part.bytes);
  }
  if (!head) throw new BackupProblem(`${path} is empty`);
  return head;
}

export interface RestoreTarget {
  migrations: readonly string[];
  /** Rows in tables that a restore would replace. */
  rows: number;
  /** Other processes of Enlace that use this database now. */
  processes: number;
}

/** What stands in the database that a backup is to be restored into. */
export async function describeRestoreTarget(database: Database): Promise<RestoreTarget> {
  const client = await database.pool.connect();
  try {
    let rows = 0;
    for (const { name } of await loadTables(client, LEFT_OUT)) rows += await countRows(client, name);
    return { migrations: await loadMigrations(client), rows, processes: await countProcesses(client) };
  } finally {
    client.release();
  }
}

export interface RestoreOptions {
  database: Database;
  path: string;
  /** From `verifyBackup`. */
  header: BackupHeader;
  /** Whether what is in the database may be thrown away. */
  replace: boolean;
  signal: AbortSignal;
  onProgress(rows: Progress): void;
}

/**
 * Puts a verified backup into the database, all of it or nothing. Throws `BackupProblem` when the schema differs, another
 * Enlace is at work, or the database is not empty and `replace` is false. Log-ins end with a restore.
 */
export async function restoreBackup(options: RestoreOptions): Promise<void> {
  const { database, header, replace } = options;
  const client = await connectForCopy(database);
  try {
    await client.query("begin");
    await client.query(TEXT_FORM);
    await checkSchema(client, header);
    const names = [...header.tables.map((table) => table.name), "pbx_commands", "sessions", "workers"]
      .map(quote)
      .join(", ");
    await client.query(`lock table ${names} in access exclusive mode`);
    if (!replace) await refuseRows(client, header);
    await client.query(`truncate ${names}`);
    for (const table of header.tables) await createPartitions(client, table);
    await load(client, options);
    for (const table of header.tables) await proveRows(client, table);
    for (const table of header.tables) await continueIdentities(client, table);
    await client.query("commit");
    await client.query("analyze");
  } finally {
    await client.end(); // rolls back what is not committed, even in the middle of a copy
  }
}

async function checkSchema(client: pg.ClientBase, header: BackupHeader): Promise<void> {
  const migrations = await loadMigrations(client);
  if (migrations.join() !== header.migrations.join()) {
    const [theirs, ours] = [header.migrations.at(-1), migrations.at(-1) ?? "none"];
    throw new BackupProblem(
      `the backup has schema ${theirs}, this database ${ours}: restore it with the version of Enlace that made it, then update`,
    );
  }
  const shapes = new Map((await loadTables(client, LEFT_OUT)).map((shape) => [shape.name, shape]));
  for (const { name, columns } of header.tables) {
    const missing = columns.filter((column) => !shapes.get(name)?.columns.includes(column));
    if (missing.length > 0) throw new BackupProblem(`this database has no ${name} (${missing.join(", ")})`);
  }
  const processes = await countProcesses(client);
  if (processes > 0) throw new BackupProblem(`Enlace is at work on this database: stop it first`);
}

async function refuseRows(client: pg.ClientBase, header: BackupHeader): Promise<void> {
  for (const { name } of header.tables) {
    const rows = await countRows(client, name);
    if (rows > 0)
      throw new BackupProblem(`this database is not empty (${name} has ${rows} rows): --replace throws that away`);
  }
}

async function createPartitions(client: pg.ClientBase, { name, partitions }: BackupTable): Promise<void> {
  for (const partition of partitions) {
    const statement = toPartitionStatement(partition);
    if (!statement) throw new BackupProblem(`the backup names a partition of ${name} that is none: ${partition}`);
    await client.query(statement);
  }
}

/** Reads the file a second time: should it have changed since it was verified, this throws and nothing is committed. */
async function load(client: pg.ClientBase, { path, header, signal, onProgress }: RestoreOptions): Promise<void> {
  const parts = readBackupParts(path);
  const tally = createTally(totalOf(header), onProgress);
  for (let part = await parts.next(); !part.done; part = await parts.next()) {
    if (part.value.kind !== "table") continue;
    const { name, columns } = part.value.table;
    const statement = `copy ${quote(name)} (${columns.map(quote).join(", ")}) from stdin`;
    await pipeline(() => rowsOfTable(parts, tally), client.query(copyFrom(statement)), { signal });
  }
}

async function* rowsOfTable(parts: AsyncGenerator<BackupPart>, tally: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
  for (let part = await parts.next(); !part.done; part = await parts.next()) {
    if (part.value.kind !== "rows") return;
    tally(part.value.bytes);
    yield part.value.bytes;
  }
}

async function proveRows(client: pg.ClientBase, { name, rows }: BackupTable): Promise<void> {
  const found = await countRows(client, name);
  if (found !== rows) throw new BackupProblem(`${name} has ${found} rows after loading ${rows}`);
}

/** `restart with` is undone by a rollback; `setval` would not be. */
async function continueIdentities(client: pg.ClientBase, { name, identities }: BackupTable): Promise<void> {
  for (const { column, next } of identities)
    await client.query(`alter table ${quote(name)} alter column ${quote(column)} restart with ${BigInt(next)}`);
}

/** Connections named `enlace…` that are not of a command line. */
async function countProcesses(client: pg.ClientBase): Promise<number> {
  const { rows } = await client.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and application_name like 'enlace%' and application_name <> 'enlace-cli'`,
  );
  return rows[0]?.count ?? 0;
}

const totalOf = (header: BackupHeader): number => header.tables.reduce((sum, table) => sum + table.rows, 0);
