import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../../test/database.ts";
import { dropOldAudit } from "./store.ts";

const database = await createTestDatabase();
await database.pool.query(
  `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
   values ('1', 'One', 'UTC', 'ES', 'es', '2025-01-01Z', '2025-01-01Z')`,
);
const now = new Date("2026-03-31T12:00:00Z");

async function putEntries(count: number, at: string): Promise<void> {
  await database.pool.query(
    `insert into audit_log (tenant_id, at, actor, action, target)
     select (select id from tenants), $2::timestamptz, 'user:1', 'user.create', 'user:' || n from generate_series(1, $1::int) n`,
    [count, at],
  );
}

test("entries of months past keeping go, however many; the others stay", async () => {
  await putEntries(10_001, "2025-12-31T23:59:59.999Z");
  await putEntries(2, "2026-01-01T00:00:00Z");
  assert.equal(await dropOldAudit(database, { now, keepMonths: 3 }), 0);
  assert.equal(await dropOldAudit(database, { now, keepMonths: 2, signal: AbortSignal.abort() }), 0);
  assert.equal(await dropOldAudit(database, { now, keepMonths: 2 }), 10_001);
  const { rows } = await database.pool.query("select count(*)::int as count from audit_log");
  assert.deepEqual(rows, [{ count: 2 }]);
});
