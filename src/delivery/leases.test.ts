import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { sql } from "kysely";
import { silentLog } from "../../test/database.ts";
import { claimDeliveries } from "./claim.ts";
import { createFakeConnector, delivered } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";
import { createHeartbeat } from "./leases.ts";

const LEASES = { leaseMs: 30_000, heartbeatMs: 5_000, sweepMs: 2_000 };
const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { database, clock, addTenant, addConnection, tell, startDelivery, loadRows, loadAttempts } = house;

beforeEach(async () => {
  await house.clear();
  crm.answer = () => delivered();
  crm.arrivals.length = 0;
});

/** Moves time on in small steps, so that what is due between gets to the database and back. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await clock.advance(500);
    for (let round = 0; round < 3; round++) await sql`select 1`.execute(database.sql);
  }
}

const passUntil = (isSo: () => Promise<boolean> | boolean): Promise<true> =>
  until(async () => {
    await pass(500);
    return isSo();
  });

async function claimAs(workerId: string, connectionId: string, heartbeatAt = clock.now()) {
  await sql`insert into workers (id, roles, host, pid, started_at, heartbeat_at)
            values (${workerId}, '{worker}', 'test', 1, ${heartbeatAt}, ${heartbeatAt})`.execute(database.sql);
  const { deliveries } = await claimDeliveries(database, {
    mostByLane: new Map([[connectionId, 100]]),
    workerId,
    now: clock.now(),
  });
  return deliveries;
}

test("what a killed process held is taken over, once its lease is over and a late success would be visible", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  const killedAtMs = clock.monotonicMs();
  assert.equal((await claimAs("killed", id)).length, 1);
  const survivor = await startDelivery("survivor", LEASES);
  t.after(() => house.stop(survivor));
  await pass(29_500);
  assert.equal((await loadRows(id))[0]?.state, "leased");
  await passUntil(async () => (await loadRows(id))[0]?.state === "pending");
  assert.equal((await loadRows(id))[0]?.attempts, 0);
  await passUntil(() => crm.arrivals.length === 1);
  assert.ok(clock.monotonicMs() - killedAtMs >= 60_000, "not before the grace after the last sign of life");
  await until(async () => (await loadRows(id))[0]?.state === "delivered");
  const [row] = await loadRows(id);
  assert.deepEqual(
    (await loadAttempts(row?.id ?? "")).map(({ outcome }) => outcome),
    ["lost", "delivered"],
  );
  const { rows } = await sql`select from workers where id = 'killed'`.execute(database.sql);
  assert.equal(rows.length, 0);
});

test("an attempt that settles after its lease was lost changes nothing but the log of attempts", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  const gate = Promise.withResolvers<void>();
  crm.answer = async () => {
    await gate.promise;
    return delivered("late");
  };
  const slow = await startDelivery("slow");
  t.after(() => house.stop(slow));
  await tell(toChange(tenantId, 1));
  await until(() => crm.arrivals.length === 1);
  await sql`update deliveries set state = 'pending', lease_owner = null, due_at = ${new Date(clock.now().getTime() + 60_000)}
             where connection_id = ${id}`.execute(database.sql);
  gate.resolve();
  const [row] = await loadRows(id);
  await until(async () => (await loadAttempts(row?.id ?? "")).length === 1);
  const [after] = await loadRows(id);
  assert.deepEqual([after?.state, after?.delivered_revision, after?.remote], ["pending", 0, null]);
});

test("a process that cannot renew its leases ends its attempts before others may take them", async () => {
  let isAway = false;
  const heartbeat = createHeartbeat({
    database: {
      ...database,
      get sql() {
        if (isAway) throw new Error("the database is away");
        return database.sql;
      },
    },
    clock,
    log: silentLog,
    worker: { id: "cut-off", host: "test", pid: 1, roles: ["worker"] },
    ...LEASES,
  });
  await heartbeat.start();
  await pass(20_000);
  const era = heartbeat.signal();
  assert.equal(era.aborted, false);
  isAway = true;
  await pass(10_000); // and up to two heartbeats since the last good one
  assert.equal(era.aborted, false);
  await passUntil(() => era.aborted);
  isAway = false;
  await passUntil(() => !heartbeat.signal().aborted);
  await heartbeat.stop();
  const { rows } = await sql`select from workers where id = 'cut-off'`.execute(database.sql);
  assert.equal(rows.length, 0);
});

test("a clean stop ends what does not end by itself, counts no attempt and gives the lease back", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = (_, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "retry", reason: "aborted", uncertain: true }));
    });
  const delivery = await startDelivery("stopping", { stopMs: 3_000 });
  await tell(toChange(tenantId, 1));
  await until(() => crm.arrivals.length === 1);
  let isStopped = false;
  const stopBeganAt = clock.now().getTime();
  const stopped = delivery.stop().then(() => {
    isStopped = true;
  });
  await pass(2_500);
  assert.equal(isStopped, false);
  await passUntil(() => isStopped);
  await stopped;
  const [row] = await loadRows(id);
  assert.deepEqual([row?.state, row?.attempts, row?.tries, row?.lease_owner], ["pending", 0, 1, null]);
  assert.ok((row?.due_at.getTime() ?? 0) >= stopBeganAt + 55_000);
  const { rows } = await sql`select from workers where id = 'stopping'`.execute(database.sql);
  assert.equal(rows.length, 0);
});

test("a session that ignores its end is left alone, and its delivery tried again when that is safe", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  crm.answer = () => new Promise(() => undefined);
  const delivery = await startDelivery("stuck", { attemptTimeoutMs: 10_000 });
  t.after(() => house.stop(delivery));
  await tell(toChange(tenantId, 1));
  await until(() => crm.arrivals.length === 1);
  await pass(12_500);
  const row = await until(async () => {
    const [now] = await loadRows(id);
    return now?.state === "pending" && now;
  });
  assert.deepEqual([row.attempts, row.reason], [1, "no answer within 10000 ms"]);
  assert.ok(row.due_at.getTime() >= clock.now().getTime() + 55_000);
});

test("leases whose claim was never heard of are found and due at once", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  await claimAs("forgetful", id);
  const delivery = await startDelivery("forgetful", LEASES);
  t.after(() => house.stop(delivery));
  await passUntil(() => crm.arrivals.length === 1);
  await until(async () => (await loadRows(id))[0]?.state === "delivered");
});

test("a delivery whose attempts end the process again and again becomes a dead letter", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  const [row] = await loadRows(id);
  await sql`insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, revision, outcome, exchanges)
            select ${tenantId}, ${row?.id}, 100 + n, ${clock.now()}, 0, 1, 'lost', '[]' from generate_series(1, 9) n`.execute(
    database.sql,
  );
  await claimAs("crashing", id, new Date(clock.now().getTime() - 3_600_000));
  const delivery = await startDelivery("mourner", LEASES);
  t.after(() => house.stop(delivery));
  await passUntil(async () => (await loadRows(id))[0]?.state === "dead");
  assert.match((await loadRows(id))[0]?.reason ?? "", /ended the process/);
});

test("signals that wait past their deadline expire without an attempt", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  await sql`update lanes set paused_at = ${clock.now()} where connection_id = ${id}`.execute(database.sql);
  await tell(toChange(tenantId, 1));
  const delivery = await startDelivery("expirer", LEASES);
  t.after(() => house.stop(delivery));
  const loadSignal = async () => (await loadRows(id)).find(({ kind }) => kind === "signal");
  await pass(35_000);
  await passUntil(async () => (await loadSignal())?.state !== "pending");
  const signal = await loadSignal();
  assert.deepEqual([signal?.state, signal?.tries], ["expired", 0]);
});

test("work that no notification told of is found by the look-around, and that of removed connections discarded", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  const gone = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  await house.lanes.remove(database.sql, { tenantId, connectionId: gone.id });
  const delivery = await startDelivery("looker", LEASES);
  t.after(() => house.stop(delivery));
  await passUntil(() => crm.arrivals.length === 1);
  await until(async () => (await loadRows(id))[0]?.state === "delivered");
  await until(async () => (await loadRows(gone.id))[0]?.state === "discarded");
});
