import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { createTestServer, toKey, toPerson } from "../../../test/http-fixture.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { CheckReport } from "../../connectors/connector.ts";
import { toTenantId } from "../../core/ids.ts";
import { createFakeConnector } from "../../delivery/fake-connector.ts";
import { createLanes } from "../../delivery/lanes.ts";
import { systemRandom } from "../../kit/random.ts";
import { createSecretBox } from "../../kit/secret-box.ts";
import { createConnections } from "./connections.ts";
import { registerConnectionRoutes } from "./routes.ts";

const clock = createManualClock();
const database = await createTestDatabase(clock.now());
const [mine, theirs] = [await addTenant("1"), await addTenant("2")];
const connectors = [createFakeConnector()];
let report: CheckReport = { ok: true, findings: [] };
const app = await createTestServer({
  admin: toPerson({ tenantId: mine }),
  supervisor: toPerson({ tenantId: mine, role: "supervisor" }),
  agent: toPerson({ tenantId: mine, role: "agent" }),
  stranger: toPerson({ tenantId: theirs }),
  writer: toKey(["connections:write"], { tenantId: mine }),
});
registerConnectionRoutes(app, {
  connectors,
  connections: createConnections({
    ...{ database, clock, connectors, log: silentLog, lanes: createLanes({ clock }) },
    box: createSecretBox({ secret: "a secret of at least 32 characters", random: systemRandom }),
    listener: { on: () => () => undefined },
  }),
  check: async () => report,
});

async function addTenant(number: string) {
  const { rows } = await sql<{ id: number }>`
    insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
    values (${number}, 'T', 'Europe/Madrid', 'ES', 'es', ${clock.now()}, ${clock.now()}) returning id`.execute(
    database.sql,
  );
  return toTenantId(rows[0]?.id ?? 0);
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";
async function ask(who: string, method: Method, path: string, body?: object) {
  const answer = await app.inject({
    ...{ method, url: `/api/v1${path}`, headers: { authorization: `Bearer ${who}` } },
    ...(body && { body }),
  });
  return { status: answer.statusCode, body: answer.body === "" ? null : answer.json() };
}
const add = async (name: string) =>
  (await ask("admin", "POST", "/connections", { connector: "fake", name, settings: { name: "crm", key: "hush" } }))
    .body;

test("the systems are listed with a form that marks its secrets", async () => {
  const { body } = await ask("supervisor", "GET", "/connectors");
  assert.equal(body.items[0].id, "fake");
  assert.equal(body.items[0].settings_schema.properties.key.secret, true);
});

test("a connection is made, read, changed and removed, and its secret never comes back", async () => {
  const made = await add("first");
  assert.deepEqual([made.lane.state, made.per_second, made.settings.key], ["active", null, "••••"]);
  const listed = await ask("supervisor", "GET", "/connections");
  assert.ok(!JSON.stringify(listed.body).includes("hush"));
  const changed = await ask("writer", "PATCH", `/connections/${made.id}`, { per_second: 2.5, attempts_max: 7 });
  assert.deepEqual([changed.body.per_second, changed.body.attempts_max, changed.body.version], [2.5, 7, 1]);
  assert.equal((await ask("admin", "PATCH", `/connections/${made.id}`, { per_second: null })).body.per_second, null);
  assert.equal((await ask("admin", "DELETE", `/connections/${made.id}`)).status, 204);
  assert.equal((await ask("admin", "GET", `/connections/${made.id}`)).status, 404);
});

test("a wrong field is named", async () => {
  const { status, body } = await ask("admin", "POST", "/connections", { connector: "fake", name: "x", settings: {} });
  assert.deepEqual([status, body.errors[0].path], [422, "settings.name"]);
  assert.equal((await ask("admin", "PATCH", "/connections/1", { nonsense: 1 })).status, 422);
});

test("only admins and keys that may change connections do; agents see none; other tenants' are not there", async () => {
  const { id } = await add("guarded");
  assert.equal((await ask("supervisor", "GET", `/connections/${id}`)).status, 200);
  assert.equal((await ask("agent", "GET", `/connections/${id}`)).status, 403);
  assert.equal((await ask("writer", "GET", `/connections/${id}`)).status, 403);
  for (const [method, path, body] of [
    ["PATCH", "", { name: "x" }],
    ["DELETE", "", undefined],
    ["POST", "/check", undefined],
    ["POST", "/pause", undefined],
    ["POST", "/resume", undefined],
  ] as const) {
    assert.equal((await ask("supervisor", method, `/connections/${id}${path}`, body)).status, 403, path);
    assert.equal((await ask("stranger", method, `/connections/${id}${path}`, body)).status, 404, path);
  }
  assert.deepEqual((await ask("stranger", "GET", "/connections")).body.items, []);
});

test("a good check ends a hold, a bad one says what is wrong and leaves it", async () => {
  const { id } = await add("held");
  await sql`update lanes set held_at = ${clock.now()}, hold_reason = 'locked' where connection_id = ${id}`.execute(
    database.sql,
  );
  report = { ok: false, findings: [{ level: "error", subject: "login", message: "locked", mend: "unlock it" }] };
  assert.deepEqual((await ask("admin", "POST", `/connections/${id}/check`)).body, report);
  const lane = async () => (await ask("admin", "GET", `/connections/${id}`)).body.lane;
  assert.deepEqual([(await lane()).state, (await lane()).reason], ["held", "locked"]);
  report = { ok: true, findings: [] };
  await ask("admin", "POST", `/connections/${id}/check`);
  assert.equal((await lane()).state, "active");
});

test("pause and resume answer with the lane as it is", async () => {
  const { id } = await add("paused");
  assert.equal((await ask("admin", "POST", `/connections/${id}/pause`)).body.lane.state, "paused");
  assert.equal((await ask("admin", "POST", `/connections/${id}/resume`)).body.lane.state, "active");
  await ask("admin", "PATCH", `/connections/${id}`, { enabled: false });
  assert.equal((await ask("admin", "GET", `/connections/${id}`)).body.lane.state, "disabled");
});
