import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createEmptyDatabase, silentLog } from "../../../test/database.ts";
import { openDatabase } from "./database.ts";
import { migrate } from "./migrate.ts";

const MIGRATIONS = join(import.meta.dirname, "../../../migrations");

function newFolder(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "enlace-migrations-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

test("four processes that start at once bring one schema up to date, each step once", async () => {
  const database = await createEmptyDatabase();
  const starters = Array.from({ length: 4 }, () => openDatabase({ url: database.url, poolMax: 2, log: silentLog }));
  const applied = await Promise.all(starters.map((starter) => migrate(starter, MIGRATIONS)));
  await Promise.all(starters.map((starter) => starter.close()));
  assert.equal(applied.flat().length, new Set(applied.flat()).size);
  assert.ok(applied.flat().includes("0001_foundation"));
  assert.deepEqual(await migrate(database, MIGRATIONS), []);
});

test("steps are applied in order and only once, and files that are no steps are left alone", async () => {
  const database = await createEmptyDatabase();
  const first = { "0001_a.sql": "create table a (n integer);", "notes.txt": "not sql" };
  assert.deepEqual(await migrate(database, newFolder(first)), ["0001_a"]);
  const both = { ...first, "0002_b.sql": "alter table a add m integer; insert into a values (1, 2);" };
  assert.deepEqual(await migrate(database, newFolder(both)), ["0002_b"]);
  assert.deepEqual((await database.pool.query("select * from a")).rows, [{ n: 1, m: 2 }]);
});

test("a step that fails is named, and nothing of it or of those before it in the run stays", async () => {
  const database = await createEmptyDatabase();
  const folder = newFolder({
    "0001_good.sql": "create table good (n integer);",
    "0002_bad.sql": "create table half (n integer); select * from nowhere;",
  });
  await assert.rejects(migrate(database, folder), /migration 0002_bad failed: relation "nowhere" does not exist/);
  const { rows } = await database.pool.query("select to_regclass('good') as good, to_regclass('half') as half");
  assert.deepEqual(rows, [{ good: null, half: null }]);
});

test("a database that is ahead of this code is refused", async () => {
  const database = await createEmptyDatabase();
  await migrate(database, newFolder({ "0001_a.sql": "select 1;", "0002_newer.sql": "select 1;" }));
  await assert.rejects(
    migrate(database, newFolder({ "0001_a.sql": "select 1;" })),
    /cannot be brought up to date: .*0002_newer/,
  );
});
