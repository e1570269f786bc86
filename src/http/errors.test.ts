import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sql } from "kysely";
import { pino } from "pino";
import { z } from "zod";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { createTestServer } from "../../test/http-fixture.ts";
import { AppError, ERROR_CODES } from "../core/errors.ts";
import { createSentences } from "../core/sentence.ts";
import { openDatabase } from "../kit/postgres/database.ts";
import { publicAccess } from "./access.ts";
import { problemSchema, statusOf } from "./errors.ts";

const say = createSentences("thing", { taken: "There is one called {name} already." });
const lines: Record<string, unknown>[] = [];
const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) });
const database = await createTestDatabase();
const away = openDatabase({ url: "postgres://nobody@127.0.0.1:1/none", poolMax: 1, log: silentLog });

async function createServer() {
  const app = await createTestServer({}, { log });
  const config = { access: publicAccess };
  const body = z.strictObject({ name: z.string().min(2), settings: z.object({ urls: z.array(z.url()) }).optional() });
  app.post("/things", { config, schema: { body } }, (request) => request.body);
  app.get("/things", { config, schema: { querystring: z.object({ limit: z.coerce.number().int() }) } }, () => "ok");
  app.get("/things/:id", { config }, () => {
    throw new AppError("conflict", "It is taken.");
  });
  app.get("/taken", { config }, () => {
    throw new AppError("conflict", say("taken", { name: "Anna" }));
  });
  app.get("/bug", { config }, () => {
    throw new TypeError("secret internals of x");
  });
  app.get("/text", { config }, () => {
    throw "just text";
  });
  app.get("/liar", { config, schema: { response: { 200: z.object({ n: z.number() }) } } }, () => ({ n: "x" }) as never);
  app.get("/store", { config }, async () => (await sql`select 1`.execute(away.sql)).rows);
  app.get("/nul", { config }, async () => (await sql`select ${"a\u0000b"}::text`.execute(database.sql)).rows);
  const asJson = (text: string) => sql`select ${JSON.stringify({ text })}::jsonb`.execute(database.sql);
  app.get("/half", { config }, async () => (await asJson("\ud800")).rows);
  app.get("/nul-json", { config }, async () => (await asJson("\u0000")).rows);
  app.get("/wrong-statement", { config }, async () => (await sql`select ${"x"}::bigint`.execute(database.sql)).rows);
  app.get("/busy", { config }, () => {
    throw new AppError("unavailable", "Later.", { retryAfterSeconds: 7.2 });
  });
  return app;
}
const app = await createServer();
const post = (payload: string, type = "application/json") =>
  app.inject({ method: "POST", url: "/things", payload, headers: { "content-type": type } });

test("every refusal is a problem document with the request's id", async () => {
  const response = await app.inject({ url: "/things/7", headers: { "x-request-id": "abc-1" } });
  assert.equal(response.statusCode, 409);
  assert.match(String(response.headers["content-type"]), /^application\/problem\+json/);
  assert.deepEqual(problemSchema.parse(response.json()), {
    type: "urn:enlace:problem:conflict",
    title: "Conflict",
    status: 409,
    detail: "It is taken.",
    code: "conflict",
    request_id: "abc-1",
    errors: [],
  });
});

test("an invalid field is 422 and named as the client wrote it", async () => {
  const response = await post(
    JSON.stringify({ name: "x", settings: { urls: ["http://a.test", "nonsense"] }, colour: 1 }),
  );
  assert.equal(response.statusCode, 422);
  const { code, errors, detail } = response.json();
  assert.equal(code, "invalid_field");
  assert.deepEqual(
    errors.map((error: { path: string }) => error.path),
    ["name", "settings.urls.1", "colour"],
  );
  assert.match(detail, /^name: .*settings\.urls\.1: /);
});

test("what has a name is told with its code and values: the fields, and the sentence itself", async () => {
  const { errors, said } = (await post(JSON.stringify({ name: "x", colour: 1 }))).json();
  assert.deepEqual(errors, [
    { path: "name", message: "must have at least 2 characters", code: "field.short", values: { min: 2 } },
    { path: "colour", message: "is not known here", code: "field.unknown", values: {} },
  ]);
  assert.equal(said, undefined);
  const taken = problemSchema.parse((await app.inject("/taken")).json());
  assert.equal(taken.detail, "There is one called Anna already.");
  assert.deepEqual(taken.said, { code: "thing.taken", values: { name: "Anna" } });
});

test("an invalid query field is named too, and a missing body is a field problem", async () => {
  const query = await app.inject("/things?limit=many");
  assert.equal(query.statusCode, 422);
  assert.equal(query.json().errors[0].path, "limit");
  const missing = await app.inject({ method: "POST", url: "/things" });
  assert.equal(missing.statusCode, 422);
});

test("broken, empty and poisoned JSON are 400 invalid_json", async () => {
  for (const text of ['{"name":', "", '{"name":"ab","__proto__":{"admin":true}}', '{"constructor":{"prototype":{}}}']) {
    const response = await post(text);
    assert.equal(response.statusCode, 400, text);
    assert.equal(response.json().code, "invalid_json", text);
  }
});

test("other media types are 415, even plain text", async () => {
  for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded"]) {
    const response = await post("name=ab", type);
    assert.equal(response.statusCode, 415, type);
    assert.equal(response.json().code, "unsupported_media_type");
  }
});

test("a body over 64 KiB is 413, one just under is read", async () => {
  const body = (bytes: number): string => JSON.stringify({ name: "x".repeat(bytes - 11) });
  assert.equal((await post(body(64 * 1024))).statusCode, 200);
  const response = await post(body(64 * 1024 + 1));
  assert.equal(response.statusCode, 413);
  assert.equal(response.json().code, "payload_too_large");
});

test("an unknown address is 404, a wrong method 405 with Allow", async () => {
  const unknown = await app.inject("/nowhere?x=1");
  assert.equal(unknown.statusCode, 404);
  assert.equal(unknown.json().code, "not_found");
  const wrong = await app.inject({ method: "DELETE", url: "/things/7?x=1" });
  assert.equal(wrong.statusCode, 405);
  assert.equal(wrong.json().code, "method_not_allowed");
  assert.equal(wrong.headers.allow, "GET, HEAD");
  assert.equal((await app.inject({ method: "PUT", url: "/things" })).headers.allow, "GET, HEAD, POST");
});

test("an address that is no URL is 400", async () => {
  const response = await app.inject("/things/%E0%A4%A");
  assert.equal(response.statusCode, 400);
  assert.equal(response.json().code, "invalid_request");
});

test("a bug is an opaque 500: the client gets the request id, the log gets the stack", async () => {
  for (const [url, text] of [
    ["/bug", "secret internals of x"],
    ["/text", "just text"],
    ["/liar", "match the schema"],
  ]) {
    lines.length = 0;
    const response = await app.inject({ url: url ?? "", headers: { "x-request-id": "r-9" } });
    assert.equal(response.statusCode, 500);
    assert.equal(response.json().code, "internal");
    assert.equal(response.json().request_id, "r-9");
    assert.doesNotMatch(response.body, /internals|just text|schema/);
    const failed = lines.find((line) => line.msg === "http.failed");
    assert.equal(failed?.requestId, "r-9");
    assert.match(String(failed?.error), new RegExp(text ?? ""));
    if (url === "/bug") assert.match(String(failed?.stack), /errors\.test\.ts/);
  }
});

test("a store that does not answer is 503 with Retry-After", async () => {
  const response = await app.inject("/store");
  assert.equal(response.statusCode, 503);
  assert.equal(response.json().code, "unavailable");
  assert.equal(response.headers["retry-after"], "5");
  assert.equal((await app.inject("/busy")).headers["retry-after"], "8");
});

test("a text with U+0000 or half a pair, which no store keeps, is the client's fault", async () => {
  for (const url of ["/nul", "/half", "/nul-json"]) {
    const response = await app.inject(url);
    assert.equal(response.statusCode, 422, url);
    assert.equal(response.json().code, "invalid_field");
  }
});

test("a statement of ours that is wrong stays our fault", async () => {
  assert.equal((await app.inject("/wrong-statement")).statusCode, 500);
});

test("every code has a status and a paragraph in docs/errors.md", () => {
  const docs = readFileSync("docs/errors.md", "utf8");
  for (const code of ERROR_CODES) {
    assert.ok(statusOf(code) >= 400);
    assert.match(docs, new RegExp(`^## \`${code}\` — ${statusOf(code)}$`, "m"), code);
  }
});
