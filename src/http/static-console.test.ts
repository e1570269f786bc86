import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { createTestServer } from "../../test/http-fixture.ts";
import { CONSOLE_PAGES, registerConsole } from "./static-console.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-console-"));
after(() => rm(folder, { recursive: true, force: true }));
const SCRIPT = "console.log('a script')";
await mkdir(join(folder, "assets"));
await writeFile(join(folder, "index.html"), "<!doctype html><title>Enlace</title>");
await writeFile(join(folder, "assets/main-1a2b.js"), SCRIPT);
await writeFile(join(folder, "assets/main-1a2b.js.gz"), gzipSync(SCRIPT));
await writeFile(join(folder, "notes.md"), "not for the browser");

const app = await createTestServer();
await registerConsole(app, { folder });

test("every page of the console is its index.html, asked for anew each time", async () => {
  for (const path of ["/", ...CONSOLE_PAGES.flatMap((name) => [`/${name}`, `/${name}/1`, `/${name}/1/more?x=1`])]) {
    const { statusCode, headers, body } = await app.inject(path);
    assert.deepEqual([statusCode, headers["cache-control"]], [200, "no-cache"], path);
    assert.equal(headers["content-type"], "text/html; charset=utf-8");
    assert.match(body, /<title>Enlace/);
    assert.match(String(headers["content-security-policy"]), /default-src 'none'/);
  }
});

test("files with a hash in their name are kept for good, and zipped for those who take it", async () => {
  const plain = await app.inject("/assets/main-1a2b.js");
  assert.deepEqual([plain.body, plain.headers["content-encoding"]], [SCRIPT, undefined]);
  assert.match(String(plain.headers["cache-control"]), /immutable/);
  const zipped = await app.inject({ url: "/assets/main-1a2b.js", headers: { "accept-encoding": "br, gzip" } });
  assert.equal(zipped.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(zipped.rawPayload).toString(), SCRIPT);
});

test("what the browser has already is not sent again", async () => {
  const { headers } = await app.inject("/calls");
  const again = await app.inject({ url: "/calls", headers: { "if-none-match": String(headers.etag) } });
  assert.deepEqual([again.statusCode, again.body], [304, ""]);
});

test("nothing else of the disk or of the API is shadowed", async () => {
  for (const path of [
    "/api/v1/nothing",
    "/nothing",
    "/assets/../notes.md",
    "/assets/%2e%2e/notes.md",
    "/notes.md",
    "/callsign",
  ]) {
    const { statusCode, headers } = await app.inject(path);
    assert.deepEqual([statusCode, headers["content-type"]], [404, "application/problem+json; charset=utf-8"], path);
  }
  assert.equal((await app.inject({ method: "POST", url: "/calls" })).statusCode, 405);
});

test("where the console was never built, its pages say how to build it", async () => {
  const bare = await createTestServer();
  await registerConsole(bare, { folder: join(folder, "nowhere") });
  const { statusCode, body } = await bare.inject("/");
  assert.equal(statusCode, 503);
  assert.match(body, /npm run build:web/);
});
