import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { z } from "zod";
import { systemClock } from "../kit/clock.ts";
import { createApiClient, parseAnswer } from "./api-client.ts";
import { CommandFailure } from "./exit.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-cli-"));
after(() => rm(folder, { recursive: true }));

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(t: TestContext, answer: Answer): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const open = (url: string, { apiKey = "enl_key" as string | null, signal = AbortSignal.timeout(10_000) } = {}) =>
  createApiClient({ url, apiKey: apiKey ?? undefined, dataFolder: folder, clock: systemClock, signal });

const problem = (status: number, body: object, headers = {}): Answer => {
  return (_request, response) =>
    response.writeHead(status, { "content-type": "application/problem+json", ...headers }).end(JSON.stringify(body));
};

test("the key, the query and the JSON body arrive as the API expects them", async (t) => {
  const seen: unknown[] = [];
  const url = await listen(t, async (request, response) => {
    seen.push([request.method, request.url, request.headers["x-api-key"], await new Response(request).text()]);
    response.end('{"ok":true}');
  });
  const api = await open(url);
  await api.get("/api/v1/calls", { limit: 5, from: "+34 600", outcome: undefined });
  assert.deepEqual(await api.send("POST", "/x", { a: 1 }), { ok: true });
  assert.deepEqual(seen, [
    ["GET", "/api/v1/calls?limit=5&from=%2B34+600", "enl_key", ""],
    ["POST", "/x", "enl_key", '{"a":1}'],
  ]);
});

test("problem details become one sentence with the fields and the request id", async (t) => {
  const errors = [{ path: "settings.url", message: "is not an address" }];
  const url = await listen(t, problem(422, { detail: "The settings are wrong.", request_id: "req-7", errors }));
  await assert.rejects((await open(url)).get("/x"), {
    message: "The settings are wrong; settings.url: is not an address (request req-7)",
    exitCode: 1,
    status: 422,
  });
});

test("a refused key says where the key came from", async (t) => {
  await writeFile(join(folder, "cli-key"), "enl_local\n");
  const url = await listen(t, problem(401, { detail: "The credential is not valid." }));
  await assert.rejects((await open(url, { apiKey: null })).get("/x"), (error: CommandFailure) => {
    assert.deepEqual(error.hints, [`The key came from ${join(folder, "cli-key")}.`]);
    return true;
  });
});

test("a full queue says when to try again", async (t) => {
  const url = await listen(t, problem(503, { detail: "The store does not answer." }, { "retry-after": "5" }));
  await assert.rejects((await open(url)).get("/x"), { hints: ["Try again in 5 s."] });
});

test("nobody listening is told with how to start Enlace", async (t) => {
  const url = await listen(t, () => undefined);
  const closed = createServer().listen(0, "127.0.0.1");
  await once(closed, "listening");
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await assert.rejects((await open(url.replace(/\d+$/, String(port)))).get("/x"), (error: CommandFailure) => {
    assert.match(error.message, /^no Enlace answers at http/);
    assert.match(error.hints[0] ?? "", /enlace start/);
    return true;
  });
});

for (const [what, answer, says] of [
  [
    "a page of another server",
    (_, response) => void response.writeHead(404).end("<html>nginx"),
    /answered 404 and not/,
  ],
  ["text in place of JSON", (_, response) => void response.end("<html>"), /not JSON/],
  ["a cut connection", (request) => void request.socket.destroy(), /cannot be reached: /],
  ["a redirection", (_, r) => void r.writeHead(302, { location: "https://example.test" }).end(), /cannot be reached/],
] as [string, Answer, RegExp][]) {
  test(`${what} is told as such`, async (t) => {
    const api = await open(await listen(t, answer));
    await assert.rejects(api.get("/x"), (error: Error) => {
      assert.ok(error instanceof CommandFailure);
      assert.match(error.message, says);
      return true;
    });
  });
}

test("Ctrl-C ends a request that hangs", async (t) => {
  const stop = new AbortController();
  const url = await listen(t, () => stop.abort(new Error("interrupted")));
  const api = await open(url, { signal: stop.signal });
  await assert.rejects(api.get("/x"), { message: "stopped" });
});

test("the local key is never sent to another machine", async () => {
  const opening = open("http://crm.example.test", { apiKey: null });
  await assert.rejects(opening, /another machine: it needs a key of its own/);
});

test("a missing local key says who writes it", async () => {
  await rm(join(folder, "cli-key"), { force: true });
  await assert.rejects(open("http://127.0.0.1:9", { apiKey: null }), {
    message: `there is no key in ${join(folder, "cli-key")}`,
  });
});

test("an answer of another shape is a failure that names the field", () => {
  assert.throws(() => parseAnswer(z.object({ items: z.array(z.string()) }), { items: [1] }), /items\.0/);
});
