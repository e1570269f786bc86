import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN_PASSWORD, addTenant, addUser, createTenantsFixture, type Method } from "../../test/tenants-fixture.ts";
import { ROLES, type Role, SCOPES } from "../http/access.ts";

const fixture = await createTenantsFixture();
const { app, ask, login } = fixture;
const admin = await login("admin");
const valid = { number: "77", name: "Seventy-seven", time_zone: "Europe/Madrid", country: "ES", language: "es" };

interface Operation {
  method: Method;
  url: string;
  access: { public?: boolean; roles: Role[]; scope: string | null; operator_only: boolean };
}

/** Every operation of the room, from its own document. */
async function loadOperations(): Promise<Operation[]> {
  const { paths } = (await app.inject("/openapi.json")).json();
  return Object.entries(paths as Record<string, Record<string, { "x-enlace-access": Operation["access"] }>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        method: method.toUpperCase() as Method,
        url: path.replaceAll(/\{\w+\}/g, "999999"),
        access: operation["x-enlace-access"],
      })),
  );
}
const HIERARCHY: Record<Role, Role[]> = {
  admin: ["admin", "supervisor", "agent", "viewer"],
  supervisor: ["supervisor", "agent", "viewer"],
  agent: ["agent"],
  viewer: ["viewer"],
};

test("every operation lets in exactly the roles it says, and nobody without a credential", async () => {
  const operations = (await loadOperations()).filter(({ access }) => !access.public);
  assert.ok(operations.length >= 20);
  const tokens: Record<Role, string> = { admin: "", supervisor: "", agent: "", viewer: "" };
  for (const role of ROLES) tokens[role] = (await addUser(fixture, admin, { username: `is-${role}`, role })).token;
  for (const { method, url, access } of operations) {
    const name = `${method} ${url}`;
    assert.equal((await ask(method, url, { body: {} })).status, 401, name);
    for (const role of ROLES) {
      const { status, body } = await ask(method, url, { as: tokens[role], body: method === "GET" ? undefined : {} });
      const isAllowed = !access.operator_only && HIERARCHY[role].some((held) => access.roles.includes(held));
      if (isAllowed) assert.ok(status !== 401 && status !== 403, `${role} ${name} got ${status}`);
      else assert.equal(status, 403, `${role} ${name} got ${status} ${JSON.stringify(body)}`);
    }
  }
});

test("every operation lets in keys with its scope and no key without", async () => {
  const operations = (await loadOperations()).filter(({ access }) => !access.public && !access.operator_only);
  const keys = new Map<string, string>();
  for (const scope of SCOPES) {
    const made = await ask("POST", "/api/v1/api-keys", { as: admin, body: { name: scope, scopes: [scope] } });
    keys.set(scope, made.body.key);
  }
  for (const { method, url, access } of operations) {
    for (const [scope, key] of keys) {
      const { status } = await ask(method, url, { as: key, body: method === "GET" ? undefined : {} });
      const isAllowed = access.scope === "any" || access.scope === scope;
      if (isAllowed) assert.ok(status !== 401 && status !== 403, `${scope} ${method} ${url} got ${status}`);
      else assert.equal(status, 403, `${scope} ${method} ${url}`);
    }
  }
});

test("an operator adds a tenant with its first administrator, who then has a tenant of his own", async () => {
  const body = { ...valid, number: "acme", admin: { username: "Boss.Acme" } };
  const made = await ask("POST", "/api/v1/tenants", { as: admin, body });
  assert.equal(made.status, 201);
  assert.deepEqual(made.body.signature_modes, ["raw"]);
  assert.equal(made.body.is_default, false);
  const token = await login("boss.acme", made.body.one_time_password);
  assert.equal((await ask("GET", "/api/v1/me", { as: token })).body.tenant.number, "acme");
  assert.equal((await ask("GET", "/api/v1/tenants", { as: token })).status, 403);
});

test("a number or an administrator's name that is taken leaves nothing half made", async () => {
  const count = async () => (await ask("GET", "/api/v1/tenants?limit=200", { as: admin })).body.items.length;
  const before = await count();
  assert.equal((await ask("POST", "/api/v1/tenants", { as: admin, body: { ...valid, number: "1" } })).status, 409);
  const body = { ...valid, number: "half", admin: { username: "admin", password: ADMIN_PASSWORD } };
  assert.equal((await ask("POST", "/api/v1/tenants", { as: admin, body })).status, 409);
  const weak = { ...valid, number: "weak", admin: { username: "weak-boss", password: "short" } };
  const refused = await ask("POST", "/api/v1/tenants", { as: admin, body: weak });
  assert.equal(refused.body.errors[0].path, "admin.password");
  assert.equal(await count(), before);
});

test("what is wrong with a tenant is named field by field", async () => {
  for (const [change, path] of [
    [{ number: "a b" }, "number"],
    [{ number: "" }, "number"],
    [{ name: "  " }, "name"],
    [{ time_zone: "Mars/Olympus" }, "time_zone"],
    [{ time_zone: "+01:00" }, "time_zone"],
    [{ country: "ZZ" }, "country"],
    [{ country: "es" }, "country"],
    [{ language: "fr" }, "language"],
    [{ signature_modes: [] }, "signature_modes"],
    [{ signature_modes: ["md5"] }, "signature_modes.0"],
    [{ signature_modes: ["raw", "raw"] }, "signature_modes"],
    [{ is_default: true }, "is_default"],
    [{ admin: { username: "x" } }, "admin.username"],
  ] as const) {
    const { status, body } = await ask("POST", "/api/v1/tenants", { as: admin, body: { ...valid, ...change } });
    assert.equal(status, 422, path);
    assert.equal(body.errors[0].path, path);
  }
});

test("an administrator changes the own tenant's settings, and only those", async () => {
  const { id, token } = await addTenant(fixture, admin, "own");
  const change = {
    name: "Renamed",
    time_zone: "America/Lima",
    country: "PE",
    language: "en",
    signature_modes: ["raw"],
  };
  const changed = await ask("PATCH", "/api/v1/tenant", { as: token, body: change });
  assert.equal(changed.status, 200);
  assert.equal(changed.body.id, id);
  for (const [field, value] of Object.entries(change)) assert.deepEqual(changed.body[field], value, field);
  assert.deepEqual((await ask("GET", "/api/v1/tenant", { as: token })).body, changed.body);
  const partly = await ask("PATCH", "/api/v1/tenant", { as: token, body: { language: "ru" } });
  assert.deepEqual([partly.body.language, partly.body.country], ["ru", "PE"]);
  for (const body of [{ number: "2" }, { disabled: true }, { is_default: true }])
    assert.equal((await ask("PATCH", "/api/v1/tenant", { as: token, body })).status, 422);
});

test("a disabled tenant's people are out at once and in again when it is enabled", async () => {
  const { id, token } = await addTenant(fixture, admin, "pausing");
  const set = (disabled: boolean) => ask("PATCH", `/api/v1/tenants/${id}`, { as: admin, body: { disabled } });
  const off = await set(true);
  assert.ok(off.body.disabled_at);
  assert.equal((await ask("GET", "/api/v1/me", { as: token })).status, 401);
  assert.equal((await set(true)).body.disabled_at, off.body.disabled_at);
  assert.equal((await set(false)).body.disabled_at, null);
  assert.equal((await ask("GET", "/api/v1/me", { as: token })).status, 200);
});

test("the default tenant cannot be disabled, an unknown one not be changed", async () => {
  assert.equal((await ask("PATCH", "/api/v1/tenants/1", { as: admin, body: { disabled: true } })).status, 409);
  for (const id of ["4711", "2147483647"])
    assert.equal((await ask("PATCH", `/api/v1/tenants/${id}`, { as: admin, body: { name: "x" } })).status, 404);
  for (const id of ["0", "-1", "2147483648", "x"])
    assert.equal((await ask("GET", `/api/v1/tenants/${id}`, { as: admin })).status, 422, id);
});

test("tenants are listed by pages", async () => {
  const first = await ask("GET", "/api/v1/tenants?limit=1", { as: admin });
  assert.equal(first.body.items[0].number, "1");
  const second = await ask("GET", `/api/v1/tenants?limit=1&cursor=${first.body.next_cursor}`, { as: admin });
  assert.notEqual(second.body.items[0].number, "1");
});
