import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestServer } from "../../test/http-fixture.ts";
import { publicAccess } from "./access.ts";
import { refuseCrossOrigin } from "./csrf.ts";

const app = await createTestServer();
app.post("/refresh", { config: { access: publicAccess } }, (request) => {
  refuseCrossOrigin(request, "https://enlace.example.test");
  return { ok: true };
});
const post = async (headers: Record<string, string>) =>
  (await app.inject({ method: "POST", url: "/refresh", headers: { host: "pbx.example.test:8080", ...headers } }))
    .statusCode;

test("our own pages pass, whichever header the browser sends", async () => {
  assert.equal(await post({ "sec-fetch-site": "same-origin", origin: "http://pbx.example.test:8080" }), 200);
  assert.equal(await post({ "sec-fetch-site": "none" }), 200);
  assert.equal(await post({ origin: "http://pbx.example.test:8080" }), 200);
  assert.equal(await post({ origin: "https://enlace.example.test" }), 200);
});

test("pages of other sites are refused", async () => {
  assert.equal(await post({ "sec-fetch-site": "cross-site", origin: "https://evil.example.test" }), 403);
  assert.equal(await post({ "sec-fetch-site": "same-site", origin: "https://other.example.test" }), 403);
  assert.equal(await post({ "sec-fetch-site": "cross-site" }), 403);
  for (const origin of [
    "https://evil.example.test",
    "null",
    "http://pbx.example.test",
    "http://enlace.example.test",
    "%%",
  ])
    assert.equal(await post({ origin }), 403, origin);
});

test("what is not a browser passes", async () => {
  assert.equal(await post({}), 200);
});
