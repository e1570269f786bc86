import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { createTestServer } from "../../test/http-fixture.ts";
import { systemClock } from "../kit/clock.ts";
import { publicAccess } from "./access.ts";
import { drain } from "./drain.ts";

const options = { clock: systemClock, log: silentLog, graceMs: 5_000 };

async function createServer() {
  const app = await createTestServer();
  const started = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<string>();
  app.get("/slow", { config: { access: publicAccess } }, () => {
    started.resolve();
    return gate.promise.then((text) => ({ text }));
  });
  app.get("/patient", { config: { access: publicAccess } }, async () => {
    started.resolve();
    if (!app.draining.aborted) await once(app.draining, "abort");
    return { text: "not yet" };
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return { app, port, started, gate };
}

function ask(
  port: number,
  path: string,
  agent: Agent | undefined = undefined,
): Promise<{ body: string; connection: string | undefined }> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path, ...(agent && { agent }) }, (response) => {
      let body = "";
      response.on("data", (chunk) => {
        body += chunk;
      });
      response.on("end", () => resolve({ body, connection: response.headers.connection }));
    })
      .on("error", reject)
      .end();
  });
}

const refusalOf = async (port: number): Promise<string> => {
  const socket = connect(port, "127.0.0.1");
  const [outcome] = await Promise.race([
    once(socket, "connect").then(() => ["connected"]),
    once(socket, "error"),
  ]).catch((error) => [error]);
  socket.destroy();
  return outcome instanceof Error ? ((outcome as { code?: string }).code ?? outcome.message) : String(outcome);
};

test("what is in flight is answered with Connection: close while newcomers are refused", async () => {
  const { app, port, started, gate } = await createServer();
  const answer = ask(port, "/slow");
  await started.promise;
  const drained = drain(app, options);
  if (!app.draining.aborted) await once(app.draining, "abort");
  while (app.server.listening) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await refusalOf(port), "ECONNREFUSED");
  gate.resolve("done");
  assert.deepEqual(await answer, { body: '{"text":"done"}', connection: "close" });
  await drained;
});

test("an idle kept-alive connection does not hold the end up", async () => {
  const { app, port, gate } = await createServer();
  gate.resolve("done");
  const agent = new Agent({ keepAlive: true });
  assert.equal((await ask(port, "/slow", agent)).connection, "keep-alive");
  await drain(app, options);
  agent.destroy();
});

test("whoever makes a client wait is told to answer now", async () => {
  const { app, port, started } = await createServer();
  const answer = ask(port, "/patient");
  await started.promise;
  await drain(app, options);
  assert.equal((await answer).body, '{"text":"not yet"}');
});

test("an answer that never comes is cut after the grace time", async () => {
  const { app, port, started, gate } = await createServer();
  const answer = ask(port, "/slow");
  await started.promise;
  const cut = assert.rejects(answer, /socket hang up|ECONNRESET/);
  await drain(app, { ...options, graceMs: 50 });
  await cut;
  gate.resolve("too late");
});
