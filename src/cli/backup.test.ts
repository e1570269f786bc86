import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { type Database, openDatabase } from "../kit/postgres/database.ts";
import { createBackupCommand, createRestoreCommand } from "./backup.ts";
import { createFakeContext, createFakeTerminal, type FakeTerminal } from "./fake-terminal.ts";
import type { OpenServerDatabase } from "./server-database.ts";

const AT = new Date("2026-11-22T10:00:00Z");
const SECRET = "a secret of at least 32 characters";
const OTHER = "another secret of 32 characters ....";
const folder = await mkdtemp(join(tmpdir(), "enlace-cli-backup-"));
after(() => rm(folder, { recursive: true }));
const file = join(folder, "a.backup");

async function createStore(tenantName?: string): Promise<Database> {
  const { url } = await createTestDatabase(AT);
  const database = openDatabase({ url, poolMax: 2, log: silentLog, applicationName: "enlace-cli" });
  after(() => database.close());
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'enlace'",
  );
  if (tenantName !== undefined)
    await database.pool.query(
      `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
       values ('1', $1, 'Europe/Madrid', 'ES', 'es', $2, $2)`,
      [tenantName, AT],
    );
  return database;
}

function openerOf(database: Database, ...secrets: [string, ...string[]]): OpenServerDatabase {
  return async () => ({ database, secrets, close: async () => undefined });
}

async function restore(database: Database, words: string[], { secret = SECRET, terminal = createFakeTerminal() } = {}) {
  const command = createRestoreCommand(createFakeContext({}, terminal), openerOf(database, secret));
  await command.exitOverride().parseAsync([file, ...words], { from: "user" });
  return terminal;
}

async function tenantsOf(database: Database): Promise<string[]> {
  const { rows } = await database.pool.query<{ name: string }>("select name from tenants");
  return rows.map((row) => row.name);
}

async function backUp(database: Database, words: string[] = []): Promise<FakeTerminal> {
  const context = createFakeContext();
  const command = createBackupCommand(context, openerOf(database, SECRET));
  await command.parseAsync([file, ...words], { from: "user" });
  return context.terminal;
}

const source = await createStore("Origen");
const backedUp = await backUp(source);

test("a backup says what it holds and that the secret belongs to it", () => {
  assert.match(backedUp.printed(), /a\.backup: 1 rows of \d+ tables, [\d.]+ (bytes|KiB)\.\n$/);
  assert.match(backedUp.noted(), /Keep ENLACE_SECRET/);
});

test("a backup of the same name is refused, and made with --force", async () => {
  await assert.rejects(backUp(source), /exists already/);
  const { printed } = await backUp(source, ["--force", "--json"]);
  assert.equal(JSON.parse(printed()).rows, 1);
});

test("a backup goes back into an empty database", async () => {
  const target = await createStore();
  const terminal = await restore(target, []);
  assert.deepEqual(await tenantsOf(target), ["Origen"]);
  assert.match(terminal.printed(), /Rows +1\n[\s\S]*Restored/);
});

test("a backup sealed with another secret is refused with what to do, and taken when that is accepted", async () => {
  const target = await createStore();
  await assert.rejects(restore(target, [], { secret: OTHER }), /sealed with another ENLACE_SECRET/);
  assert.deepEqual(await tenantsOf(target), []);
  await restore(target, ["--other-secret"], { secret: OTHER });
  assert.deepEqual(await tenantsOf(target), ["Origen"]);
});

test("a previous secret opens a backup too", async () => {
  const target = await createStore();
  const command = createRestoreCommand(createFakeContext(), openerOf(target, OTHER, SECRET));
  await command.parseAsync([file], { from: "user" });
  assert.deepEqual(await tenantsOf(target), ["Origen"]);
});

test("a full database is replaced only by --replace and a yes", async () => {
  const target = await createStore("Destino");
  await assert.rejects(restore(target, []), { exitCode: 1, message: /not empty: it holds 1 rows/ });
  await assert.rejects(restore(target, ["--replace"]), { exitCode: 2, message: /would throw away 1 rows/ });
  const doubtful = createFakeTerminal({ isTerminal: true, typed: "no\r" });
  await assert.rejects(restore(target, ["--replace"], { terminal: doubtful }), /nothing was changed/);
  assert.deepEqual(await tenantsOf(target), ["Destino"]);
  const sure = createFakeTerminal({ isTerminal: true, typed: "replace\r" });
  await restore(target, ["--replace"], { terminal: sure });
  assert.deepEqual(await tenantsOf(target), ["Origen"]);
  await restore(target, ["--replace", "--yes"]);
});

test("--check proves the file without opening a database", async () => {
  const context = createFakeContext();
  const open = async (): Promise<never> => assert.fail("a database was opened");
  await createRestoreCommand(context, open).parseAsync([file, "--check"], { from: "user" });
  assert.match(context.terminal.printed(), /The file is whole\.\n$/);
});
