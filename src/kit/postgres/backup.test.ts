import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { createBackup } from "./backup.ts";
import { BackupProblem } from "./backup-format.ts";
import { type Database, openDatabase } from "./database.ts";
import { describeRestoreTarget, restoreBackup, verifyBackup } from "./restore.ts";

const AT = new Date("2026-11-22T10:00:00Z");
const BIG = "9007199254740993"; // 2^53 + 1: lost by anything that makes it a JS number
const folder = await mkdtemp(join(tmpdir(), "enlace-backup-"));
after(() => rm(folder, { recursive: true }));
const signal = AbortSignal.timeout(60_000);
const ignore = (): undefined => undefined;
let files = 0;

/** The pool of a test database as a command would open it. */
async function createCommandDatabase(): Promise<Database> {
  const { url } = await createTestDatabase(AT);
  const database = openDatabase({ url, poolMax: 3, log: silentLog, applicationName: "enlace-cli" });
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'enlace'",
  );
  after(() => database.close());
  return database;
}

async function fill(database: Database, calls: number): Promise<void> {
  await database.pool.query(
    `insert into tenants (number, name, time_zone, country, language, is_default, created_at, updated_at)
     values ('1', 'Atención "24h"', 'Europe/Madrid', 'ES', 'es', true, $1, $1)`,
    [AT],
  );
  await database.pool.query(
    `insert into users (tenant_id, username, role, password_hash, created_at, updated_at) values (1, 'admin', 'admin', 'x', $1, $1)`,
    [AT],
  );
  await database.pool.query(
    `insert into sessions (tenant_id, id, user_id, token_hash, created_at, used_at, expires_at)
     values (1, 's', 1, '\\xdeadbeef', $1, $1, $1)`,
    [AT],
  );
  await database.pool.query(
    `insert into api_keys (tenant_id, name, prefix, key_hash, scopes, created_by, created_at)
     values (1, 'k', 'enl_', '\\x00ff10', '{calls:read,"a,b"}', 'user:1', $1)`,
    [AT],
  );
  await database.pool.query(
    `insert into calls (tenant_id, id, call_uuid, from_party, started_at, created_at, updated_at) overriding system value
     select 1, ($2::bigint + n), 'uuid-' || n, '{"text":"línea\\n\\t\\\\ ñ","n":12345678901234567890.10}', $1, $1, $1
       from generate_series(0, $3::int - 1) n`,
    [AT, BIG, calls],
  );
  await database.pool.query(`alter table calls alter column id restart with ${BigInt(BIG) + BigInt(calls)}`);
  await database.pool.query(
    `insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
     select 1, id, created_at, 'k', 'webhook', started_at, '{}', '{"nota":"a\\nb"}', created_at from calls`,
  );
}

async function backUp(database: Database): Promise<string> {
  const path = join(folder, `${++files}.backup`);
  await createBackup({ database, path, now: AT, keyId: "key-a", overwrite: false, signal, onProgress: ignore });
  return path;
}

async function restore(database: Database, path: string, replace = false): Promise<void> {
  const header = await verifyBackup(path, ignore);
  await restoreBackup({ database, path, header, replace, signal, onProgress: ignore });
}

/** Everything in a table as PostgreSQL writes it, in a fixed order. */
async function contentsOf(database: Database, table: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ line: string }>(`select t::text as line from ${table} t order by 1`);
  return rows.map((row) => row.line);
}

const source = await createCommandDatabase();
await fill(source, 5000);
const sourceFile = await backUp(source);

test("a restored database holds the same rows, to the last digit, and goes on counting after them", async () => {
  const target = await createCommandDatabase();
  await target.pool.query("drop table facts_y2026m11");
  await restore(target, sourceFile);
  for (const table of ["tenants", "users", "api_keys", "calls", "facts", "facts_y2026m11"]) {
    const restored = await contentsOf(target, table);
    assert.deepEqual(restored, await contentsOf(source, table));
    assert.ok(restored.length > 0, table);
  }
  const { rows } = await target.pool.query(
    `insert into calls (tenant_id, call_uuid, started_at, created_at, updated_at) values (1, 'next', $1, $1, $1) returning id`,
    [AT],
  );
  assert.equal(rows[0]?.id, String(BigInt(BIG) + 5000n));
});

test("log-ins do not survive a restore, neither those of the backup nor those of the target", async () => {
  const target = await createCommandDatabase();
  await fill(target, 1);
  await restore(target, sourceFile, true);
  assert.deepEqual(await contentsOf(target, "sessions"), []);
});

test("a backup is one instant: what is written while it runs stays out of every table", async () => {
  const database = await createCommandDatabase();
  await fill(database, 20_000);
  let disturbed: Promise<unknown> | undefined;
  const path = join(folder, "instant.backup");
  const onProgress = (): void => {
    disturbed ??= database.pool.query("delete from facts");
  };
  await createBackup({ database, path, now: AT, keyId: "key-a", overwrite: false, signal, onProgress });
  await disturbed;
  const header = await verifyBackup(path, ignore);
  assert.equal(header.tables.find((table) => table.name === "facts")?.rows, 20_000);
});

test("only its owner can read a backup, and an existing file is not replaced unasked", async () => {
  assert.equal((await stat(sourceFile)).mode & 0o777, 0o600);
  const again = { database: source, path: sourceFile, now: AT, keyId: "key-a", signal, onProgress: ignore };
  await assert.rejects(createBackup({ ...again, overwrite: false }), /exists already/);
  await createBackup({ ...again, overwrite: true });
});

test("a database that is not empty is left alone unless it may be replaced", async () => {
  const target = await createCommandDatabase();
  await fill(target, 3);
  await assert.rejects(restore(target, sourceFile), /not empty .*--replace/);
  assert.equal((await describeRestoreTarget(target)).rows, 9);
  await restore(target, sourceFile, true);
  assert.deepEqual(await contentsOf(target, "calls"), await contentsOf(source, "calls"));
});

test("a restore is refused while Enlace works on the database", async () => {
  const target = await createCommandDatabase();
  const running = openDatabase({ url: target.url, poolMax: 1, log: silentLog });
  await running.pool.query("select 1");
  await assert.rejects(restore(target, sourceFile), /Enlace is at work/);
  await running.close();
});

/** Byte for byte: a piece of a table may end in the middle of a character. */
const toText = (file: Buffer): string => gunzipSync(file).toString("latin1");
const toFile = (text: string): Buffer => gzipSync(Buffer.from(text, "latin1"));

for (const [what, change, says] of [
  ["a changed value", (text: string) => text.replace("uuid-77\t", "uuid-78\t"), /checksum/],
  ["a missing row", (text: string) => text.replace(/^1\t\d+\tuuid-9\t.*\n/m, ""), /damaged|is not a backup/],
  ["a wrong row count", (text: string) => text.replace('{"end":5000}', '{"end":4999}'), /has 5000 rows/],
  ["a cut end", (text: string) => text.slice(0, -100), /cut off|damaged|not a backup/],
  ["something appended", (text: string) => `${text}{}\n`, /follows its end/],
  ["a newer format", (text: string) => text.replace('"enlace_backup":1', '"enlace_backup":2'), /newer Enlace/],
  ["another file altogether", () => "hello\n", /not a backup of Enlace/],
] as const) {
  test(`a backup with ${what} is refused before anything is changed`, async () => {
    const path = join(folder, `tampered-${++files}.backup`);
    await writeFile(path, toFile(change(toText(await readFile(sourceFile)))));
    await assert.rejects(verifyBackup(path, ignore), (error: Error) => {
      assert.ok(error instanceof BackupProblem);
      assert.match(error.message, says);
      return true;
    });
  });
}

test("a file cut in the middle, one that is not gzip and one that is not there are named as such", async () => {
  const [cut, text] = [join(folder, "cut.backup"), join(folder, "text.backup")];
  await writeFile(cut, (await readFile(sourceFile)).subarray(0, 2000));
  await writeFile(text, "hello");
  await assert.rejects(verifyBackup(cut, ignore), /cut\.backup cannot be read \(unexpected end of file\)/);
  await assert.rejects(verifyBackup(text, ignore), /cannot be read \(incorrect header check\)/);
  await assert.rejects(verifyBackup(join(folder, "none"), ignore), /cannot be read \(ENOENT/);
});

test("a file that changes after it was verified changes nothing", async () => {
  const target = await createCommandDatabase();
  await fill(target, 2);
  const before = await contentsOf(target, "calls");
  const path = join(folder, "swapped.backup");
  await writeFile(path, await readFile(sourceFile));
  const header = await verifyBackup(path, ignore);
  await writeFile(path, toFile(toText(await readFile(path)).replace("uuid-77\t", "uuid-7x\t")));
  const restoring = restoreBackup({ database: target, path, header, replace: true, signal, onProgress: ignore });
  await assert.rejects(restoring, /checksum/);
  assert.deepEqual(await contentsOf(target, "calls"), before);
  const { rows } = await target.pool.query<{ next: string }>(
    "select last_value::text as next from pg_sequences where sequencename = 'calls_id_seq'",
  );
  assert.notEqual(rows[0]?.next, String(BigInt(BIG) + 5000n));
});

test("a backup of another schema is refused with what to do", async () => {
  const target = await createCommandDatabase();
  await target.pool.query("insert into enlace_migrations (name, timestamp) values ('9999_later', '2026')");
  await assert.rejects(restore(target, sourceFile), /this database 9999_later: restore it with the version/);
});

test("nothing is left behind by a backup that fails", async () => {
  const path = join(folder, "aborted.backup");
  const stopped = AbortSignal.abort(new Error("stopped"));
  const options = { database: source, path, now: AT, keyId: "k", overwrite: false, onProgress: ignore };
  await assert.rejects(createBackup({ ...options, signal: stopped }));
  await assert.rejects(stat(path), { code: "ENOENT" });
  await assert.rejects(stat(`${path}.unfinished`), { code: "ENOENT" });
});

test("the checksum is the SHA-256 of everything before it", async () => {
  const text = gunzipSync(await readFile(sourceFile)).toString("latin1");
  const end = text.lastIndexOf('{"sha256":');
  const digest = createHash("sha256")
    .update(Buffer.from(text.slice(0, end), "latin1"))
    .digest("hex");
  assert.deepEqual(JSON.parse(text.slice(end)), { sha256: digest });
});
