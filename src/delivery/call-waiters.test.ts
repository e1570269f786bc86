import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { sql } from "kysely";
import type { RowId, TenantId } from "../core/ids.ts";
import type { Delivery } from "./delivery.ts";
import { createFakeConnector, delivered } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";

const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { database, clock, addTenant, addConnection, tell, startDelivery } = house;
const never = new AbortController().signal;
const wait = (delivery: Delivery, tenantId: TenantId, revision = 1, signal = never) =>
  delivery.waitForCall({ tenantId, callId: "1" as RowId, revision }, signal);

beforeEach(async () => {
  await house.clear();
  crm.answer = () => delivered();
});

test("whoever waits for a call learns its records over there as soon as all connections have it", async (t) => {
  const tenantId = await addTenant();
  const [a, b] = [await addConnection(tenantId), await addConnection(tenantId)];
  const gate = Promise.withResolvers<void>();
  crm.answer = async ({ connection }) => {
    if (connection === b.name) await gate.promise;
    return delivered(`in ${connection}`);
  };
  const delivery = await startDelivery("waited");
  t.after(() => house.stop(delivery));
  await tell(toChange(tenantId, 1));
  let isOver = false;
  const waiting = wait(delivery, tenantId).finally(() => {
    isOver = true;
  });
  await until(async () => (await house.loadRows(a.id))[0]?.state === "delivered");
  await clock.advance(500);
  assert.equal(isOver, false);
  gate.resolve();
  assert.deepEqual(
    (await waiting).map(({ connection, state, remote }) => [connection, state, remote?.id]),
    [
      [a.name, "delivered", `in ${a.name}`],
      [b.name, "delivered", `in ${b.name}`],
    ],
  );
});

test("a call without a connection is nobody's to wait for", async (t) => {
  const delivery = await startDelivery("nobody");
  t.after(() => house.stop(delivery));
  assert.deepEqual(await wait(delivery, await addTenant()), []);
});

test("dead letters and held or paused lanes end the wait and say why", async (t) => {
  const tenantId = await addTenant();
  const [dead, held, paused] = [
    await addConnection(tenantId),
    await addConnection(tenantId),
    await addConnection(tenantId),
  ];
  await sql`update lanes set paused_at = ${clock.now()} where connection_id = ${paused.id}`.execute(database.sql);
  crm.answer = ({ connection }) =>
    connection === dead.name ? { kind: "rejected", reason: "bad data" } : { kind: "hold", reason: "bad key" };
  const delivery = await startDelivery("unlucky");
  t.after(() => house.stop(delivery));
  await tell(toChange(tenantId, 1));
  assert.deepEqual(
    (await wait(delivery, tenantId)).map(({ connectionId, state, reason }) => [connectionId, state, reason]),
    [
      [dead.id, "dead", "bad data"],
      [held.id, "held", "bad key"],
      [paused.id, "paused", null],
    ],
  );
});

test("a later revision is waited for even though an earlier one was delivered", async (t) => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  const delivery = await startDelivery("later");
  t.after(() => house.stop(delivery));
  await tell(toChange(tenantId, 1));
  await wait(delivery, tenantId);
  const gate = Promise.withResolvers<void>();
  crm.answer = async () => {
    await gate.promise;
    return delivered();
  };
  await tell(toChange(tenantId, 1, { revision: 2 }));
  const waiting = wait(delivery, tenantId, 2);
  gate.resolve();
  await waiting;
  assert.equal((await house.loadRows(id))[0]?.delivered_revision, 2);
});

test("whoever gives up rejects with the reason, and the clock keeps no timer for nobody", async (t) => {
  const tenantId = await addTenant();
  await addConnection(tenantId);
  const delivery = await startDelivery("given-up");
  t.after(() => house.stop(delivery));
  crm.answer = () => new Promise(() => undefined);
  await tell(toChange(tenantId, 1));
  const patience = new AbortController();
  const waiting = wait(delivery, tenantId, 1, patience.signal);
  patience.abort(new Error("ten seconds are over"));
  await assert.rejects(waiting, /ten seconds are over/);
});
