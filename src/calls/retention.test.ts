import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../test/database.ts";
import { dropOldCalls } from "./retention.ts";

const database = await createTestDatabase();

async function putCalls(count: number, createdAt: string): Promise<void> {
  await database.pool.query(
    `insert into calls (tenant_id, call_uuid, started_at, created_at, updated_at)
     select 1, $2::text || n, $2::timestamptz, $2::timestamptz, $2::timestamptz from generate_series(1, $1::int) n`,
    [count, createdAt],
  );
}
const months = async (): Promise<string[]> =>
  (
    await database.pool.query(
      "select distinct to_char(created_at at time zone 'UTC', 'YYYY-MM') as month from calls order by 1",
    )
  ).rows.map(({ month }) => month);

test("calls of months that are past keeping go, however many, and the others stay", async () => {
  await putCalls(4_500, "2025-11-30T23:59:59.999Z");
  await putCalls(2, "2025-12-01T00:00:00Z");
  await putCalls(3, "2026-03-10T00:00:00Z");
  const now = new Date("2026-03-31T12:00:00Z");
  assert.equal(await dropOldCalls(database, { now, keepMonths: 12 }), 0);
  assert.equal(await dropOldCalls(database, { now, keepMonths: 3 }), 4_500);
  assert.deepEqual(await months(), ["2025-12", "2026-03"]);
});

test("a stop is heard between two batches", async () => {
  await putCalls(10, "2020-01-01T00:00:00Z");
  const now = new Date("2026-03-31T12:00:00Z");
  assert.equal(await dropOldCalls(database, { now, keepMonths: 3, signal: AbortSignal.abort() }), 0);
  assert.equal(await dropOldCalls(database, { now, keepMonths: 3 }), 10);
});
