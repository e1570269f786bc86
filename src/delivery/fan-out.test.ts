import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { inTransaction } from "../kit/postgres/database.ts";
import { createFakeConnector } from "./fake-connector.ts";
import { createSurroundings, ringing, toChange, until } from "./fake-surroundings.ts";

const house = await createSurroundings(createFakeConnector());
const { database, clock, addTenant, addConnection, tell, loadRows } = house;

const setState = (id: string, changes: { state: string; attempts?: number }) =>
  sql`update deliveries set state = ${changes.state}, attempts = ${changes.attempts ?? 0}, delivered_revision = 1
       where connection_id = ${id}`.execute(database.sql);

test("every enabled connection of the call's own tenant gets one record", async () => {
  const [one, other] = [await addTenant(), await addTenant()];
  const [a, b, off, foreign] = [
    await addConnection(one),
    await addConnection(one),
    await addConnection(one),
    await addConnection(other),
  ];
  off.enabled = false;
  await tell(toChange(one, 1));
  const counts = await Promise.all([a, b, off, foreign].map(async ({ id }) => (await loadRows(id)).length));
  assert.deepEqual(counts, [1, 1, 0, 0]);
});

test("a batch that holds one call several times leaves one record, in its newest revision", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1, { revision: 2 }), toChange(tenantId, 1, { revision: 3 }), toChange(tenantId, 1));
  assert.deepEqual(
    (await loadRows(id)).map(({ revision, state }) => [revision, state]),
    [[3, "pending"]],
  );
  await tell(toChange(tenantId, 1, { revision: 2 }));
  assert.equal((await loadRows(id))[0]?.revision, 3);
});

test("a newer revision makes a delivered or dead record due now with all its attempts before it", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  let revision = 1;
  await tell(toChange(tenantId, 1));
  for (const state of ["delivered", "dead"]) {
    await setState(id, { state, attempts: 5 });
    await clock.advance(1_000);
    await tell(toChange(tenantId, 1, { revision: ++revision }));
    const [row] = await loadRows(id);
    assert.deepEqual([row?.state, row?.attempts, row?.due_at], ["pending", 0, clock.now()]);
  }
});

test("what waits keeps its back-off, what is leased its lease, and what was discarded stays so", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  const [before] = await loadRows(id);
  let revision = 1;
  for (const state of ["pending", "leased", "discarded"]) {
    await setState(id, { state, attempts: 2 });
    await clock.advance(1_000);
    await tell(toChange(tenantId, 1, { revision: ++revision }));
    const [row] = await loadRows(id);
    assert.deepEqual([row?.state, row?.attempts, row?.revision, row?.due_at], [state, 2, revision, before?.due_at]);
  }
});

test("every revision raises its own signal with a deadline, and facts from recovery raise none", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  await tell(toChange(tenantId, 1, { call: ringing }), toChange(tenantId, 1, { revision: 2 }));
  await tell(toChange(tenantId, 1, { revision: 3, recovered: true }));
  const rows = (await loadRows(id)).map(({ kind, name, revision }) => `${kind} ${name} ${revision}`).sort();
  assert.deepEqual(rows, ["record  3", "signal ended 2", "signal ringing 1"]);
});

test("what happens inside a call that goes on waits for its end; only another phone that rings is news", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  const talking = { ...ringing, phase: "talking" as const };
  await tell(toChange(tenantId, 1, { call: ringing, revision: 2, isDetail: true }));
  await tell(toChange(tenantId, 1, { call: talking, revision: 3, isDetail: true }));
  assert.deepEqual(
    (await loadRows(id)).map(({ kind, name, revision }) => `${kind} ${name} ${revision}`),
    ["signal ringing 2"],
  );
  await tell(toChange(tenantId, 1, { revision: 4, isDetail: true }));
  const kinds = (await loadRows(id)).map(({ kind, revision }) => `${kind} ${revision}`);
  assert.ok(kinds.includes("record 4"), `a late detail of an ended call is delivered: ${kinds}`);
});

test("settings that cannot be read now do not lose the record", async () => {
  const tenantId = await addTenant();
  const connection = await addConnection(tenantId);
  Object.assign(connection, { settings: null, problem: "its secrets do not open" });
  await tell(toChange(tenantId, 1));
  assert.equal((await loadRows(connection.id))[0]?.kind, "record");
});

test("workers are told which lanes have work, once the transaction is committed and not before", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  const heard: (string | null)[] = [];
  const off = house.listener.on("deliveries", (payload) => heard.push(payload));
  await until(() => heard.includes(null));
  await assert.rejects(
    inTransaction(database, async (client) => {
      await house.fanOut.planChanged(client, [toChange(tenantId, 1)]);
      throw new Error("rolled back");
    }),
    /rolled back/,
  );
  await tell(toChange(tenantId, 2));
  await until(() => heard.at(-1) === id);
  assert.deepEqual(heard, [null, id]);
  assert.equal((await loadRows(id)).length, 1);
  off();
});

test("batches that name the same calls in other orders never wait for each other crosswise", async () => {
  const tenantId = await addTenant();
  await addConnection(tenantId);
  await addConnection(tenantId);
  const calls = Array.from({ length: 30 }, (_, index) => index + 1);
  const batch = (order: number[], revision: number) =>
    tell(...order.map((call) => toChange(tenantId, call, { revision })));
  await Promise.all(
    Array.from({ length: 8 }, (_, index) => batch(index % 2 === 0 ? calls : calls.toReversed(), index + 1)),
  );
  const { rows } = await sql<{ revision: number }>`
    select distinct revision from deliveries where tenant_id = ${tenantId}`.execute(database.sql);
  assert.deepEqual(rows, [{ revision: 8 }]);
});
