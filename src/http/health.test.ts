import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer } from "../../test/http-fixture.ts";
import { systemClock } from "../kit/clock.ts";
import { createMetrics } from "../kit/metrics.ts";
import { type ReadyCheck, registerHealth } from "./health.ts";

async function createServer(checks: readonly ReadyCheck[] = [], metricsToken?: string) {
  const metrics = createMetrics({ includeProcess: false });
  const app = await createTestServer({}, { metrics });
  registerHealth(app, {
    checks,
    metrics,
    clock: { ...systemClock, after: (ms, work) => systemClock.after(ms / 100, work) },
    metricsToken,
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

test("figures are for this machine, and for the bearer of the token where one is set", async () => {
  const app = await createServer([], "a token for prometheus");
  const ask = (remoteAddress: string, headers: Record<string, string> = {}) =>
    app.inject({ url: "/metrics", remoteAddress, headers });
  for (const local of ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    assert.equal((await ask(local)).statusCode, 200, local);
  assert.equal((await ask("192.0.2.1")).statusCode, 401);
  assert.equal((await ask("192.0.2.1", { authorization: "Bearer another token" })).statusCode, 401);
  const page = await ask("192.0.2.1", { authorization: "Bearer a token for prometheus" });
  assert.match(String(page.headers["content-type"]), /^text\/plain; version=/);
  assert.match(page.body, /enlace_http_request_duration_seconds_count/);
});

test("without a token no other machine reads figures, whatever it sends", async () => {
  const app = await createServer();
  for (const authorization of ["Bearer ", "Bearer undefined", ""]) {
    const response = await app.inject({ url: "/metrics", remoteAddress: "192.0.2.1", headers: { authorization } });
    assert.equal(response.statusCode, 401);
  }
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
