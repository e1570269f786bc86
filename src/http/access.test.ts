import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer, toKey, toPerson } from "../../test/http-fixture.ts";
import { allow, type CallerRule, isAllowed, publicAccess, ROLES, type Role } from "./access.ts";

const MATRIX: Record<Role, readonly Role[]> = {
  admin: ["admin"],
  supervisor: ["admin", "supervisor"],
  agent: ["admin", "supervisor", "agent"],
  viewer: ["admin", "supervisor", "viewer"],
};

test("a rule lets in the role it names and those that outrank it, and nobody else", () => {
  for (const [named, allowed] of Object.entries(MATRIX)) {
    for (const role of ROLES) {
      const rule: CallerRule = { roles: [named as Role], scope: null };
      assert.equal(isAllowed(toPerson({ role }), rule), allowed.includes(role), `${role} at a rule for ${named}`);
    }
  }
});

test("a rule without roles lets in nobody by role", () => {
  for (const role of ROLES) assert.equal(isAllowed(toPerson({ role }), { roles: [], scope: "any" }), false);
});

test("an API key gets in by its scope, whatever roles the rule names", () => {
  const rule: CallerRule = { roles: ["admin"], scope: "calls:read" };
  assert.equal(isAllowed(toKey(["calls:read"]), rule), true);
  assert.equal(isAllowed(toKey(["deliveries:read"]), rule), false);
  assert.equal(isAllowed(toKey([]), rule), false);
  assert.equal(isAllowed(toKey([]), { roles: [], scope: "any" }), true);
  assert.equal(isAllowed(toKey(["users:write", "tenants:write"]), { roles: ["viewer"], scope: null }), false);
});

test("scopes do not help a person, and being an operator does not replace the role", () => {
  assert.equal(
    isAllowed(toPerson({ role: "viewer", scopes: ["calls:read"] }), { roles: ["admin"], scope: "calls:read" }),
    false,
  );
  const rule: CallerRule = { roles: ["admin"], scope: "any", operatorOnly: true };
  assert.equal(isAllowed(toPerson(), rule), false);
  assert.equal(isAllowed(toPerson({ isOperator: true }), rule), true);
  assert.equal(isAllowed(toPerson({ isOperator: true, role: "agent" }), rule), false);
  assert.equal(isAllowed(toKey(["tenants:write"]), rule), false);
});

const callers = {
  ana: toPerson(),
  vic: toPerson({ role: "viewer" }),
  newcomer: toPerson({ mustChangePassword: true }),
  crm: toKey(["calls:read"]),
  other: toKey(["keys:read"]),
};

async function createServer() {
  const app = await createTestServer(callers);
  const whoami = { handler: (request: { caller: { name: string } }) => ({ name: request.caller.name }) };
  app.route({
    method: "GET",
    url: "/calls",
    config: { access: allow({ roles: ["agent"], scope: "calls:read" }) },
    ...whoami,
  });
  app.route({
    method: "POST",
    url: "/password",
    config: { access: allow({ roles: ROLES, scope: null, evenWithOldPassword: true }) },
    ...whoami,
  });
  app.route({ method: "GET", url: "/open", config: { access: publicAccess }, ...whoami });
  return app;
}
const app = await createServer();
const get = (name: string | undefined, url = "/calls") =>
  app.inject({ url, headers: name === undefined ? {} : { authorization: `Bearer ${name}` } });

test("who may gets in and is known to the handler", async () => {
  assert.deepEqual((await get("ana")).json(), { name: "ana" });
  assert.deepEqual((await get("crm")).json(), { name: "crm" });
});

test("no credential is 401 with a plain challenge, a bad one says invalid_token", async () => {
  const none = await get(undefined);
  assert.equal(none.statusCode, 401);
  assert.equal(none.headers["www-authenticate"], 'Bearer realm="enlace"');
  assert.equal(none.json().code, "unauthenticated");
  const bad = await get("nobody");
  assert.equal(bad.statusCode, 401);
  assert.equal(bad.headers["www-authenticate"], 'Bearer realm="enlace", error="invalid_token"');
});

test("a good credential without the right is 403 and says which right", async () => {
  const person = await get("vic");
  assert.equal(person.statusCode, 403);
  assert.match(person.json().detail, /role viewer .* agent/);
  const key = await get("other");
  assert.equal(key.statusCode, 403);
  assert.match(key.json().detail, /lacks the scope calls:read/);
  assert.equal(key.headers["www-authenticate"], undefined);
  const forPeople = await app.inject({ method: "POST", url: "/password", headers: { authorization: "Bearer crm" } });
  assert.match(forPeople.json().detail, /API keys may not/);
});

test("somebody with a one-time password may only change it", async () => {
  const refused = await get("newcomer");
  assert.equal(refused.statusCode, 403);
  assert.equal(refused.json().code, "password_change_required");
  const changed = await app.inject({
    method: "POST",
    url: "/password",
    headers: { authorization: "Bearer newcomer" },
  });
  assert.equal(changed.statusCode, 200);
});

test("a route that does not say who may call it keeps the server from starting", async () => {
  const careless = await createTestServer();
  assert.throws(() => careless.get("/secrets", () => "all of them"), /GET \/secrets does not say who may call it/);
});

test("asking for the caller on a public route is a bug, not an empty answer", async () => {
  const response = await get("ana", "/open");
  assert.equal(response.statusCode, 500);
  assert.equal(response.json().code, "internal");
});
