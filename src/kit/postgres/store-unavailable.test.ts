import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { openDatabase } from "./database.ts";
import { isStoreUnavailable } from "./store-unavailable.ts";

const database = await createTestDatabase();
const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => assert.fail("it should have failed"),
    (error: unknown) => error,
  );

test("nobody listening at the store's address is unavailable", async () => {
  const free = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => free.once("listening", resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const away = openDatabase({ url: `postgres://nobody@127.0.0.1:${port}/x`, poolMax: 1, log: silentLog });
  assert.equal(isStoreUnavailable(await failureOf(sql`select 1`.execute(away.sql))), true);
  await away.close();
});

test("a connection that is cut half-way is unavailable", async () => {
  const other = openDatabase({ url: database.url, poolMax: 1, log: silentLog });
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(other.sql);
  const waiting = failureOf(sql`select pg_sleep(30)`.execute(other.sql));
  while (
    (
      await sql`select pg_terminate_backend(${rows[0]?.pid}) where exists
      (select from pg_stat_activity where pid = ${rows[0]?.pid} and state = 'active')`.execute(database.sql)
    ).rows.length === 0
  );
  assert.equal(isStoreUnavailable(await waiting), true);
  await other.close();
  assert.equal(isStoreUnavailable(await failureOf(sql`select 1`.execute(other.sql))), true);
});

test("a statement that takes too long is unavailable", async () => {
  const slow = failureOf(
    database.sql.transaction().execute(async (transaction) => {
      await sql`set local statement_timeout = 20`.execute(transaction);
      await sql`select pg_sleep(30)`.execute(transaction);
    }),
  );
  assert.equal(isStoreUnavailable(await slow), true);
});

test("what the store refuses, a missing file and an ordinary bug are not", async () => {
  assert.equal(isStoreUnavailable(await failureOf(sql`select no_such_column`.execute(database.sql))), false);
  assert.equal(isStoreUnavailable(await failureOf(readFile("/no/such/file"))), false);
  assert.equal(isStoreUnavailable(new TypeError("x is not a function")), false);
  assert.equal(isStoreUnavailable("08000"), false);
});

test("the reason is found behind wrappers and among several addresses", () => {
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED", syscall: "connect" });
  assert.equal(isStoreUnavailable(new Error("outer", { cause: new Error("inner", { cause: refused }) })), true);
  assert.equal(isStoreUnavailable(new AggregateError([new Error("no"), refused])), true);
});
