import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { ADMIN_PASSWORD, addTenant, addUser, createTenantsFixture } from "../../../test/tenants-fixture.ts";

const fixture = await createTenantsFixture();
const { ask, login, database } = fixture;
const admin = await login("admin");
const { id: adminId } = (await ask("GET", "/api/v1/me", { as: admin })).body.user;
const audit = async (as: string, query = "") => (await ask("GET", `/api/v1/audit?limit=200${query}`, { as })).body;
const actions = async (as: string, query = "") =>
  (await audit(as, query)).items.map((entry: { action: string }) => entry.action);

test("every change of settings, people and keys leaves its line: who, what, from where", async () => {
  const { token } = await addTenant(fixture, admin, "watched");
  const from = "192.0.2.7";
  const put = (method: "POST" | "PATCH" | "DELETE", url: string, body?: unknown) =>
    ask(method, url, { as: token, body, from });
  await put("PATCH", "/api/v1/tenant", { language: "ru" });
  const user = (await put("POST", "/api/v1/users", { username: "kim", role: "agent" })).body;
  await put("PATCH", `/api/v1/users/${user.id}`, { role: "viewer" });
  await put("POST", `/api/v1/users/${user.id}/password`, {});
  await put("DELETE", `/api/v1/users/${user.id}`);
  const key = (await put("POST", "/api/v1/api-keys", { name: "crm", scopes: ["calls:read"] })).body;
  await put("DELETE", `/api/v1/api-keys/${key.id}`);
  const secret = (await put("POST", "/api/v1/webhook-secrets/rotate", {})).body;
  const { items } = await audit(token);
  assert.deepEqual(
    items.map((entry: { action: string; target: string }) => `${entry.action} ${entry.target}`).toReversed(),
    [
      `tenant.create tenant:${(await ask("GET", "/api/v1/tenant", { as: token })).body.id}`,
      `user.create ${items.at(-2).target}`,
      `tenant.update ${items.at(-1).target}`,
      `user.create user:${user.id}`,
      `user.update user:${user.id}`,
      `user.set_password user:${user.id}`,
      `user.delete user:${user.id}`,
      `api_key.create api_key:${key.id}`,
      `api_key.revoke api_key:${key.id}`,
      `webhook_secret.rotate webhook_secret:${secret.id}`,
    ],
  );
  assert.equal(items[0].address, from);
  assert.match(items[0].actor, /^user:\d+$/);
  assert.deepEqual(items.find((entry: { action: string }) => entry.action === "user.update").detail, {
    role: "viewer",
  });
  const text = JSON.stringify(items);
  for (const hidden of [key.key, secret.secret, user.one_time_password]) assert.ok(!text.includes(hidden));
});

test("a change that was refused leaves no line, and no change is without one", async () => {
  const before = await actions(admin);
  await ask("PATCH", `/api/v1/users/${adminId}`, { as: admin, body: { role: "agent" } });
  await ask("POST", "/api/v1/users", {
    as: admin,
    body: { username: "admin", role: "agent", password: ADMIN_PASSWORD },
  });
  assert.deepEqual(await actions(admin), before);
  await sql`alter table audit_log add constraint broken check (action <> 'user.create') not valid`.execute(
    database.sql,
  );
  const failed = await ask("POST", "/api/v1/users", { as: admin, body: { username: "unseen", role: "agent" } });
  await sql`alter table audit_log drop constraint broken`.execute(database.sql);
  assert.equal(failed.status, 500);
  const { items } = (await ask("GET", "/api/v1/users", { as: admin })).body;
  assert.ok(items.every((user: { username: string }) => user.username !== "unseen"));
});

test("a tenant sees its own log only, supervisors none", async () => {
  const { token } = await addTenant(fixture, admin, "apart");
  await ask("POST", "/api/v1/webhook-secrets/rotate", { as: admin, body: {} });
  assert.ok(!(await actions(token)).includes("webhook_secret.rotate"));
  const supervisor = await addUser(fixture, admin, { username: "sup", role: "supervisor" });
  assert.equal((await ask("GET", "/api/v1/audit", { as: supervisor.token })).status, 403);
});

test("the log is filtered by who, what and whom, and goes by pages", async () => {
  const body = { name: "paged", scopes: ["calls:read"] };
  for (let count = 0; count < 3; count++) await ask("POST", "/api/v1/api-keys", { as: admin, body });
  assert.deepEqual([...new Set(await actions(admin, "&action=api_key.create"))], ["api_key.create"]);
  assert.deepEqual(await actions(admin, "&actor=user:4711"), []);
  const byName = (await audit(admin, "&actor=admin&action=api_key.create")).items;
  assert.deepEqual([...new Set(byName.map((entry: { actor_name: string }) => entry.actor_name))], ["admin"]);
  assert.equal((await audit(admin, `&actor=user:${adminId}&target=user:${adminId}`)).items.length, 0);
  const first = (await ask("GET", "/api/v1/audit?limit=2&action=api_key.create", { as: admin })).body;
  const next = (
    await ask("GET", `/api/v1/audit?limit=2&action=api_key.create&cursor=${first.next_cursor}`, { as: admin })
  ).body;
  assert.equal(first.items.length, 2);
  assert.ok(BigInt(next.items[0].id) < BigInt(first.items[1].id));
});
