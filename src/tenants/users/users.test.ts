import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { ADMIN_PASSWORD, addTenant, addUser, createTenantsFixture } from "../../../test/tenants-fixture.ts";
import { SCOPES } from "../../http/access.ts";

const fixture = await createTenantsFixture();
const { ask, login, database } = fixture;
const admin = await login("admin");
const ADMIN_ID = (await ask("GET", "/api/v1/me", { as: admin })).body.user.id;
const users = "/api/v1/users";

test("a user without a given password gets a one-time one, shown once, that must be changed", async () => {
  const made = await ask("POST", users, { as: admin, body: { username: "Ana.Ruiz", role: "agent", name: "Ana" } });
  assert.equal(made.status, 201);
  assert.equal(made.body.username, "ana.ruiz");
  const password = made.body.one_time_password;
  assert.match(password, /^[\w-]{16}$/);
  assert.equal(made.body.must_change_password, true);
  const seen = await ask("GET", `${users}/${made.body.id}`, { as: admin });
  assert.equal("one_time_password" in seen.body, false);
  const token = await login("ana.ruiz", password);
  const early = await ask("GET", "/api/v1/tenant", { as: token });
  assert.equal(early.body.code, "password_change_required");
  const body = { current_password: password, new_password: "a password of my own" };
  assert.equal((await ask("POST", "/api/v1/me/password", { as: token, body })).status, 204);
  assert.equal((await ask("GET", "/api/v1/tenant", { as: token })).status, 200);
  assert.equal((await ask("POST", "/api/v1/login", { body: { username: "ana.ruiz", password } })).status, 401);
});

test("weak passwords are refused by name: short, endless, like the username, or of few characters", async () => {
  for (const password of ["short", "x".repeat(201), "my-username-1", "aaaaaaaaaaaa", "ababababababab"]) {
    const body = { username: "username", role: "agent", password };
    const refused = await ask("POST", users, { as: admin, body });
    assert.equal(refused.status, 422, password);
    assert.equal(refused.body.errors[0].path, "password");
  }
});

test("a password is the same however its accents are composed", async () => {
  const password = "contraseña segura";
  await ask("POST", users, {
    as: admin,
    body: { username: "ines", role: "agent", password: password.normalize("NFD") },
  });
  assert.ok(await login("ines", password.normalize("NFC")));
});

test("usernames are unique in the installation, whatever their case and tenant", async () => {
  const tenant = await addTenant(fixture, admin, "unique");
  const body = { username: "taken", role: "agent", password: ADMIN_PASSWORD };
  assert.equal((await ask("POST", users, { as: admin, body })).status, 201);
  assert.equal((await ask("POST", users, { as: admin, body: { ...body, username: "TAKEN" } })).status, 409);
  assert.equal((await ask("POST", users, { as: tenant.token, body })).status, 409);
});

test("users of another tenant answer like users that do not exist", async () => {
  const tenant = await addTenant(fixture, admin, "other");
  for (const [method, path, body] of [
    ["GET", "", undefined],
    ["PATCH", "", { role: "viewer" }],
    ["DELETE", "", undefined],
    ["POST", "/password", {}],
  ] as const) {
    const foreign = await ask(method, `${users}/${ADMIN_ID}${path}`, { as: tenant.token, body });
    const missing = await ask(method, `${users}/999999${path}`, { as: tenant.token, body });
    assert.equal(foreign.status, 404, method);
    assert.equal(foreign.body.detail, missing.body.detail);
  }
  const list = await ask("GET", users, { as: tenant.token });
  assert.deepEqual(
    list.body.items.map((user: { username: string }) => user.username),
    ["admin-other"],
  );
});

test("the last active administrator of a tenant cannot be demoted, disabled or removed", async () => {
  const tenant = await addTenant(fixture, admin, "last");
  const me = (await ask("GET", "/api/v1/me", { as: tenant.token })).body.user.id;
  const refusals = [
    await ask("PATCH", `${users}/${me}`, { as: tenant.token, body: { role: "agent" } }),
    await ask("PATCH", `${users}/${me}`, { as: tenant.token, body: { disabled: true } }),
    await ask("DELETE", `${users}/${me}`, { as: tenant.token }),
  ];
  for (const refused of refusals) {
    assert.equal(refused.status, 409);
    assert.equal(refused.body.code, "conflict");
  }
  const second = await addUser(fixture, tenant.token, { username: "second", role: "admin" });
  assert.equal((await ask("DELETE", `${users}/${me}`, { as: second.token })).status, 204);
  assert.equal((await ask("GET", "/api/v1/me", { as: tenant.token })).status, 401);
});

test("two administrators who demote each other at once leave one", async () => {
  const tenant = await addTenant(fixture, admin, "duel");
  const one = (await ask("GET", "/api/v1/me", { as: tenant.token })).body.user.id;
  const other = await addUser(fixture, tenant.token, { username: "duellist", role: "admin" });
  const answers = await Promise.all([
    ask("PATCH", `${users}/${other.id}`, { as: tenant.token, body: { role: "agent" } }),
    ask("PATCH", `${users}/${one}`, { as: other.token, body: { role: "agent" } }),
  ]);
  assert.equal(answers.filter(({ status }) => status === 200).length, 1);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int from users where tenant_id = ${Number(tenant.id)} and role = 'admin'`.execute(database.sql);
  assert.equal(rows[0]?.count, 1);
});

test("only operators touch operators, and the last one stays", async () => {
  const plain = await addUser(fixture, admin, { username: "plain-admin", role: "admin" });
  const target = `${users}/${ADMIN_ID}`;
  const attempts = [
    await ask("PATCH", target, { as: plain.token, body: { role: "viewer" } }),
    await ask("POST", `${target}/password`, { as: plain.token, body: {} }),
    await ask("DELETE", target, { as: plain.token }),
    await ask("PATCH", `${users}/${plain.id}`, { as: plain.token, body: { is_operator: true } }),
    await ask("POST", users, { as: plain.token, body: { username: "op2", role: "admin", is_operator: true } }),
  ];
  for (const { status, body } of attempts) {
    assert.equal(status, 403);
    assert.match(body.detail, /operators/);
  }
  for (const body of [{ is_operator: false }, { disabled: true }])
    assert.equal((await ask("PATCH", target, { as: admin, body })).status, 409);
  assert.equal((await ask("DELETE", target, { as: admin })).status, 409);
  await addUser(fixture, admin, { username: "operator-2", role: "admin", is_operator: true });
  assert.equal((await ask("PATCH", target, { as: admin, body: { is_operator: true } })).status, 200);
});

test("a key may administer people but not administrators, unless it has every scope", async () => {
  const keyWith = async (scopes: readonly string[]) =>
    (await ask("POST", "/api/v1/api-keys", { as: admin, body: { name: "k", scopes } })).body.key;
  const limited = await keyWith(["users:write", "users:read"]);
  const full = await keyWith(SCOPES);
  const body = { username: "by-key", role: "agent", password: ADMIN_PASSWORD };
  const made = await ask("POST", users, { as: limited, body });
  assert.equal(made.status, 201);
  const asAdmin = { ...body, username: "by-key-2", role: "admin" };
  assert.equal((await ask("POST", users, { as: limited, body: asAdmin })).status, 403);
  assert.equal((await ask("PATCH", `${users}/${made.body.id}`, { as: limited, body: { role: "admin" } })).status, 403);
  const second = await ask("POST", users, { as: full, body: asAdmin });
  assert.equal(second.status, 201);
  assert.equal((await ask("POST", `${users}/${second.body.id}/password`, { as: limited, body: {} })).status, 403);
  assert.equal((await ask("POST", `${users}/${ADMIN_ID}/password`, { as: full, body: {} })).status, 403);
});

test("a password given by an administrator ends the user's sessions", async () => {
  const leo = await addUser(fixture, admin, { username: "leo", role: "agent" });
  const body = { password: "given by the boss", must_change_password: true };
  const given = await ask("POST", `${users}/${leo.id}/password`, { as: admin, body });
  assert.equal(given.status, 200);
  assert.equal(given.body.one_time_password, null);
  assert.equal((await ask("GET", "/api/v1/me", { as: leo.token })).status, 401);
  const token = await login("leo", "given by the boss");
  assert.equal((await ask("GET", "/api/v1/me", { as: token })).body.must_change_password, true);
  const made = await ask("POST", `${users}/${leo.id}/password`, { as: admin, body: {} });
  assert.ok(await login("leo", made.body.one_time_password));
});

test("changing one's own password needs the present one, a different new one, and ends the other sessions", async () => {
  const mia = await addUser(fixture, admin, { username: "mia", role: "viewer" });
  const other = await login("mia");
  const change = (current: string, next: string) =>
    ask("POST", "/api/v1/me/password", { as: mia.token, body: { current_password: current, new_password: next } });
  assert.equal((await change("not the present", "a fresh long password")).body.errors[0].path, "current_password");
  assert.equal((await change(ADMIN_PASSWORD, ADMIN_PASSWORD)).body.errors[0].path, "new_password");
  assert.equal((await change(ADMIN_PASSWORD, "short")).body.errors[0].path, "new_password");
  assert.equal((await change(ADMIN_PASSWORD, "a fresh long password")).status, 204);
  assert.equal((await ask("GET", "/api/v1/me", { as: mia.token })).status, 200);
  assert.equal((await ask("GET", "/api/v1/me", { as: other })).status, 401);
});

test("lists go by pages, and a page names the next", async () => {
  const first = await ask("GET", `${users}?limit=2`, { as: admin });
  assert.equal(first.body.items.length, 2);
  const second = await ask("GET", `${users}?limit=2&cursor=${first.body.next_cursor}`, { as: admin });
  assert.ok(BigInt(second.body.items[0].id) > BigInt(first.body.items[1].id));
  assert.equal((await ask("GET", `${users}?cursor=nonsense`, { as: admin })).status, 422);
});

test("hashes never leave the store and are argon2id", async () => {
  const { rows } = await sql<{ password_hash: string }>`select password_hash from users`.execute(database.sql);
  for (const { password_hash } of rows) assert.match(password_hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const pages = JSON.stringify([
    (await ask("GET", users, { as: admin })).body,
    (await ask("GET", "/api/v1/audit?limit=200", { as: admin })).body,
  ]);
  assert.doesNotMatch(pages, /argon2/);
  assert.ok(!pages.includes(ADMIN_PASSWORD));
});
