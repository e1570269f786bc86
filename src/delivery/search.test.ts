// Finding deliveries by a word, and what a bulk deed would do before it is done.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestServer, toPerson } from "../../test/http-fixture.ts";
import type { RowId } from "../core/ids.ts";
import { createFakeConnector } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";
import { registerDeliverySearchRoutes } from "./search-routes.ts";

const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { database, clock, addTenant, addConnection, tell, startDelivery, loadRows } = house;
const [mine, theirs] = [await addTenant(), await addTenant()];
const app = await createTestServer({
  viewer: toPerson({ tenantId: mine, role: "viewer" }),
  agent: toPerson({ tenantId: mine, role: "agent" }),
  partial: toPerson({ tenantId: mine, name: "partial" }),
  stranger: toPerson({ tenantId: theirs }),
});
registerDeliverySearchRoutes(app, {
  ...{ database, clock },
  findCallIds: async (_caller, word) => (word === "+34600000003" ? ["3" as RowId] : []),
  toOwn: async ({ name }) => (name === "partial" ? sql`d.subject_id = 2` : null),
});

const connection = await addConnection(mine);
const worker = await startDelivery("w");
crm.answer = ({ subject }) =>
  subject.callId === "3"
    ? { kind: "delivered", remote: { id: "12x4" } }
    : { kind: "rejected", reason: `100% wrong owner_${subject.callId}` };
for (const call of [1, 2, 3]) await tell(toChange(mine, call));
await until(
  async () => (await loadRows()).filter(({ state }) => state !== "pending" && state !== "leased").length === 3,
);
await house.stop(worker);

async function search(query: string, who = "viewer") {
  const answer = await app.inject({
    url: `/api/v1/deliveries/search?${query}`,
    headers: { authorization: `Bearer ${who}` },
  });
  return { status: answer.statusCode, calls: answer.json().items?.map((item: { call_id: string }) => item.call_id) };
}
async function preview(query: Record<string, string>, who = "viewer") {
  const answer = await app.inject({
    url: `/api/v1/deliveries/preview?${new URLSearchParams(query)}`,
    headers: { authorization: `Bearer ${who}` },
  });
  return { status: answer.statusCode, body: answer.json() };
}

test("a word is looked for in numbers, records over there and reasons, letter by letter, newest first", async () => {
  assert.deepEqual((await search("q=%2B34600000003")).calls, ["3"]);
  assert.deepEqual((await search("q=12x4")).calls, ["3"]);
  assert.deepEqual((await search("q=WRONG")).calls, ["2", "1"]);
  assert.deepEqual((await search("q=owner_2")).calls, ["2"]);
  assert.deepEqual((await search("q=ownerX2")).calls, []);
  assert.deepEqual((await search(`q=${encodeURIComponent("0% w")}`)).calls, ["2", "1"]);
  assert.deepEqual((await search("q=wrong&state=delivered")).calls, []);
  assert.deepEqual((await search("q=wrong", "stranger")).calls, []);
  assert.equal((await search("q=wrong", "agent")).status, 403);
  assert.equal((await search("q=w")).status, 422);
});

test("a preview says how many go where, what is there already and what stands in the way, and changes nothing", async () => {
  await database.pool.query(
    "update lanes set held_at = $1, hold_reason = $3, hold_words = $4 where connection_id = $2",
    [
      ...[clock.now(), connection.id, "wrong key"],
      ...[{ text: "wrong key", code: "crm.wrongKey", values: { user: "api" } }],
    ],
  );
  await database.pool.query(`update deliveries set remote = '{"id":"1"}' where subject_id = 1`);
  const before = await loadRows();
  const { status, body } = await preview({ deed: "replay" });
  assert.equal(status, 200);
  assert.deepEqual([body.matched, body.at_once, body.too_late], [2, 2, 0]);
  assert.deepEqual(body.connections, [
    {
      ...{ connection_id: String(connection.id), connection: connection.name, matched: 2 },
      ...{ updates: 1, creates: 1, signals: 0, lane: "held", lane_reason: "wrong key" },
      ...{ lane_reason_code: "crm.wrongKey", lane_reason_values: { user: "api" } },
    },
  ]);
  assert.deepEqual(
    body.sample.map((item: { call_id: string }) => item.call_id),
    ["2", "1"],
  );
  assert.ok(body.oldest_at <= body.newest_at);
  assert.deepEqual(await loadRows(), before);
});

test("who sees a part finds and is told of nothing else", async () => {
  assert.deepEqual((await search("q=wrong", "partial")).calls, ["2"]);
  assert.deepEqual((await search("q=12x4", "partial")).calls, []);
  assert.deepEqual((await search("q=%2B34600000003", "partial")).calls, []);
  const { body } = await preview({ deed: "replay" }, "partial");
  assert.deepEqual([body.matched, body.sample.map((item: { call_id: string }) => item.call_id)], [1, ["2"]]);
});

test("of what a search found, only these are told of", async () => {
  const rows = await loadRows();
  const [dead] = rows.filter(({ state }) => state === "dead");
  const others = rows.filter(({ state }) => state === "delivered").map(({ id }) => id);
  const { body } = await preview({ deed: "replay", ids: [dead?.id, ...others].join(",") });
  assert.deepEqual([body.matched, body.sample.map(({ id }: { id: string }) => id)], [1, [dead?.id]]);
  assert.equal((await preview({ deed: "replay", ids: "1;2" })).status, 422);
  assert.equal((await preview({ deed: "replay", ids: String(dead?.id) }, "stranger")).body.matched, 0);
});

test("a signal whose deadline has passed is too late, and a state that the deed is not for has nothing", async () => {
  await database.pool.query("update deliveries set kind = 'signal', expires_at = $1 where subject_id = 2", [
    clock.now(),
  ]);
  const { body } = await preview({ deed: "replay" });
  assert.deepEqual([body.matched, body.too_late, body.connections[0].signals], [1, 1, 0]);
  assert.equal((await preview({ deed: "discard", state: "discarded" })).body.matched, 0);
  assert.equal((await preview({ deed: "replay", state: "pending" })).body.matched, 0);
  assert.equal((await preview({ deed: "replay" }, "stranger")).body.matched, 0);
  assert.equal((await preview({ deed: "replay" }, "agent")).status, 403);
});
