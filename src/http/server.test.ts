import assert from "node:assert/strict";
import { test } from "node:test";
import { pino } from "pino";
import { createTestServer, toPerson } from "../../test/http-fixture.ts";
import { createMetrics } from "../kit/metrics.ts";
import { allow, publicAccess } from "./access.ts";

const lines: Record<string, unknown>[] = [];
const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
const metrics = createMetrics({ includeProcess: false });

async function createServer(publicUrl = "http://127.0.0.1:8080") {
  const app = await createTestServer(
    { ana: toPerson() },
    { log, metrics: createMetrics({ includeProcess: false }), publicUrl },
  );
  app.get("/open", { config: { access: publicAccess } }, () => ({ ok: true }));
  return app;
}

test("each answered request is one wide line, without its query or body, and one observation", async () => {
  const app = await createTestServer({ ana: toPerson() }, { log, metrics });
  app.post("/calls/:id", { config: { access: allow({ roles: ["agent"], scope: null }) } }, (request) => {
    request.logFields = { callUuid: "c-1" };
    return { ok: true };
  });
  lines.length = 0;
  await app.inject({
    method: "POST",
    url: "/calls/7?token=hush",
    payload: { secret: "hush" },
    headers: { authorization: "Bearer ana", "x-request-id": "r-1" },
  });
  assert.equal(lines.length, 1);
  const { durationMs, ...line } = lines[0] ?? {};
  assert.equal(typeof durationMs, "number");
  assert.deepEqual(
    { ...line, time: undefined, pid: undefined, hostname: undefined, level: undefined },
    {
      time: undefined,
      pid: undefined,
      hostname: undefined,
      level: undefined,
      msg: "http.request",
      requestId: "r-1",
      method: "POST",
      route: "/calls/:id",
      status: 200,
      tenantId: 1,
      actor: "user:1",
      callUuid: "c-1",
    },
  );
  assert.doesNotMatch(JSON.stringify(lines), /hush/);
  assert.match(
    await metrics.toText(),
    /enlace_http_request_duration_seconds_count\{method="POST",route="\/calls\/:id",status="200"\} 1/,
  );
});

test("an unknown address is logged and counted as unmatched, not by its text", async () => {
  const figures = createMetrics({ includeProcess: false });
  const app = await createTestServer({}, { log, metrics: figures });
  lines.length = 0;
  await app.inject("/wp-login.php");
  assert.equal(lines[0]?.route, "unmatched");
  assert.match(await figures.toText(), /_count\{method="any",route="unmatched",status="404"\} 1/);
  assert.doesNotMatch(await figures.toText(), /wp-login/);
});

test("a sane X-Request-Id is kept, anything else gets a new one", async () => {
  const app = await createServer();
  const idOf = async (given?: string) =>
    (await app.inject({ url: "/open", headers: given === undefined ? {} : { "x-request-id": given } })).headers[
      "x-request-id"
    ];
  assert.equal(await idOf("pbx-1.2:3_4"), "pbx-1.2:3_4");
  for (const given of [undefined, "", "two words", "a".repeat(101), '{"a":1}', "línea"])
    assert.match(String(await idOf(given)), /^[0-9a-f]{8}-/, given);
  assert.notEqual(await idOf(), await idOf());
});

test("answers carry a policy without inline script, and do not say what serves them", async () => {
  const { headers } = await (await createServer()).inject("/open");
  const policy = String(headers["content-security-policy"]);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.doesNotMatch(policy, /unsafe|upgrade-insecure/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.equal(headers["cache-control"], "no-store");
  assert.equal(headers["x-powered-by"], undefined);
  assert.equal(headers.server, undefined);
});

test("transport security is asked for only where people come by https", async () => {
  assert.equal((await (await createServer()).inject("/open")).headers["strict-transport-security"], undefined);
  const secure = await createServer("https://enlace.example.test");
  assert.match(String((await secure.inject("/open")).headers["strict-transport-security"]), /max-age=31536000/);
});

test("HEAD answers like GET without a body", async () => {
  const response = await (await createServer()).inject({ method: "HEAD", url: "/open" });
  assert.equal(response.statusCode, 200);
  assert.equal(response.body, "");
  assert.equal(response.headers["content-length"], "11");
});

test("forwarded addresses count only from a trusted proxy", async () => {
  for (const [trustProxy, expected] of [
    [false, "127.0.0.1"],
    [true, "203.0.113.9"],
    [["10.0.0.1"], "127.0.0.1"],
  ] as const) {
    const app = await createTestServer({}, { trustProxy });
    app.get("/ip", { config: { access: publicAccess } }, (request) => ({ ip: request.ip }));
    const response = await app.inject({ url: "/ip", headers: { "x-forwarded-for": "203.0.113.9" } });
    assert.equal(response.json().ip, expected);
  }
});
