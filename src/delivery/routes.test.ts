import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestServer, toKey, toPerson } from "../../test/http-fixture.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import { createDeadLetters } from "./dead-letters.ts";
import { createFakeConnector } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";
import { registerDeliveryRoutes } from "./routes.ts";

const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { database, clock, addTenant, addConnection, tell, startDelivery, loadRows } = house;
const [mine, theirs] = [await addTenant(), await addTenant()];
const app = await createTestServer({
  admin: toPerson({ tenantId: mine }),
  supervisor: toPerson({ tenantId: mine, role: "supervisor" }),
  partial: toPerson({ tenantId: mine, name: "partial" }),
  viewer: toPerson({ tenantId: mine, role: "viewer" }),
  agent: toPerson({ tenantId: mine, role: "agent" }),
  stranger: toPerson({ tenantId: theirs }),
  reader: toKey(["deliveries:read"], { tenantId: mine }),
});
registerDeliveryRoutes(app, {
  ...{ database, deadLetters: createDeadLetters({ database, clock, writeAudit }) },
  toOwn: async ({ name }) => (name === "partial" ? sql`d.subject_id in (2, 3)` : null),
});

async function ask(who: string, method: "GET" | "POST", path: string, body?: object) {
  const answer = await app.inject({
    ...{ method, url: `/api/v1/deliveries${path}`, headers: { authorization: `Bearer ${who}` } },
    ...(body && { body }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

const connection = await addConnection(mine);
const worker = await startDelivery("w");
crm.answer = ({ subject }) =>
  subject.callId === "1"
    ? { kind: "rejected", reason: "no such owner" }
    : { kind: "delivered", remote: { id: "12x4", url: "https://crm.example.test/12x4" } };
for (const call of [1, 2, 3]) await tell(toChange(mine, call));
await until(
  async () => (await loadRows()).filter(({ state }) => state === "delivered" || state === "dead").length === 3,
);
await house.stop(worker);
const idOf = async (call: number): Promise<string> =>
  (await loadRows()).find((row) => row.subject_id === String(call))?.id ?? "";

test("the list shows the newest first, page by page", async () => {
  const first = await ask("viewer", "GET", "?limit=2");
  assert.equal(first.status, 200);
  const second = await ask("reader", "GET", `?limit=2&cursor=${first.body.next_cursor}`);
  const calls = [...first.body.items, ...second.body.items].map((item: { call_id: string }) => item.call_id);
  assert.equal(new Set(calls).size, 3);
  assert.equal(second.body.next_cursor, null);
});

test("filters name dead letters, a connection, a call and a time", async () => {
  const count = async (query: string) => (await ask("viewer", "GET", query)).body.items.length;
  assert.equal(await count("?state=dead"), 1);
  assert.equal(await count("?state=dead&call_id=2"), 0);
  assert.equal(await count(`?connection_id=${connection.id}&kind=record`), 3);
  assert.equal(await count("?connection_id=999999"), 0);
  assert.equal(await count("?since=2026-03-10T10:00:00Z"), 3);
  assert.equal(await count("?until=2026-03-10T10:00:00Z"), 0);
  assert.equal((await ask("viewer", "GET", "?state=nonsense")).status, 422);
});

test("one delivery tells its record over there, and its attempts what was said", async () => {
  const { body } = await ask("viewer", "GET", `/${await idOf(2)}`);
  assert.deepEqual(
    [body.state, body.remote, body.connection, body.connector, body.delivered_revision],
    ["delivered", { id: "12x4", url: "https://crm.example.test/12x4" }, connection.name, "fake", 1],
  );
  const attempts = await ask("viewer", "GET", `/${await idOf(1)}/attempts`);
  assert.deepEqual(
    attempts.body.items.map(({ number, outcome, reason }: Record<string, unknown>) => [number, outcome, reason]),
    [[1, "rejected", "no such owner"]],
  );
});

test("nobody sees or changes another tenant's deliveries", async () => {
  const id = await idOf(1);
  assert.deepEqual((await ask("stranger", "GET", "")).body.items, []);
  for (const [method, path] of [
    ["GET", `/${id}`],
    ["GET", `/${id}/attempts`],
    ["POST", `/${id}/replay`],
    ["POST", `/${id}/discard`],
  ] as const) {
    assert.equal((await ask("stranger", method, path)).status, 404, `${method} ${path}`);
  }
  assert.equal((await ask("stranger", "POST", "/replay", {})).body.matched, 0);
});

test("who sees a part sees and changes nothing of the rest, one by one or many at once", async () => {
  const id = await idOf(1);
  const { items } = (await ask("partial", "GET", "")).body;
  assert.deepEqual(items.map((item: { call_id: string }) => item.call_id).sort(), ["2", "3"]);
  assert.equal((await ask("partial", "GET", `/${await idOf(2)}/attempts`)).status, 200);
  const asked = [
    ["GET", ""],
    ["GET", "/attempts"],
    ["POST", "/replay"],
    ["POST", "/discard"],
  ] as const;
  for (const [method, path] of asked)
    assert.equal((await ask("partial", method, `/${id}${path}`)).status, 404, `${method} ${path}`);
  for (const deed of ["replay", "discard"])
    assert.deepEqual((await ask("partial", "POST", `/${deed}`, {})).body, { matched: 0, changed: 0 }, deed);
  assert.equal((await ask("admin", "GET", `/${id}`)).body.state, "dead");
});

test("agents see nothing, viewers change nothing, supervisors replay and do not discard", async () => {
  const id = await idOf(1);
  assert.equal((await ask("agent", "GET", "")).status, 403);
  assert.equal((await ask("viewer", "POST", `/${id}/replay`)).status, 403);
  assert.equal((await ask("reader", "POST", `/${id}/replay`)).status, 403);
  assert.equal((await ask("supervisor", "POST", `/${id}/discard`)).status, 403);
  assert.equal((await ask("supervisor", "POST", "/discard", {})).status, 403);
  assert.deepEqual((await ask("supervisor", "POST", "/replay", { dry_run: true })).body, { matched: 1, changed: 0 });
});

test("a replay is answered with the delivery as it is now, a second one is a conflict, and an admin may discard", async () => {
  const id = await idOf(1);
  const replayed = await ask("supervisor", "POST", `/${id}/replay`);
  assert.deepEqual([replayed.status, replayed.body.state], [200, "pending"]);
  assert.equal((await ask("supervisor", "POST", `/${id}/replay`)).status, 409);
  assert.equal((await ask("admin", "POST", `/${id}/discard`)).body.state, "discarded");
  assert.deepEqual((await ask("admin", "POST", "/replay", { state: "discarded" })).body, { matched: 1, changed: 1 });
  assert.deepEqual((await ask("admin", "POST", "/discard", { state: "pending" })).body, { matched: 1, changed: 1 });
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from audit_log`.execute(database.sql);
  assert.equal(rows[0]?.count, 4);
});

test("an exchange is shown as it was kept", async () => {
  const id = await idOf(2);
  const exchange = {
    ...{ method: "POST", url: "https://crm.example.test/ws", requestHeaders: { a: "b" }, requestBody: "x=1" },
    ...{ status: 200, answerHeaders: {}, answerBody: "{}", failure: null, durationMs: 12, at: clock.now() },
  };
  await sql`update attempts set exchanges = ${JSON.stringify([exchange])}::jsonb where delivery_id = ${id}`.execute(
    database.sql,
  );
  const { body } = await ask("viewer", "GET", `/${id}/attempts`);
  assert.deepEqual(body.items[0].exchanges, [
    {
      ...{ method: "POST", url: "https://crm.example.test/ws", request_headers: { a: "b" }, request_body: "x=1" },
      ...{ status: 200, answer_headers: {}, answer_body: "{}", failure: null, duration_ms: 12 },
      at: clock.now().toISOString(),
    },
  ]);
});

test("behind twenty thousand of others', what somebody sees comes by the second page; no page looks at more", async () => {
  await sql`
    insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision,
      due_at, created_at, updated_at)
    select ${mine}, ${connection.id}, 'call', 100 + n, ${clock.now()}, 'record', 'delivered', 1,
           ${clock.now()}, ${clock.now()}, ${clock.now()} from generate_series(1, 20001) n`.execute(database.sql);
  const first = await ask("partial", "GET", "?limit=2");
  assert.deepEqual([first.body.items, typeof first.body.next_cursor], [[], "string"]);
  const second = await ask("partial", "GET", `?limit=2&cursor=${first.body.next_cursor}`);
  assert.deepEqual([second.body.items.length, second.body.next_cursor], [2, null]);
});
