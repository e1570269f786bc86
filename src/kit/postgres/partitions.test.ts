import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../../test/database.ts";
import { dropOldPartitions, ensurePartitions } from "./partitions.ts";

const TABLES = ["attempts", "deliveries", "dial_attempts", "facts", "number_attempts"];
const database = await createTestDatabase(new Date("2026-12-15T12:00:00Z"));

async function monthsOf(table: string): Promise<string[]> {
  const { rows } = await database.pool.query(
    `select c.relname as name from pg_inherits join pg_class c on c.oid = inhrelid
      where inhparent = $1::regclass and c.relname like $1 || '\\_y%' order by 1`,
    [table],
  );
  return rows.map(({ name }) => name.slice(table.length + 1));
}

test("every partitioned table has the month before, this one and two ahead, over the turn of the year", async () => {
  for (const table of TABLES)
    assert.deepEqual(await monthsOf(table), ["y2026m11", "y2026m12", "y2027m01", "y2027m02"], table);
});

test("asking again, and four at once, makes no difference", async () => {
  const now = new Date("2026-12-31T23:59:59.999Z");
  await Promise.all(Array.from({ length: 4 }, () => ensurePartitions(database, now)));
  assert.deepEqual(await monthsOf("facts"), ["y2026m11", "y2026m12", "y2027m01", "y2027m02"]);
});

test("a month is dropped when all of it is older than what is kept, and not a day earlier", async () => {
  assert.deepEqual(await dropOldPartitions(database, new Date("2027-01-31T23:59:59Z"), 2), []);
  const dropped = await dropOldPartitions(database, new Date("2027-02-01T00:00:00Z"), 2);
  assert.deepEqual(
    dropped.sort(),
    TABLES.map((table) => `${table}_y2026m11`),
  );
  assert.deepEqual(await monthsOf("facts"), ["y2026m12", "y2027m01", "y2027m02"]);
});
