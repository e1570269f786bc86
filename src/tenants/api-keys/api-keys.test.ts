import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { addTenant, addUser, createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { toTenantId } from "../../core/ids.ts";
import { SCOPES } from "../../http/access.ts";

const fixture = await createTenantsFixture();
const { ask, login, clock, database, tenants } = fixture;
const admin = await login("admin");
const keys = "/api/v1/api-keys";
const make = (scopes: readonly string[], more: object = {}, as = admin) =>
  ask("POST", keys, { as, body: { name: "crm", scopes, ...more } });

test("a key is shown once and stored only as its hash", async () => {
  const made = await make(["users:read"]);
  assert.equal(made.status, 201);
  assert.match(made.body.key, /^enl_[\w-]{43}$/);
  const list = await ask("GET", keys, { as: admin });
  assert.ok(!JSON.stringify(list.body).includes(made.body.key));
  assert.equal(made.body.prefix, made.body.key.slice(0, 12));
  const { rows } = await sql<{ row: string }>`select k::text as row from api_keys k`.execute(database.sql);
  assert.ok(rows.every(({ row }) => !row.includes(made.body.key.slice(12))));
});

test("a key works as X-API-KEY and as a bearer, inside its scopes and its tenant", async () => {
  const { key } = (await make(["users:read"])).body;
  assert.equal((await ask("GET", "/api/v1/users", { as: key })).status, 200);
  assert.equal((await ask("GET", "/api/v1/users", { headers: { authorization: `Bearer ${key}` } })).status, 200);
  assert.equal((await ask("GET", "/api/v1/audit", { as: key })).status, 403);
  assert.equal((await ask("POST", "/api/v1/users", { as: key, body: { username: "x1", role: "agent" } })).status, 403);
  assert.equal((await ask("GET", "/api/v1/sessions", { as: key })).status, 403);
  const me = (await ask("GET", "/api/v1/me", { as: key })).body;
  assert.deepEqual(
    [me.kind, me.name, me.role, me.scopes, me.user, me.tenant.number],
    ["api_key", "crm", null, ["users:read"], null, "1"],
  );
});

test("no key that is not exactly ours gets in", async () => {
  const { key } = (await make(["users:read"])).body;
  for (const given of [
    "",
    "enl_",
    key.slice(0, -1),
    `${key}x`,
    key.toLowerCase(),
    key.replace("enl_", "abc_"),
    "enl_\u0000",
  ])
    assert.equal(
      (await ask("GET", "/api/v1/me", { headers: { "x-api-key": given.replaceAll("\u0000", "") } })).status,
      401,
      given,
    );
});

test("a bad key beside a good token does not get in by the token", async () => {
  const headers = { authorization: `Bearer ${admin}`, "x-api-key": "enl_nonsense" };
  assert.equal((await ask("GET", "/api/v1/me", { headers })).status, 401);
});

test("a revoked, an expired and a key of a disabled tenant stop working at once", async () => {
  const revoked = (await make(["users:read"])).body;
  assert.equal((await ask("DELETE", `${keys}/${revoked.id}`, { as: admin })).status, 204);
  assert.equal((await ask("GET", "/api/v1/me", { as: revoked.key })).status, 401);
  assert.equal((await ask("DELETE", `${keys}/${revoked.id}`, { as: admin })).status, 404);

  const expiring = (await make(["users:read"], { expires_at: new Date(clock.now().getTime() + 60_000).toISOString() }))
    .body;
  assert.equal((await ask("GET", "/api/v1/me", { as: expiring.key })).status, 200);
  clock.pass(61_000);
  assert.equal((await ask("GET", "/api/v1/me", { as: expiring.key })).status, 401);

  const tenant = await addTenant(fixture, admin, "closing");
  const { key } = (await make(["users:read"], {}, tenant.token)).body;
  assert.equal((await ask("GET", "/api/v1/me", { as: key })).status, 200);
  await ask("PATCH", `/api/v1/tenants/${tenant.id}`, { as: admin, body: { disabled: true } });
  assert.equal((await ask("GET", "/api/v1/me", { as: key })).status, 401);
});

test("nobody grants more than he has", async () => {
  const maker = (await make(["keys:write", "calls:read"])).body.key;
  assert.equal((await make(["calls:read"], {}, maker)).status, 201);
  const refused = await make(["calls:read", "users:write"], {}, maker);
  assert.equal(refused.status, 403);
  assert.match(refused.body.detail, /users:write/);
  const supervisor = await addUser(fixture, admin, { username: "sup", role: "supervisor" });
  assert.equal((await make(["calls:read"], {}, supervisor.token)).status, 403);
});

test("what is asked for a key is checked field by field", async () => {
  for (const [body, path] of [
    [{ name: "", scopes: ["calls:read"] }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["everything"] }, "scopes.0"],
    [{ name: "x", scopes: ["calls:read"], expires_at: "tomorrow" }, "expires_at"],
    [{ name: "x", scopes: ["calls:read"], expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    [{ name: "x", scopes: ["calls:read"], is_operator: true }, "is_operator"],
  ] as const) {
    const refused = await ask("POST", keys, { as: admin, body });
    assert.equal(refused.status, 422, path);
    assert.equal(refused.body.errors[0].path, path);
  }
  assert.deepEqual((await make(["calls:read", "calls:read"])).body.scopes, ["calls:read"]);
});

test("another tenant's keys are neither listed nor revoked", async () => {
  const tenant = await addTenant(fixture, admin, "stranger");
  const own = (await make(["users:read"])).body;
  assert.deepEqual((await ask("GET", keys, { as: tenant.token })).body.items, []);
  assert.equal((await ask("DELETE", `${keys}/${own.id}`, { as: tenant.token })).status, 404);
  assert.equal((await ask("GET", "/api/v1/me", { as: own.key })).status, 200);
});

test("the last use is noted, at most once a minute", async () => {
  const made = (await make(["users:read"])).body;
  const lastUse = async () => {
    const { items } = (await ask("GET", `${keys}?limit=200`, { as: admin })).body;
    return items.find(({ id }: { id: string }) => id === made.id).last_used_at;
  };
  assert.equal(await lastUse(), null);
  await ask("GET", "/api/v1/me", { as: made.key });
  const first = await lastUse();
  assert.ok(first);
  clock.pass(30_000);
  await ask("GET", "/api/v1/me", { as: made.key });
  assert.equal(await lastUse(), first);
  clock.pass(31_000);
  await ask("GET", "/api/v1/me", { as: made.key });
  assert.ok((await lastUse()) > first);
});

test("the command line's own key may everything, operators' work included, and is no person", async () => {
  const key = await tenants.createOperatorKey(toTenantId(1), "command line");
  const me = (await ask("GET", "/api/v1/me", { as: key })).body;
  assert.deepEqual([me.is_operator, me.scopes, me.kind], [true, [...SCOPES], "api_key"]);
  assert.equal((await ask("GET", "/api/v1/tenants", { as: key })).status, 200);
  const { id } = (await ask("GET", "/api/v1/users", { as: key })).body.items[0];
  const given = await ask("POST", `/api/v1/users/${id}/password`, { as: key, body: {} });
  assert.equal(given.status, 200);
  assert.ok(await login("admin", given.body.one_time_password));
  assert.equal((await ask("POST", "/api/v1/me/password", { as: key, body: {} })).status, 403);
});

test("the command line's key may what was added after it was made, another key may not", async () => {
  const operator = await tenants.createOperatorKey(toTenantId(1), "made by an older version");
  const { key } = (await make(["users:read"], {}, operator)).body;
  await sql`update api_keys set scopes = '{users:read}'`.execute(database.sql);
  const scopesOf = async (as: string) => (await ask("GET", "/api/v1/me", { as })).body.scopes;
  assert.deepEqual(await scopesOf(operator), [...SCOPES]);
  assert.deepEqual(await scopesOf(key), ["users:read"]);
});
