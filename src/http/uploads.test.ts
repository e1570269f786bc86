import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { eventually } from "../../test/eventually.ts";
import { createTestServer } from "../../test/http-fixture.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import { publicAccess } from "./access.ts";
import { registerUploads, takeAnyBody } from "./uploads.ts";

async function createServer() {
  const clock = createManualClock();
  const app = await createTestServer({}, { clock });
  app.post("/small", { config: { access: publicAccess } }, () => ({ ok: true }));
  registerUploads(app, 1_000, (scope) => {
    scope.post(
      "/file",
      { config: { access: publicAccess, bodyMs: 600_000 }, validatorCompiler: takeAnyBody },
      async (request) => {
        const part = await request.file();
        const bytes = await part?.toBuffer();
        return { name: part?.filename, size: bytes?.length };
      },
    );
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return { clock, port, url: `http://127.0.0.1:${port}` };
}

const toForm = (sizeBytes: number): FormData => {
  const form = new FormData();
  form.set("file", new Blob(["x".repeat(sizeBytes)]), "a.wav");
  return form;
};

test("a file is read where it is wanted, refused where it is too large, and where no file is taken", async () => {
  const { url } = await createServer();
  const taken = await fetch(`${url}/file`, { method: "POST", body: toForm(1_000) });
  assert.deepEqual(await taken.json(), { name: "a.wav", size: 1_000 });
  const large = await fetch(`${url}/file`, { method: "POST", body: toForm(1_001) });
  assert.deepEqual([large.status, ((await large.json()) as { code: string }).code], [413, "payload_too_large"]);
  const json = { method: "POST", body: "{}", headers: { "content-type": "application/json" } };
  assert.equal((await fetch(`${url}/file`, json)).status, 415);
  assert.equal((await fetch(`${url}/small`, { method: "POST", body: toForm(1) })).status, 415);
});

for (const [path, ms] of [
  ["/small", 30_000],
  ["/file", 600_000],
] as const) {
  test(`a body that does not arrive is cut off: ${path} after ${ms / 1000} s`, async () => {
    const { clock, port } = await createServer();
    const socket = connect(port, "127.0.0.1");
    socket.write(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{`);
    await eventually(() => assert.equal(clock.timers(), 1));
    await clock.advance(ms - 1);
    assert.equal(socket.destroyed, false);
    const closed = once(socket, "close");
    await clock.advance(1);
    socket.resume();
    await closed;
  });
}
