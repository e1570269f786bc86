import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { createTestServer } from "../../test/http-fixture.ts";
import { allow, publicAccess } from "./access.ts";
import { pageQuery, toPageSchema } from "./paging.ts";
import { idParams } from "./wire.ts";

const thing = z.object({ id: z.string(), name: z.string() }).meta({ id: "Thing" });

async function createServer() {
  const app = await createTestServer();
  const access = allow({ roles: ["agent"], scope: "calls:read" });
  app.get(
    "/api/v1/things",
    { config: { access }, schema: { querystring: z.object(pageQuery), response: { 200: toPageSchema(thing) } } },
    () => ({ items: [], next_cursor: null }),
  );
  app.patch(
    "/api/v1/things/:id",
    {
      config: { access: allow({ roles: ["admin"], scope: null, operatorOnly: true }) },
      schema: {
        params: idParams,
        body: z.strictObject({ name: z.string() }),
        summary: "Rename",
        response: { 200: thing },
      },
    },
    () => ({ id: "1", name: "a" }),
  );
  app.get(
    "/health",
    { config: { access: publicAccess, refusals: ["conflict"] }, schema: { response: { 200: z.object({}) } } },
    () => ({}),
  );
  return app;
}

test("the document is OpenAPI 3.1 with a name, tags, access and refusals for every operation", async () => {
  const app = await createServer();
  const document = (await app.inject("/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(Object.keys(document.paths), ["/api/v1/things", "/api/v1/things/{id}", "/health"]);
  const list = document.paths["/api/v1/things"].get;
  assert.equal(list.operationId, "getThings");
  assert.deepEqual(list.tags, ["things"]);
  assert.deepEqual(list.security, [{ bearer: [] }, { apiKey: [] }]);
  assert.deepEqual(list["x-enlace-access"], { roles: ["agent"], scope: "calls:read", operator_only: false });
  assert.deepEqual(Object.keys(list.responses), ["200", "401", "403", "422", "429", "500", "503"]);
  const rename = document.paths["/api/v1/things/{id}"].patch;
  assert.equal(rename.operationId, "patchThingsById");
  assert.deepEqual(rename.security, [{ bearer: [] }]);
  assert.equal(rename.parameters[0].name, "id");
  for (const status of ["400", "404", "409", "413", "415"]) assert.ok(rename.responses[status], status);
  assert.deepEqual(document.paths["/health"].get.security, []);
  assert.equal(document.paths["/health"].get.responses["409"].description, "`conflict`");
  assert.equal(document.paths["/health"].get.responses["200"].description, "OK");
  assert.equal(rename.responses["200"].description, "OK");
  assert.deepEqual(document.tags, [{ name: "health" }, { name: "things" }]);
});

test("shapes with a name are referred to, refusals are problems, and nothing unused is listed", async () => {
  const document = (await (await createServer()).inject("/openapi.json")).json();
  assert.deepEqual(Object.keys(document.components.schemas).sort(), ["Problem", "Thing"]);
  const { responses } = document.paths["/api/v1/things/{id}"].patch;
  assert.equal(responses["200"].content["application/json"].schema.$ref, "#/components/schemas/Thing");
  assert.deepEqual(responses["409"].content, {
    "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
  });
  assert.match(responses["403"].description, /`forbidden`/);
});

test("two operations of one name are refused", async () => {
  const app = await createServer();
  const config = { access: publicAccess };
  app.post("/one", { config, schema: { operationId: "same" } }, () => ({}));
  app.post("/two", { config, schema: { operationId: "same" } }, () => ({}));
  await app.ready();
  assert.throws(() => app.swagger(), /two routes have the operationId same/);
});

test("the page at /docs loads only its own files, under the policy that forbids inline script", async () => {
  const app = await createServer();
  const page = await app.inject("/docs/");
  assert.equal(page.statusCode, 200);
  assert.match(String(page.headers["content-security-policy"]), /script-src 'self'(;|$)/);
  const files = [...page.body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(([, file]) => file);
  assert.ok(files.length >= 5);
  for (const file of files) assert.equal((await app.inject(`/docs/${file}`)).statusCode, 200, file);
  assert.doesNotMatch(page.body, /<script(?![^>]*\bsrc=)|<style|\son\w+=|https?:\/\//);
  assert.equal((await app.inject("/docs/json")).json().openapi, "3.1.0");
});
