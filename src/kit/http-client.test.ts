import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { after, test } from "node:test";
import { type Clock, systemClock } from "./clock.ts";
import { createHttpRequester, type HttpClient, HttpFailure, type HttpRequest } from "./http-client.ts";

const LOCAL = { private: false, loopback: true };
const closers: (() => Promise<unknown>)[] = [];
after(() => Promise.all(closers.map((close) => close())));

async function listen(listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?q=1` };
}

function createClient(options: { clock?: Clock; answerBytesMax?: number; connectionsMax?: number } = {}): HttpClient {
  const client = createHttpRequester({ clock: systemClock, allowTargets: LOCAL, ...options });
  closers.push(client.close);
  return client;
}

const get = (url: string, more: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  url,
  timeoutMs: 5_000,
  signal: new AbortController().signal,
  ...more,
});

async function failureOf(promise: Promise<unknown>): Promise<{ reason: string; sent: boolean }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HttpFailure) return { reason: error.reason, sent: error.sent };
    throw error;
  }
  throw new assert.AssertionError({ message: "there should have been no answer" });
}

/** A clock whose timers fire when the test says so. */
function createHeldClock(): { clock: Clock; fire(): void } {
  const timers = new Set<() => void>();
  const clock: Clock = {
    ...systemClock,
    after: (_, work) => {
      timers.add(work);
      return () => timers.delete(work);
    },
  };
  return {
    clock,
    fire: () => {
      for (const work of timers) work();
    },
  };
}

test("every status is an answer, with lower-case headers and the body that was sent", async () => {
  const { url } = await listen((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      response.writeHead(503, { "Retry-After": "7", "Set-Cookie": ["a=1", "b=2"] });
      response.end(`${request.method} ${request.url} ${request.headers["x-test"]} ${body}`);
    });
  });
  const answer = await createClient().request(get(url, { method: "POST", headers: { "x-test": "yes" }, body: "ñ" }));
  assert.equal(answer.status, 503);
  assert.equal(answer.headers["retry-after"], "7");
  assert.equal(answer.headers["set-cookie"], "a=1, b=2");
  assert.equal(answer.text, "POST /path?q=1 yes ñ");
});

test("a redirect is an answer and is not followed", async () => {
  let requests = 0;
  const { url } = await listen((_, response) => {
    requests++;
    response.writeHead(302, { location: "/elsewhere" }).end();
  });
  const answer = await createClient().request(get(url));
  assert.deepEqual([answer.status, answer.headers.location, requests], [302, "/elsewhere", 1]);
});

test("sockets are kept alive and bounded per origin", async () => {
  const sockets = new Set<unknown>();
  const { url } = await listen((request, response) => {
    sockets.add(request.socket);
    response.end("ok");
  });
  const client = createClient({ connectionsMax: 2 });
  await Promise.all(Array.from({ length: 12 }, () => client.request(get(url))));
  assert.ok(sockets.size <= 2, `${sockets.size} sockets`);
});

test("an answer that is too large fails, or is cut where the caller asks for that", async () => {
  const { url } = await listen((_, response) => response.end("x".repeat(5000)));
  const client = createClient({ answerBytesMax: 100 });
  assert.deepEqual(await failureOf(client.request(get(url))), { reason: "too_large", sent: true });
  const answer = await client.request(get(url, { cutLargeAnswer: true }));
  assert.deepEqual([answer.status, answer.text], [200, "x".repeat(100)]);
});

test("an answer that never comes ends with a time-out that counts as sent", async () => {
  const held = createHeldClock();
  const { url } = await listen(() => held.fire());
  const failure = await failureOf(createClient({ clock: held.clock }).request(get(url)));
  assert.deepEqual(failure, { reason: "timeout", sent: true });
});

test("the time-out covers the body as well", async () => {
  const held = createHeldClock();
  const { url } = await listen((_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => held.fire());
  });
  const failure = await failureOf(createClient({ clock: held.clock }).request(get(url)));
  assert.deepEqual(failure, { reason: "timeout", sent: true });
});

test("an abort settles at once, before sending and while waiting", async () => {
  const controller = new AbortController();
  const { url } = await listen(() => controller.abort());
  const client = createClient();
  const startedMs = performance.now();
  assert.deepEqual(await failureOf(client.request(get(url, { signal: controller.signal }))), {
    reason: "aborted",
    sent: true,
  });
  assert.deepEqual(await failureOf(client.request(get(url, { signal: controller.signal }))), {
    reason: "aborted",
    sent: false,
  });
  assert.ok(performance.now() - startedMs < 1000);
});

test("a request that still waits for a socket is settled by an abort and was not sent", async () => {
  const reached: (() => void)[] = [];
  const { url } = await listen(() => reached[0]?.());
  const client = createClient({ connectionsMax: 1 });
  const first = new AbortController();
  const arrived = new Promise<void>((resolve) => reached.push(resolve));
  const blocking = failureOf(client.request(get(url, { signal: first.signal })));
  await arrived;
  const second = new AbortController();
  const waiting = failureOf(client.request(get(url, { signal: second.signal })));
  second.abort();
  assert.deepEqual(await waiting, { reason: "aborted", sent: false });
  first.abort();
  assert.deepEqual(await blocking, { reason: "aborted", sent: true });
});

test("a connection cut in the middle of the answer counts as sent", async () => {
  const { url } = await listen((_, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.socket?.destroy());
  });
  assert.deepEqual(await failureOf(createClient().request(get(url))), { reason: "cut", sent: true });
});

test("a port where nobody listens and a name that does not exist were surely not sent to", async () => {
  const { server, url } = await listen(() => undefined);
  server.close();
  await once(server, "close");
  const client = createClient();
  assert.deepEqual(await failureOf(client.request(get(url))), { reason: "connect", sent: false });
  assert.deepEqual(await failureOf(client.request(get("http://nobody.invalid/"))), { reason: "dns", sent: false });
});

test("a server that does not speak TLS is refused before anything is sent", async () => {
  const server = createTcpServer((socket) => socket.end("not TLS\r\n\r\n"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => server.close());
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  assert.deepEqual(await failureOf(createClient().request(get(url))), { reason: "tls", sent: false });
});

test("a host name is resolved, and the address that answers is used", async () => {
  const { url } = await listen((_, response) => response.end("reached"));
  const answer = await createClient().request(get(url.replace("127.0.0.1", "localhost")));
  assert.equal(answer.text, "reached");
});

test("an address that is not allowed is refused, given as a number or as a name", async () => {
  const strict = createHttpRequester({ clock: systemClock, allowTargets: { private: true, loopback: false } });
  closers.push(strict.close);
  const { url } = await listen((_, response) => response.end("reached"));
  const named = url.replace("127.0.0.1", "localhost");
  for (const target of [url, named, "ftp://crm.example.test/"]) {
    assert.deepEqual(await failureOf(strict.request(get(target))), { reason: "refused_address", sent: false }, target);
  }
});

test("a header that cannot be sent is the caller's bug, not a failure of the network", async () => {
  const { url } = await listen((_, response) => response.end());
  const request = createClient().request(get(url, { headers: { "x-test": "a\r\nb" } }));
  await assert.rejects(request, (error) => !(error instanceof HttpFailure));
});

test("closing cuts what is under way", async () => {
  const client = createClient();
  const { url } = await listen(() => void client.close());
  assert.deepEqual(await failureOf(client.request(get(url))), { reason: "cut", sent: true });
});
