import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { sql } from "kysely";
import { createFakeConnector, delivered } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";

const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { clock, addTenant, addConnection, tell, startDelivery, loadRows, loadAttempts } = house;

beforeEach(async () => {
  await house.clear();
  crm.answer = () => delivered();
  crm.arrivals.length = 0;
});

const stateOf = async (connectionId: string, index = 0) => (await loadRows(connectionId))[index]?.state;
const rowOf = async (connectionId: string, index = 0) => {
  const row = (await loadRows(connectionId))[index];
  assert.ok(row);
  return row;
};
const becomes = (connectionId: string, state: string, index = 0) =>
  until(async () => (await stateOf(connectionId, index)) === state);

test("a told call is delivered once, and its record over there is remembered", async (t) => {
  const worker = await startDelivery("w-once");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = () => ({ kind: "delivered", remote: { id: "17x4" }, review: "two contacts" });
  await tell(toChange(tenantId, 1));
  await becomes(id, "delivered");
  const row = await rowOf(id);
  assert.deepEqual(
    [row.delivered_revision, row.remote?.id, row.review, row.tries, row.lease_owner],
    [1, "17x4", "two contacts", 1, null],
  );
  assert.equal(crm.arrivals.length, 1);
  assert.deepEqual(
    (await loadAttempts(row.id)).map(({ number, outcome }) => [number, outcome]),
    [[1, "delivered"]],
  );
});

test("a call told anew is delivered again into the same record", async (t) => {
  const worker = await startDelivery("w-again");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  await becomes(id, "delivered");
  await tell(toChange(tenantId, 1, { revision: 2 }));
  await until(async () => (await rowOf(id)).delivered_revision === 2);
  assert.deepEqual(
    crm.arrivals.map(({ subject }) => [subject.revision, subject.remote?.id]),
    [
      [1, undefined],
      [2, "r1"],
    ],
  );
});

test("a revision that comes while the older is on its way follows at once", async (t) => {
  const worker = await startDelivery("w-supersede");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  const gate = Promise.withResolvers<void>();
  crm.answer = async ({ subject }) => {
    if (subject.revision === 1) await gate.promise;
    return delivered();
  };
  await tell(toChange(tenantId, 1));
  await until(() => crm.arrivals.length === 1);
  await tell(toChange(tenantId, 1, { revision: 2 }), toChange(tenantId, 1, { revision: 3 }));
  assert.equal((await rowOf(id)).state, "leased");
  gate.resolve();
  await until(async () => (await rowOf(id)).delivered_revision === 3);
  assert.deepEqual(
    crm.arrivals.map(({ subject }) => subject.revision),
    [1, 3],
  );
});

test("a failing attempt is repeated later and later, then becomes a dead letter, and a newer revision revives it", async (t) => {
  const worker = await startDelivery("w-retry");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { attemptsMax: 3 });
  crm.answer = () => ({ kind: "retry", reason: "500 over there" });
  await tell(toChange(tenantId, 1));
  for (const [attempts, waitMs] of [
    [1, 5_000],
    [2, 10_000],
  ] as const) {
    const row = await until(async () => {
      const now = await rowOf(id);
      return now.state === "pending" && now.attempts === attempts && now;
    });
    assert.equal(row.due_at.getTime() - clock.now().getTime(), waitMs);
    await clock.advance(waitMs);
  }
  await becomes(id, "dead");
  assert.equal((await rowOf(id)).reason, "500 over there");
  assert.equal(crm.arrivals.length, 3);
  crm.answer = () => delivered();
  await tell(toChange(tenantId, 1, { revision: 2 }));
  await becomes(id, "delivered");
  const row = await rowOf(id);
  assert.deepEqual([row.attempts, row.tries, row.reason], [0, 4, null]);
  assert.deepEqual(
    (await loadAttempts(row.id)).map(({ outcome }) => outcome),
    ["retry", "retry", "retry", "delivered"],
  );
});

test("Retry-After is honoured", async (t) => {
  const worker = await startDelivery("w-after");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = () => ({ kind: "retry", reason: "429", afterMs: 90_000 });
  await tell(toChange(tenantId, 1));
  const row = await until(
    async () => (await stateOf(id)) === "pending" && (await rowOf(id)).attempts === 1 && rowOf(id),
  );
  assert.equal(row.due_at.getTime() - clock.now().getTime(), 90_000);
});

test("a rejection is a dead letter after one attempt, with the other side's words", async (t) => {
  const worker = await startDelivery("w-reject");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = () => ({ kind: "rejected", reason: "assigned_user_id\0 is mandatory" });
  await tell(toChange(tenantId, 1));
  await becomes(id, "dead");
  assert.equal((await rowOf(id)).reason, "assigned_user_id\u{FFFD} is mandatory");
  assert.equal(crm.arrivals.length, 1);
});

test("a connector's bug is retried and named as ours, and opens no breaker", async (t) => {
  const worker = await startDelivery("w-bug");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = () => {
    throw new TypeError("undefined is not a function");
  };
  await tell(toChange(tenantId, 1));
  await until(async () => (await rowOf(id)).attempts === 1);
  assert.equal((await rowOf(id)).reason, "Enlace failed: undefined is not a function");
  const { rows } = await sql<{ failures: number }>`select failures from lanes where connection_id = ${id}`.execute(
    house.database.sql,
  );
  assert.equal(rows[0]?.failures, 0);
});

test("wrong credentials hold the whole lane and burn no attempt; a better version of the settings resumes it", async (t) => {
  const worker = await startDelivery("w-hold");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const connection = await addConnection(tenantId, { concurrency: 1 });
  crm.answer = () => ({ kind: "hold", reason: "wrong access key" });
  await tell(toChange(tenantId, 1), toChange(tenantId, 2), toChange(tenantId, 3));
  await until(async () => (await rowOf(connection.id)).reason === "wrong access key");
  const status = await house.lanes.loadStatus(house.database.sql, tenantId, [connection.id]);
  assert.deepEqual(
    [status.get(connection.id)?.state, status.get(connection.id)?.reason, status.get(connection.id)?.queueDepth],
    ["held", "wrong access key", 3],
  );
  await tell(toChange(tenantId, 4));
  await clock.advance(30_000);
  assert.equal(crm.arrivals.length, 1);
  assert.deepEqual(
    (await loadRows(connection.id)).map(({ attempts }) => attempts),
    [0, 0, 0, 0],
  );
  crm.answer = () => delivered();
  connection.version = 2;
  await sql`update connections set version = 2 where id = ${connection.id}`.execute(house.database.sql);
  await house.lanes.release(house.database.sql, { tenantId, connectionId: connection.id });
  await until(async () => (await loadRows(connection.id)).every(({ state }) => state === "delivered"));
});

test("a hold by settings that were replaced meanwhile does not hold the lane", async (t) => {
  const worker = await startDelivery("w-late-hold");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const connection = await addConnection(tenantId);
  const gate = Promise.withResolvers<void>();
  crm.answer = async () => {
    await gate.promise;
    return crm.arrivals.length === 1 ? { kind: "hold", reason: "wrong access key" } : delivered();
  };
  await tell(toChange(tenantId, 1));
  await until(() => crm.arrivals.length === 1);
  connection.version = 2;
  await sql`update connections set version = 2 where id = ${connection.id}`.execute(house.database.sql);
  gate.resolve();
  await until(async () => (await rowOf(connection.id)).reason === "wrong access key");
  const status = await house.lanes.loadStatus(house.database.sql, tenantId, [connection.id]);
  assert.equal(status.get(connection.id)?.state, "active");
  await until(async () => {
    await clock.advance(1_000);
    return (await stateOf(connection.id)) === "delivered";
  });
});

test("a removed connection gets no more attempts, and what is in flight ends discarded", async (t) => {
  const worker = await startDelivery("w-removed");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { concurrency: 1 });
  const gate = Promise.withResolvers<void>();
  crm.answer = async () => {
    await gate.promise;
    return { kind: "retry", reason: "500" };
  };
  await tell(toChange(tenantId, 1), toChange(tenantId, 2));
  await until(() => crm.arrivals.length === 1);
  await house.lanes.remove(house.database.sql, { tenantId, connectionId: id });
  gate.resolve();
  await until(async () => {
    await clock.advance(1_000);
    return (await loadRows(id)).every(({ state }) => state === "discarded");
  });
  assert.equal(crm.arrivals.length, 1);
});

test("a held lane is looked at by itself and resumes when the check goes well", async (t) => {
  const worker = await startDelivery("w-recheck");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = () => ({ kind: "hold", reason: "locked account" });
  crm.report = { ok: false, findings: [] };
  await tell(toChange(tenantId, 1));
  await until(async () => (await rowOf(id)).reason === "locked account");
  const checks = crm.checks;
  await until(async () => {
    await clock.advance(5_000);
    return crm.checks > checks;
  });
  assert.equal(await stateOf(id), "pending");
  crm.report = { ok: true, findings: [] };
  crm.answer = () => delivered();
  await until(async () => {
    await clock.advance(5_000);
    return (await stateOf(id)) === "delivered";
  });
});

test("after five failures in a row nothing is tried until the breaker lets one look, and its success lets all pass", async (t) => {
  const worker = await startDelivery("w-breaker");
  t.after(() => house.stop(worker));
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { concurrency: 1 });
  crm.answer = () => ({ kind: "retry", reason: "connection refused" });
  await tell(...Array.from({ length: 12 }, (_, index) => toChange(tenantId, index + 1)));
  await until(async () => (await loadRows(id)).filter(({ attempts }) => attempts === 1).length === 5);
  const open = await until(async () => {
    const status = (await house.lanes.loadStatus(house.database.sql, tenantId, [id])).get(id);
    return status?.state === "breaker_open" && status;
  });
  assert.equal(open.reason, "connection refused");
  assert.equal((await loadRows(id)).filter(({ attempts }) => attempts === 0).length, 7);
  crm.answer = () => delivered();
  await clock.advance(5_000);
  await until(async () => (await loadRows(id)).every(({ state }) => state === "delivered"));
});
