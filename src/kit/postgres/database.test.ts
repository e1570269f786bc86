import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import type { Log } from "../log.ts";
import { assertSupportedVersion, inTransaction, openDatabase } from "./database.ts";
import { startMutableLine } from "./fake-line.ts";

const database = await createTestDatabase();
await sql`create table notes (n integer)`.execute(database.sql);
const countNotes = async () => (await database.pool.query("select count(*)::int as n from notes")).rows[0].n;

test("a bigint arrives as text and an instant as a Date, with nothing rounded", async () => {
  const { rows } = await database.pool.query(
    "select 9007199254740993::bigint as id, timestamptz '2026-03-29T01:30:00.123Z' as at",
  );
  assert.equal(rows[0].id, "9007199254740993");
  assert.equal(rows[0].at.toISOString(), "2026-03-29T01:30:00.123Z");
});

test("a transaction is kept when its work resolves and gone when it throws", async () => {
  const before = await countNotes();
  assert.equal(
    await inTransaction(database, async (client) => (await client.query("insert into notes values (1)")).rowCount),
    1,
  );
  await assert.rejects(
    inTransaction(database, async (client) => {
      await client.query("insert into notes values (2)");
      throw new Error("changed our mind");
    }),
    /changed our mind/,
  );
  assert.equal(await countNotes(), before + 1);
});

test("a transaction whose connection dies rejects, and its client does not return to the pool", async () => {
  const killSelf = inTransaction(database, async (client) => {
    client.on("error", () => "reported by the query too");
    await client.query("insert into notes values (3)");
    await client.query("select pg_terminate_backend(pg_backend_pid())");
  });
  await assert.rejects(killSelf, /terminating connection/);
  assert.equal((await database.pool.query("select 1 as n")).rows[0].n, 1);
});

test("a lost idle connection is logged and replaced", async () => {
  const line = await startMutableLine(database.url);
  const lost = Promise.withResolvers<string>();
  const log = { ...silentLog, warn: (_: object, event: string) => lost.resolve(event) } as unknown as Log;
  const other = openDatabase({ url: line.url, poolMax: 1, log, applicationName: "idle one" });
  await other.pool.query("select 1");
  await database.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'idle one'",
  );
  assert.equal(await lost.promise, "database.connection_lost");
  assert.equal((await other.pool.query("select 2 as n")).rows[0].n, 2);
  await other.close();
});

test("a server of version 15 or newer is accepted, an older one is refused by its name", async () => {
  await assertSupportedVersion(database);
  await sql`create schema older`.execute(database.sql);
  await sql`create function older.current_setting(name text) returns text language sql
    as $$ select case name when 'server_version_num' then '140011' else '14.11' end $$`.execute(database.sql);
  const url = new URL(database.url);
  url.searchParams.set("options", "-c search_path=older,pg_catalog");
  const older = openDatabase({ url: url.href, poolMax: 1, log: silentLog });
  await assert.rejects(assertSupportedVersion(older), /this is PostgreSQL 14\.11, and Enlace needs 15 or newer/);
  await older.close();
});

test("closing ends the connections, even those that were only used through the pool", async () => {
  const other = openDatabase({ url: database.url, poolMax: 2, log: silentLog, applicationName: "closing" });
  await other.pool.query("select 1");
  await other.close();
  assert.ok(other.pool.ended);
  await eventually(async () => {
    const { rows } = await database.pool.query(
      "select count(*)::int as n from pg_stat_activity where application_name = 'closing' and datname = current_database()",
    );
    assert.equal(rows[0].n, 0); // the server takes a moment to notice
  });
});
