import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { createTestServer } from "../../test/http-fixture.ts";
import { AppError } from "../core/errors.ts";
import { toTenantId } from "../core/ids.ts";
import { systemClock } from "../kit/clock.ts";
import { createLog } from "../kit/log.ts";
import { createMetrics } from "../kit/metrics.ts";
import { openDatabase } from "../kit/postgres/database.ts";
import { systemRandom } from "../kit/random.ts";
import { createAccept } from "./accept.ts";
import type { WaitedDelivery } from "./delivery-wait.ts";
import { createFakeFanOut } from "./fake-fan-out.ts";
import { type IntakeRoutesOptions, registerIntakeRoutes, type WebhookTenant } from "./routes.ts";
import { toSignature } from "./signature.ts";

const SECRET = "supersecreto123";
const documented = readFileSync(join(import.meta.dirname, "fixtures", "documented-call.json"));
const PYTHON = "9ec4f2f22e9589d2170c8fce0cb3e6a712f16469455bb73e34c24c65eec80a84";
const database = await createTestDatabase();

const tenant = (id: number, more: Partial<WebhookTenant> = {}): WebhookTenant => ({
  id: toTenantId(id),
  timeZone: "Europe/Madrid",
  country: "ES",
  signatureModes: ["raw", "python-json"],
  disabledAt: null,
  ...more,
});
const TENANTS = new Map([
  [undefined, tenant(1)],
  ["100", tenant(1)],
  ["200", tenant(2, { signatureModes: ["raw"] })],
  ["300", tenant(3, { disabledAt: new Date(0) })],
  ["400", tenant(4)],
]);
const SECRETS = new Map([
  [1, [SECRET, "the one before"]],
  [2, ["second secret"]],
  [3, ["third secret"]],
]);

async function createServer(more: Partial<IntakeRoutesOptions> = {}, log = silentLog) {
  const app = await createTestServer({}, { log });
  const { accept } = createAccept({
    database,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ includeProcess: false }),
    ...createFakeFanOut(),
  });
  registerIntakeRoutes(app, {
    loadTenantByNumber: async (number) => TENANTS.get(number) ?? null,
    loadWebhookSecrets: async (id) => SECRETS.get(id) ?? [],
    accept,
    waitForCall: async () => [],
    clock: systemClock,
    log,
    random: systemRandom,
    webhookPerSecond: 0,
    ...more,
  });
  return app;
}
const app = await createServer();

interface Post {
  secret?: string;
  headers?: Record<string, string>;
  to?: typeof app;
}

async function post(
  payload: string | Buffer | Record<string, unknown>,
  { secret = SECRET, headers = {}, to = app }: Post = {},
) {
  const body = typeof payload === "string" || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload);
  const answer = await to.inject({
    method: "POST",
    url: "/webhook/call",
    payload: body,
    headers: { "content-type": "application/json", "x-signature": toSignature(body, secret), ...headers },
  });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
}

const countCalls = async (where = "true"): Promise<number> =>
  (await database.pool.query(`select count(*)::int as n from calls where ${where}`)).rows[0].n;

test("the documented example is accepted as curl sends it and as its guide signs it, and is one call", async () => {
  const first = await post(documented);
  assert.equal(first.status, 202);
  assert.deepEqual(first.body, { status: "accepted", call_uuid: "uuid-555", call_id: first.body.call_id, revision: 1 });
  const again = await post(documented, { headers: { "x-signature": PYTHON } });
  assert.equal(again.status, 200);
  assert.deepEqual(again.body, { ...first.body, status: "duplicate" });
  assert.equal(await countCalls("call_uuid = 'uuid-555'"), 1);
});

test("a later state of the call is an update of it", async () => {
  await post({ call_uuid: "grows", status: "ringing" });
  const update = await post({ call_uuid: "grows", status: "completed", duration: 5 });
  assert.deepEqual([update.status, update.body.status, update.body.revision], [202, "updated", 2]);
});

test("a bad or missing signature is 401 and nothing is stored, whatever the body is", async () => {
  const before = await countCalls();
  const flipped = `${PYTHON.slice(0, -1)}5`;
  const bodies = [documented, Buffer.from("{"), Buffer.alloc(0), Buffer.from('{"call_uuid": 7}'), Buffer.from([0xff])];
  const answers = await Promise.all(
    bodies.flatMap((body) =>
      [flipped, "", "zz", `sha256=${flipped}`].map((signature) =>
        post(body, { headers: { "x-signature": signature } }),
      ),
    ),
  );
  for (const answer of answers) {
    assert.equal(answer.status, 401);
    assert.equal(answer.body.code, "invalid_signature");
  }
  const missing = await app.inject({ method: "POST", url: "/webhook/call", payload: documented });
  assert.equal(missing.statusCode, 401);
  assert.equal(await countCalls(), before);
});

test("a tenant is named by its number and known by its own secret", async () => {
  const second = await post(
    { call_uuid: "of-200" },
    { secret: "second secret", headers: { "x-enlace-tenant": "200" } },
  );
  assert.equal(second.status, 202);
  assert.equal(await countCalls("call_uuid = 'of-200' and tenant_id = 2"), 1);
  const foreign = await post({ call_uuid: "of-200" }, { secret: SECRET, headers: { "x-enlace-tenant": "200" } });
  assert.equal(foreign.status, 401);
  const rotated = await post({ call_uuid: "rotated" }, { secret: "the one before" });
  assert.equal(rotated.status, 202);
});

test("an unknown, disabled, secretless or impossible tenant is refused in the same words as a bad signature", async () => {
  const { request_id: _, ...wrong } = (await post(documented, { secret: "wrong" })).body;
  for (const number of ["999", "300", "400", "a b", "x".repeat(40), "200, 100"]) {
    for (const secret of [SECRET, "third secret", ""]) {
      const { status, body } = await post(documented, { secret, headers: { "x-enlace-tenant": number } });
      assert.equal(status, 401, number);
      assert.deepEqual({ ...body, request_id: undefined }, { ...wrong, request_id: undefined }, number);
    }
  }
});

test("a tenant that takes raw signatures only refuses the guide's own recipe", async () => {
  const pretty = '{\n  "call_uuid": "pretty"\n}';
  const python = toSignature('{"call_uuid": "pretty"}', "second secret");
  const refused = await post(pretty, { headers: { "x-signature": python, "x-enlace-tenant": "200" } });
  assert.equal(refused.status, 401);
});

test("signed nonsense is 400, and signed fields that are wrong are 422 and named", async () => {
  for (const body of ["{", "", "call_uuid=7", '{"call_uuid": NaN}'])
    assert.equal((await post(body)).body.code, "invalid_json", body);
  const wrong = await post({ call_uuid: "a b", status: "exploded", from: "600000001" });
  assert.equal(wrong.status, 422);
  assert.deepEqual(
    wrong.body.errors.map(({ path }: { path: string }) => path),
    ["call_uuid", "status"],
  );
  assert.match(wrong.body.detail, /call_uuid must be 1 to 100/);
  assert.equal((await post({ call_uuid: "nul", note: "\0" })).status, 422);
});

test("the content type does not matter, the bytes do", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8"]) {
    const answer = await post({ call_uuid: `type-${type.length}` }, { headers: { "content-type": type } });
    assert.equal(answer.status, 202, type);
  }
});

async function open(server: typeof app): Promise<Socket> {
  await server.listen({ host: "127.0.0.1", port: 0 });
  const address = server.server.address();
  assert.ok(typeof address === "object" && address);
  return connect(address.port, "127.0.0.1");
}

test("a post without a content type is taken, over a real socket", async () => {
  const body = '{"call_uuid":"no-type"}';
  const socket = await open(await createServer());
  socket.write(
    `POST /webhook/call HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Signature: ${toSignature(body, SECRET)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 202 /);
});

test("more than 64 KiB is 413 before anything is read, 64 KiB is not", async () => {
  const fill = (bytes: number): string => {
    const empty = JSON.stringify({ call_uuid: "big", fill: "" });
    return empty.replace('""', `"${"x".repeat(bytes - empty.length)}"`);
  };
  assert.equal((await post(fill(64 * 1024))).status, 202);
  assert.equal((await post(fill(64 * 1024 + 1), { headers: { "x-signature": "wrong" } })).status, 413);
});

const delivered = (more: Partial<WaitedDelivery> = {}): WaitedDelivery => ({
  deliveryId: "9",
  connectionId: "3",
  connection: "crm",
  connector: "vtiger",
  state: "delivered",
  remote: { id: "24x6", url: "https://crm.example.test/24x6" },
  review: null,
  reason: null,
  ...more,
});

test("who prefers to wait is answered ok with the CRM's ids once it is delivered, for a duplicate too", async () => {
  const asked: unknown[] = [];
  const server = await createServer({
    waitForCall: async (call) => {
      asked.push(call);
      return [delivered(), delivered({ connector: "webhook", deliveryId: "10", remote: null })];
    },
  });
  const wait = { to: server, headers: { prefer: "wait=10" } };
  const first = await post({ call_uuid: "waits" }, wait);
  assert.equal(first.status, 200);
  assert.equal(first.headers["preference-applied"], "wait=10");
  const { deliveries, ...answer } = first.body;
  assert.deepEqual(answer, {
    status: "ok",
    call_uuid: "waits",
    call_id: answer.call_id,
    revision: 1,
    vtiger_call_id: "24x6",
  });
  assert.deepEqual(deliveries[0], {
    delivery_id: "9",
    connection_id: "3",
    connection: "crm",
    connector: "vtiger",
    state: "delivered",
    remote_id: "24x6",
    url: "https://crm.example.test/24x6",
    review: null,
    reason: null,
  });
  assert.equal(deliveries[1].remote_id, null);
  const again = await post({ call_uuid: "waits" }, wait);
  assert.deepEqual([again.status, again.body.status], [200, "ok"]);
  assert.deepEqual(
    asked,
    [1, 1].map((revision) => ({ tenantId: 1, callId: answer.call_id, revision })),
  );
});

test("what will not be delivered by itself is said with 202, not called ok", async () => {
  const server = await createServer({
    waitForCall: async () => [delivered(), delivered({ state: "dead", reason: "field missing", remote: null })],
  });
  const { status, body } = await post({ call_uuid: "half" }, { to: server, headers: { prefer: "wait=5" } });
  assert.deepEqual([status, body.status, body.deliveries[1].reason], [202, "accepted", "field missing"]);
});

test("when it takes longer than preferred, or the server drains, or nobody can wait, the answer is 202", async () => {
  const untilAborted = (_: unknown, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  let fire = (): void => undefined;
  const asked: number[] = [];
  const clock = {
    ...systemClock,
    after: (ms: number, work: () => void) => {
      asked.push(ms);
      fire = work;
      return () => undefined;
    },
  };
  const slow = await createServer({
    clock,
    waitForCall: (call, signal) => {
      queueMicrotask(() => fire());
      return untilAborted(call, signal);
    },
  });
  const late = await post({ call_uuid: "late" }, { to: slow, headers: { prefer: "wait=7" } });
  assert.deepEqual([late.status, late.body.status, asked], [202, "accepted", [7_000]]);
  const lateAgain = await post({ call_uuid: "late" }, { to: slow, headers: { prefer: "wait=7" } });
  assert.deepEqual([lateAgain.status, lateAgain.body.status], [202, "duplicate"]);
  const leaving = await createServer({
    waitForCall: (call, signal) => {
      void leaving.close();
      return untilAborted(call, signal);
    },
  });
  assert.equal((await post({ call_uuid: "drain" }, { to: leaving, headers: { prefer: "wait=30" } })).status, 202);
  const crowded = await createServer({
    waitForCall: async () => {
      throw new AppError("unavailable", "too many wait");
    },
  });
  assert.equal((await post({ call_uuid: "crowd" }, { to: crowded, headers: { prefer: "wait=7" } })).status, 202);
});

test("a client that goes away is waited for no longer", async () => {
  let onWait: (signal: AbortSignal) => void = () => undefined;
  const waiting = new Promise<AbortSignal>((resolve) => {
    onWait = resolve;
  });
  const server = await createServer({
    waitForCall: (_call, signal) => {
      onWait(signal);
      return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const socket = await open(server);
  const body = '{"call_uuid":"goes-away"}';
  socket.write(
    `POST /webhook/call HTTP/1.1\r\nHost: x\r\nPrefer: wait=30\r\nX-Signature: ${toSignature(body, SECRET)}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  const signal = await waiting;
  socket.destroy();
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  assert.equal(await countCalls("call_uuid = 'goes-away'"), 1);
});

test("when the store is down the answer is 503 with a time to come back, never a 2xx", async () => {
  const away = openDatabase({ url: "postgres://postgres@127.0.0.1:9/none", poolMax: 1, log: silentLog });
  const { accept } = createAccept({
    database: away,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ includeProcess: false }),
    ...createFakeFanOut(),
  });
  const server = await createServer({ accept });
  const { status, headers, body } = await post({ call_uuid: "away" }, { to: server, headers: { prefer: "wait=9" } });
  await away.close();
  assert.deepEqual([status, body.code, headers["retry-after"]], [503, "unavailable", "5"]);
});

test("more posts a second than allowed are 429 with a time to come back", async () => {
  const server = await createServer({ webhookPerSecond: 3 });
  const answers = [];
  for (const n of [1, 2, 3, 4]) answers.push(await post({ call_uuid: `rate-${n}` }, { to: server }));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 202, 429],
  );
  assert.ok(Number(answers[3]?.headers["retry-after"]) >= 1);
  assert.equal(await countCalls("call_uuid = 'rate-4'"), 0);
});

test("each call that is kept is logged as call_processed, its numbers masked", async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  const log = createLog({ level: "info", format: "json", destination: { write } });
  const server = await createServer({}, log);
  await post({ call_uuid: "logged", from: "+34600000001", status: "busy" }, { to: server });
  await post({ call_uuid: "logged" }, { to: server, secret: "wrong" });
  const [line, ...more] = lines.filter(({ msg }) => msg === "call_processed");
  assert.deepEqual(more, []);
  assert.deepEqual(
    [line?.callUuid, line?.result, line?.outcome, line?.revision, line?.tenantId],
    ["logged", "accepted", "busy", 1, 1],
  );
  assert.equal(line?.from, "+********001");
});

test("the API document shows the fields, the headers and the example", async () => {
  const document = (await app.inject("/openapi.json")).json();
  const operation = document.paths["/webhook/call"].post;
  assert.deepEqual(operation["x-enlace-access"], { public: true });
  const body = document.components.schemas.CallPost ?? document.components.schemas.CallPostInput;
  assert.deepEqual(body.required, ["call_uuid"]);
  assert.ok(body.properties.agent_ext && body.examples[0].call_uuid === "uuid-555");
  assert.ok(operation.parameters.some(({ name }: { name: string }) => name === "x-enlace-tenant"));
  for (const status of ["200", "202"]) assert.ok(operation.responses[status], status);
});
