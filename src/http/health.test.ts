import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer, toKey, toPerson } from "../../test/http-fixture.ts";
import { systemClock } from "../kit/clock.ts";
import { createMetrics } from "../kit/metrics.ts";
import type { Caller } from "./access.ts";
import { type ReadyCheck, registerHealth } from "./health.ts";

const callers: Record<string, Caller> = {
  prometheus: toKey(["metrics:read"]),
  crm: toKey(["calls:read"]),
  ana: toPerson(),
  root: toPerson({ isOperator: true }),
  fresh: toPerson({ isOperator: true, mustChangePassword: true }),
};

async function createServer(checks: readonly ReadyCheck[] = []) {
  const metrics = createMetrics({ includeProcess: false });
  const app = await createTestServer(callers, { metrics });
  registerHealth(app, {
    checks,
    metrics,
    clock: { ...systemClock, after: (ms, work) => systemClock.after(ms / 100, work) },
    authenticate: async (request) => callers[String(request.headers["x-api-key"])],
    version: "1.2.3",
  });
  return app;
}

test("a living process says so whatever its checks say", async () => {
  const app = await createServer([{ name: "database", check: async () => ({ ok: false, detail: "away" }) }]);
  const response = await app.inject("/health");
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), { status: "ok", version: "1.2.3" });
});

test("ready names every check", async () => {
  const app = await createServer([
    { name: "database", check: async () => ({ ok: true, detail: "3 ms" }) },
    { name: "lanes", check: async () => ({ ok: true, detail: "2 open" }) },
  ]);
  const response = await app.inject("/ready");
  assert.equal(response.statusCode, 200);
  assert.deepEqual(response.json(), {
    status: "ready",
    checks: { database: { ok: true, detail: "3 ms" }, lanes: { ok: true, detail: "2 open" } },
  });
});

test("one failing, throwing or silent check makes it 503 and is told apart", async () => {
  let wasAborted = false;
  const app = await createServer([
    { name: "good", check: async () => ({ ok: true, detail: "" }) },
    { name: "bad", check: async () => ({ ok: false, detail: "too old" }) },
    { name: "broken", check: async () => Promise.reject(new Error("no connection")) },
    {
      name: "silent",
      check: (signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            wasAborted = true;
          });
        }),
    },
  ]);
  const response = await app.inject("/ready");
  assert.equal(response.statusCode, 503);
  const { status, checks } = response.json();
  assert.equal(status, "not_ready");
  assert.equal(checks.good.ok, true);
  assert.deepEqual(checks.bad, { ok: false, detail: "too old" });
  assert.deepEqual(checks.broken, { ok: false, detail: "no connection" });
  assert.deepEqual(checks.silent, { ok: false, detail: "no answer within 2000 ms" });
  assert.equal(wasAborted, true);
});

test("figures are for this host, and for those who may read them", async () => {
  const app = await createServer();
  const ask = (remoteAddress: string, headers: Record<string, string> = {}) =>
    app.inject({ url: "/metrics", remoteAddress, headers });
  for (const local of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    assert.equal((await ask(local)).statusCode, 200, local);
  for (const [key, status] of [
    ["prometheus", 200],
    ["root", 200],
    ["ana", 403],
    ["crm", 403],
    ["fresh", 403],
    ["nobody", 401],
  ] as const)
    assert.equal((await ask("192.0.2.1", { "x-api-key": key })).statusCode, status, key);
  const page = await ask("127.0.0.1");
  assert.match(String(page.headers["content-type"]), /^text\/plain; version=/);
  assert.match(page.body, /enlace_http_request_duration_seconds_count/);
});

test("what a proxy on this host hands on is not local", async () => {
  const app = await createServer();
  for (const name of ["x-forwarded-for", "forwarded", "x-real-ip", "via"]) {
    const response = await app.inject({
      url: "/metrics",
      remoteAddress: "127.0.0.1",
      headers: { [name]: "1.1 nginx" },
    });
    assert.equal(response.statusCode, 401, name);
  }
});
