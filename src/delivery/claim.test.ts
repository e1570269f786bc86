import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { type Claim, claimDeliveries } from "./claim.ts";
import { createFakeConnector } from "./fake-connector.ts";
import { createSurroundings, ringing, toChange } from "./fake-surroundings.ts";

const house = await createSurroundings(createFakeConnector());
const { database, clock, addTenant, addConnection, tell, loadRows } = house;

const claim = (workerId: string, connectionIds: readonly string[], most = 100): Promise<Claim> =>
  claimDeliveries(database, {
    mostByLane: new Map(connectionIds.map((id) => [id, most])),
    workerId,
    now: clock.now(),
  });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const free = (id: string) =>
  sql`update deliveries set state = 'delivered', lease_owner = null where connection_id = ${id} and state = 'leased'`.execute(
    database.sql,
  );

test("two workers that claim at once never take more than the lane's concurrency", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { concurrency: 3 });
  await tell(...numbers(40).map((call) => toChange(tenantId, call)));
  for (let round = 0; round < 6; round++) {
    const claims = await Promise.all(numbers(8).map((worker) => claim(`w${worker % 2}`, [id])));
    const taken = claims.flatMap(({ deliveries }) => deliveries.map((delivery) => delivery.id));
    assert.equal(new Set(taken).size, taken.length);
    const leased = (await loadRows(id)).filter(({ state }) => state === "leased");
    assert.equal(leased.length, 3, `round ${round}`);
    await free(id);
  }
});

test("a claim takes what is due, oldest first, and says when the next is", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1), toChange(tenantId, 2), toChange(tenantId, 3));
  const due = (call: number, ms: number) =>
    sql`update deliveries set due_at = ${new Date(clock.now().getTime() + ms)}
         where connection_id = ${id} and subject_id = ${call}`.execute(database.sql);
  await due(1, -1_000);
  await due(2, -2_000);
  await due(3, 30_000);
  const { deliveries, looks } = await claim("w", [id]);
  assert.deepEqual(deliveries.map(({ subjectId }) => subjectId).sort(), ["1", "2"]);
  assert.deepEqual(looks, [
    {
      connectionId: id,
      taken: 2,
      left: false,
      more: false,
      nextDueAt: new Date(clock.now().getTime() + 30_000),
      waitMs: null,
    },
  ]);
});

test("a claim that ends at its own bound says that there is more", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { concurrency: 10 });
  await tell(...numbers(5).map((call) => toChange(tenantId, call)));
  const first = (await claim("w", [id], 2)).looks[0];
  assert.deepEqual([first?.taken, first?.left, first?.more], [2, true, true]);
  const second = (await claim("w", [id], 10)).looks[0];
  assert.deepEqual([second?.taken, second?.left, second?.more], [3, false, false]);
});

test("of one call's deliveries only one is on its way: signals in their order, then the record", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true, concurrency: 10 });
  await tell(toChange(tenantId, 1, { call: ringing }));
  await tell(toChange(tenantId, 1, { revision: 2 }));
  const order: string[] = [];
  for (let round = 0; round < 3; round++) {
    const { deliveries } = await claim("w", [id]);
    assert.equal(deliveries.length, 1);
    order.push(`${deliveries[0]?.kind} ${deliveries[0]?.name}`);
    const other = await claim("other", [id]);
    assert.deepEqual([other.deliveries.length, other.looks[0]?.left, other.looks[0]?.more], [0, round < 2, false]);
    await free(id);
  }
  assert.deepEqual(order, ["signal ringing", "signal ended", "record "]);
});

test("a signal that waits for its second attempt keeps the later ones waiting, but not the record", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  await tell(toChange(tenantId, 1, { call: ringing }));
  await tell(toChange(tenantId, 1, { revision: 2 }));
  await sql`update deliveries set due_at = ${new Date(clock.now().getTime() + 5_000)}
             where connection_id = ${id} and name = 'ringing'`.execute(database.sql);
  assert.deepEqual((await claim("w", [id])).deliveries, []);
  await sql`update deliveries set state = 'expired' where connection_id = ${id} and name = 'ended'`.execute(
    database.sql,
  );
  assert.equal((await claim("w", [id])).deliveries[0]?.kind, "record");
});

test("a signal whose deadline passed is never claimed", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  await tell(toChange(tenantId, 1, { call: ringing }));
  await clock.advance(30_000);
  assert.deepEqual(
    (await claim("w", [id])).deliveries.map(({ kind }) => kind),
    ["record"],
  );
});

test("the rate holds across workers, and the claim says when the next token is there", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { concurrency: 100, perSecond: 5 });
  await tell(...numbers(30).map((call) => toChange(tenantId, call)));
  await clock.advance(10_000);
  let taken = 0;
  for (let tenth = 0; tenth <= 10; tenth++) {
    const claims = await Promise.all([claim("a", [id]), claim("b", [id])]);
    taken += claims.reduce((sum, { deliveries }) => sum + deliveries.length, 0);
    await clock.advance(100);
  }
  assert.equal(taken, 10); // a full bucket of 5, and 5 in the second that passed
  const { looks } = await claim("a", [id]);
  assert.ok((looks[0]?.waitMs ?? 0) > 0);
});

test("lanes that are paused, held or disabled give nothing, and an open breaker gives one when it ends", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(...numbers(4).map((call) => toChange(tenantId, call)));
  const now = clock.now();
  for (const [stop, go] of [
    [sql`update lanes set paused_at = ${now}`, sql`update lanes set paused_at = null`],
    [sql`update lanes set held_at = ${now}`, sql`update lanes set held_at = null`],
    [sql`update connections set enabled = false`, sql`update connections set enabled = true`],
  ] as const) {
    await stop.execute(database.sql);
    const { deliveries, looks, missed } = await claim("w", [id]);
    assert.deepEqual([deliveries, looks, missed], [[], [], []]);
    await go.execute(database.sql);
  }
  await sql`update lanes set failures = 5, open_until = ${new Date(now.getTime() + 5_000)}
             where connection_id = ${id}`.execute(database.sql);
  const open = await claim("w", [id]);
  assert.deepEqual([open.deliveries.length, open.looks[0]?.waitMs], [0, 5_000]);
  await clock.advance(5_000);
  const halfOpen = await Promise.all([claim("a", [id]), claim("b", [id])]);
  assert.equal(halfOpen.flatMap(({ deliveries }) => deliveries).length, 1);
});

test("a lane that another worker is claiming from is named as missed", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId);
  await tell(toChange(tenantId, 1));
  await database.sql.transaction().execute(async (transaction) => {
    await sql`select from lanes where connection_id = ${id} for update`.execute(transaction);
    assert.deepEqual((await claim("w", [id])).missed, [id]);
  });
  assert.equal((await claim("w", [id])).deliveries.length, 1);
});

test("what an earlier delivery of the call left over there comes along", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  await tell(toChange(tenantId, 1, { call: ringing }));
  await sql`update deliveries set state = 'delivered', remote = '{"id": "popup-7"}'
             where connection_id = ${id} and kind = 'signal'`.execute(database.sql);
  const { deliveries } = await claim("w", [id]);
  assert.deepEqual([deliveries[0]?.kind, deliveries[0]?.remote], ["record", { id: "popup-7" }]);
});
