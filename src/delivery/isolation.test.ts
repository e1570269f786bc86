// One sick connection never delays another tenant.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeConnector, delivered } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";

const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { addTenant, addConnection, tell, startDelivery, loadRows } = house;
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

test("a connection that hangs and one that fails do not keep a healthy one waiting for anything", async (t) => {
  const names = ["hangs", "fails", "healthy"] as const;
  const connections = await Promise.all(
    names.map(async (health) => ({ ...(await addConnection(await addTenant(), { concurrency: 8 })), health })),
  );
  const nameOf = new Map(connections.map(({ name, health }) => [name, health]));
  crm.answer = ({ connection }, { signal }) => {
    const name = nameOf.get(connection);
    if (name === "healthy") return delivered();
    if (name === "fails") return { kind: "retry", reason: "500" };
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve({ kind: "retry", reason: "aborted", uncertain: true }));
    });
  };
  // No more room in the process than the sick could fill by themselves.
  const delivery = await startDelivery("w", { inFlightMax: 16 });
  t.after(() => house.stop(delivery));
  for (const connection of connections.slice(0, 2)) {
    await tell(...numbers(200).map((call) => toChange(connection.tenantId, call)));
  }
  await until(() => crm.arrivals.some(({ connection }) => nameOf.get(connection) === "hangs"));
  const healthy = connections[2];
  assert.ok(healthy);
  await tell(...numbers(200).map((call) => toChange(healthy.tenantId, call)));
  // The clock stands still: whatever the healthy one had to wait for would keep it waiting for ever.
  await until(async () => (await loadRows(healthy.id)).every(({ state }) => state === "delivered"));
  const hanging = (await loadRows(connections[0]?.id)).filter(({ state }) => state === "leased");
  assert.equal(hanging.length, 4, "a quarter of the process, however many slots its lane has");
});

test("two workers share lanes without ever exceeding a lane's concurrency or overtaking within a call", async (t) => {
  await house.clear();
  const connections = await Promise.all(
    numbers(5).map(async () => addConnection(await addTenant(), { concurrency: 3, signals: true })),
  );
  crm.arrivals.length = 0;
  const inFlight = new Map<string, number>();
  const most = new Map<string, number>();
  const perCall = new Set<string>();
  const crossed: string[] = [];
  crm.answer = async ({ connection, subject }) => {
    const call = `${connection}/${subject.callId}`;
    if (perCall.has(call)) crossed.push(call);
    perCall.add(call);
    inFlight.set(connection, (inFlight.get(connection) ?? 0) + 1);
    most.set(connection, Math.max(most.get(connection) ?? 0, inFlight.get(connection) ?? 0));
    await new Promise((resolve) => setImmediate(resolve));
    inFlight.set(connection, (inFlight.get(connection) ?? 0) - 1);
    perCall.delete(call);
    return delivered();
  };
  const workers = [await startDelivery("one"), await startDelivery("two")];
  t.after(() => Promise.all(workers.map(house.stop)));
  for (const revision of [1, 2, 3]) {
    for (const { tenantId } of connections) {
      await tell(...numbers(10).map((call) => toChange(tenantId, call, { revision })));
    }
  }
  await until(async () => {
    await house.clock.advance(2); // who finds a lane in the other's hands looks again in a moment
    const rows = await Promise.all(connections.map(({ id }) => loadRows(id)));
    return rows
      .flat()
      .every(
        ({ state, kind, delivered_revision }) =>
          state === "delivered" && (kind === "signal" || delivered_revision === 3),
      );
  });
  assert.deepEqual(crossed, []);
  assert.ok(
    [...most.values()].every((count) => count <= 3),
    JSON.stringify([...most]),
  );
  const order = Map.groupBy(
    crm.arrivals.filter(({ kind }) => kind === "signal"),
    ({ connection, subject }) => `${connection}/${subject.callId}`,
  );
  assert.equal(order.size, 50);
  for (const arrivals of order.values()) assert.equal(arrivals.length, 3);
});
