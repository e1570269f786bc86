import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";
import { createSendTestCall, signCall, toTestCall } from "./send-test-call.ts";

const SECRET = "supersecreto123";
const documented = toTestCall({}, createFakeContext());

interface Received {
  headers: Record<string, unknown>;
  body: string;
}

async function listen(t: TestContext, status: number): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await new Response(request).text() });
    response.writeHead(status, { "content-type": "application/json" }).end('{"status":"accepted"}');
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

test("raw signs the bytes that are sent", () => {
  const { body, signature } = signCall(documented, SECRET, "raw");
  assert.equal(signature, createHmac("sha256", SECRET).update(Buffer.from(body)).digest("hex"));
  assert.deepEqual(JSON.parse(body), documented);
});

test("python-json gives the digest that Python prints for the documented example", () => {
  const { signature } = signCall(documented, SECRET, "python-json");
  assert.equal(signature, "9ec4f2f22e9589d2170c8fce0cb3e6a712f16469455bb73e34c24c65eec80a84");
});

test("python-json escapes what is not printable ASCII, unit by unit", () => {
  const canonical = '{"pbx_system": "N\\u00fa\\u00f1ez \\ud83d\\ude00 \\u007f\\n\\"\\\\"}';
  const { signature } = signCall({ pbx_system: 'Núñez 😀 \u007f\n"\\' }, SECRET, "python-json");
  assert.equal(signature, createHmac("sha256", SECRET).update(canonical).digest("hex"));
});

test("a fresh call has a new uuid and has just ended", () => {
  const call = toTestCall({ fresh: true, status: "missed" }, createFakeContext());
  assert.match(call.call_uuid, /^test-[0-9a-f-]{36}$/);
  assert.equal(call.status, "missed");
  assert.equal(Date.parse(call.end_time) - Date.parse(call.start_time), 150_000);
});

test("the request carries the signature, the tenant and the wish to wait, and is printed with its answer", async (t) => {
  const { url, received } = await listen(t, 202);
  const context = createFakeContext({ url, webhookSecret: SECRET });
  await createSendTestCall(context).parseAsync(["--tenant", "7", "--wait", "3", "--times", "2"], { from: "user" });
  assert.equal(received.length, 2);
  const [first] = received;
  assert.equal(first?.headers["x-enlace-tenant"], "7");
  assert.equal(first?.headers.prefer, "wait=3");
  const signature = createHmac("sha256", SECRET)
    .update(first?.body ?? "")
    .digest("hex");
  assert.equal(first?.headers["x-signature"], signature);
  const printed = context.terminal.printed();
  assert.match(printed, /POST http.*\/webhook\/call/);
  assert.ok(printed.includes(`X-Signature: ${signature}`));
  assert.match(printed, /HTTP 202\n\{"status":"accepted"\}/);
});

test("a refused call makes the command fail, and --json prints only the answer", async (t) => {
  const { url } = await listen(t, 401);
  const context = createFakeContext({ url }, createFakeTerminal({ typed: `${SECRET}\n` }));
  const running = createSendTestCall(context).parseAsync(["--secret", "-", "--json"], { from: "user" });
  await assert.rejects(running, /1 of 1 calls were refused/);
  assert.equal(context.terminal.printed(), '{"status":"accepted"}\n');
});

test("without a secret it asks for one instead of sending", async () => {
  const running = createSendTestCall(createFakeContext()).parseAsync([], { from: "user" });
  await assert.rejects(running, { exitCode: 2, message: "with which secret?" });
});

test("nobody listening is told with how to start Enlace", async () => {
  const running = createSendTestCall(createFakeContext({ webhookSecret: SECRET })).parseAsync([], { from: "user" });
  await assert.rejects(running, /nothing answers at http:\/\/127\.0\.0\.1:1\/webhook\/call/);
});
