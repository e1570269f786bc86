import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer, toKey, toPerson } from "../../test/http-fixture.ts";
import { allow, publicAccess } from "./access.ts";
import { perMinute, type RateLimits } from "./rate-limits.ts";

const callers = { ana: toPerson(), crm: toKey(["calls:read"]) };

async function createServer(rateLimits: Partial<RateLimits>) {
  const app = await createTestServer(callers, { rateLimits });
  app.get("/calls", { config: { access: allow({ roles: ["viewer"], scope: "calls:read" }) } }, () => ({}));
  app.get("/login", { config: { access: publicAccess, rateLimit: perMinute(2) } }, () => ({}));
  app.get("/free", { config: { access: publicAccess, rateLimit: perMinute(0) } }, () => ({}));
  const ask = (url: string, name = "", remoteAddress = "192.0.2.1") =>
    app.inject({ url, remoteAddress, headers: { authorization: `Bearer ${name}` } });
  return { app, ask };
}

test("one address gets its share, then 429 with Retry-After as a problem", async () => {
  const { ask } = await createServer({ addressPerMinute: 3 });
  for (let request = 1; request <= 3; request++) assert.equal((await ask("/calls", "ana")).statusCode, 200);
  const refused = await ask("/calls", "ana");
  assert.equal(refused.statusCode, 429);
  assert.equal(refused.json().code, "rate_limited");
  assert.ok(Number(refused.headers["retry-after"]) >= 1 && Number(refused.headers["retry-after"]) <= 60);
  assert.equal((await ask("/calls", "ana", "192.0.2.2")).statusCode, 200);
});

test("bad credentials and unknown addresses use up the share of their address", async () => {
  const { ask } = await createServer({ addressPerMinute: 3 });
  const statuses = [];
  for (const url of ["/calls", "/nowhere", "/calls", "/calls", "/nowhere"])
    statuses.push((await ask(url, "x")).statusCode);
  assert.deepEqual(statuses, [401, 404, 401, 429, 429]);
});

test("one caller's share holds over all its addresses, and callers do not share", async () => {
  const { ask } = await createServer({ callerPerMinute: 2 });
  assert.equal((await ask("/calls", "crm", "192.0.2.1")).statusCode, 200);
  assert.equal((await ask("/calls", "crm", "192.0.2.2")).statusCode, 200);
  const refused = await ask("/calls", "crm", "192.0.2.3");
  assert.equal(refused.statusCode, 429);
  assert.ok(Number(refused.headers["retry-after"]) >= 1);
  assert.equal((await ask("/calls", "ana", "192.0.2.3")).statusCode, 200);
});

test("a route's own limit replaces the general one, and 0 switches it off", async () => {
  const { ask } = await createServer({ addressPerMinute: 4 });
  assert.equal((await ask("/login")).statusCode, 200);
  assert.equal((await ask("/login")).statusCode, 200);
  assert.equal((await ask("/login")).statusCode, 429);
  for (let request = 1; request <= 20; request++) assert.equal((await ask("/free")).statusCode, 200);
});

test("limits of 0 count nobody", async () => {
  const { ask } = await createServer({ addressPerMinute: 0, callerPerMinute: 0 });
  for (let request = 1; request <= 20; request++) assert.equal((await ask("/calls", "ana")).statusCode, 200);
  assert.equal((await ask("/nowhere")).statusCode, 404);
});
