import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createTestDatabase } from "../../test/database.ts";
import { type RowId, toTenantId } from "../core/ids.ts";
import { inTransaction } from "../kit/postgres/database.ts";
import { moveDeliveries } from "./merged-calls.ts";

const now = new Date("2026-03-10T12:00:00Z");
const database = await createTestDatabase(now);
const tenantId = toTenantId(1);
const from = { id: "1" as RowId, callUuid: "1700000100.1", createdAt: now };
const into = { id: "2" as RowId, callUuid: "uuid-1", createdAt: new Date(now.getTime() + 1000) };

beforeEach(() => database.pool.query("delete from deliveries"));

const put = (call: typeof from, state: string, more: { remote?: string; connection?: number; kind?: string } = {}) =>
  database.pool.query(
    `insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision,
                             delivered_revision, due_at, remote, created_at, updated_at)
     values (1, $1, 'call', $2, $3, $4, $5, 1, $6, $7, $8, $7, $7)`,
    [
      ...[more.connection ?? 1, call.id, call.createdAt, more.kind ?? "record", state, more.remote ? 1 : 0, now],
      more.remote ? JSON.stringify({ id: more.remote }) : null,
    ],
  );
const move = () => inTransaction(database, (client) => moveDeliveries(client, tenantId, { from, into, at: now }));
const rowsOf = async (call: typeof from) =>
  (
    await database.pool.query("select state, remote ->> 'id' as remote, review from deliveries where subject_id = $1", [
      call.id,
    ])
  ).rows;

test("a record that only the call which goes has is the other's from now on, and is not doubled", async () => {
  await put(from, "delivered", { remote: "43x7" });
  await put(into, "pending");
  assert.equal(await move(), true);
  assert.deepEqual(await rowsOf(into), [{ state: "pending", remote: "43x7", review: null }]);
  assert.deepEqual(await rowsOf(from), [{ state: "discarded", remote: "43x7", review: null }]);
});

test("where both have a record, a person is asked to remove one", async () => {
  await put(from, "delivered", { remote: "43x7" });
  await put(into, "delivered", { remote: "43x8" });
  assert.equal(await move(), true);
  const [gone] = await rowsOf(from);
  assert.equal(gone.state, "discarded");
  assert.match(gone.review, /double of the one of uuid-1/);
  assert.deepEqual(await rowsOf(into), [{ state: "delivered", remote: "43x8", review: null }]);
});

test("what was not delivered yet is not delivered any more", async () => {
  await put(from, "pending");
  await put(from, "pending", { connection: 2, kind: "signal" });
  assert.equal(await move(), true);
  assert.deepEqual(await rowsOf(from), [
    { state: "discarded", remote: null, review: null },
    { state: "discarded", remote: null, review: null },
  ]);
});

test("while one is on its way nothing is changed", async () => {
  await put(from, "leased");
  await put(from, "pending", { connection: 2 });
  assert.equal(await move(), false);
  assert.deepEqual((await rowsOf(from)).map(({ state }) => state).sort(), ["leased", "pending"]);
});
