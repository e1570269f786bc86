// Whatever a client sends, the answer is a refusal it can understand: no operation of the API document answers 5xx.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Answer, Json } from "../api-client.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000", ENLACE_WEBHOOK_RATE: "100000" } });
const document = (await enlace.as({}).get("/openapi.json")).body;

/** What has broken parsers, stores and clocks before. */
const ODD_TEXTS = [
  "",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "'; drop table calls; --",
  "-1",
  "1e309",
  "99999999999999999999999999999999",
  "9999-12-31T23:59:59Z",
  "+275760-09-13T00:00:00.001Z",
  "__proto__",
  "eyJpZCI6IjAifQ",
  "x".repeat(3_000),
  "٣",
  "👩‍👩‍👧",
];
const ODD_VALUES: Json[] = ["a\u0000b", "\ud800", "", "x".repeat(3_000), null, -1, 2 ** 53, true, [null], { a: [{}] }];

interface Operation {
  name: string;
  method: string;
  path: string;
  parameters: readonly { in: string; name: string }[];
  fields: readonly string[];
}

function listOperations(): Operation[] {
  return Object.entries(document.paths as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([verb, operation]) => {
      const { parameters = [], requestBody } = operation as Json;
      const schema = requestBody?.content["application/json"]?.schema;
      const body = schema?.$ref ? document.components.schemas[schema.$ref.split("/").at(-1)] : schema;
      const method = verb.toUpperCase();
      return { name: `${method} ${path}`, method, path, parameters, fields: Object.keys(body?.properties ?? {}) };
    }),
  );
}
const operations = listOperations();
const plain = (path: string): string => path.replaceAll(/\{\w+\}/g, "999999");

function refuseFault(answer: Answer, what: string): void {
  assert.ok(answer.status < 500, `${what} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

test("odd query fields", async () => {
  for (const { name, path, parameters } of operations.filter(({ method }) => method === "GET")) {
    for (const field of parameters.filter((parameter) => parameter.in === "query")) {
      for (const text of ODD_TEXTS) {
        const query = `${encodeURIComponent(field.name)}=${encodeURIComponent(text.toWellFormed())}`;
        refuseFault(
          await enlace.api.get(`${plain(path)}?${query}`),
          `${name} with ${field.name}=${JSON.stringify(text)}`,
        );
      }
    }
  }
});

test("odd things in the path", async () => {
  for (const { name, method, path } of operations.filter((operation) => operation.path.includes("{"))) {
    for (const text of ODD_TEXTS) {
      const place = path.replaceAll(/\{\w+\}/g, encodeURIComponent(text.toWellFormed()));
      const body = ["POST", "PATCH", "PUT"].includes(method) ? {} : undefined;
      refuseFault(await enlace.api.send(method, place, body), `${name} at ${JSON.stringify(text)}`);
    }
  }
});

test("odd bodies, whole and field by field", async () => {
  for (const { name, method, path, fields } of operations.filter(({ fields }) => fields.length > 0)) {
    for (const value of ODD_VALUES) {
      refuseFault(await enlace.api.send(method, plain(path), value), `${name} of ${JSON.stringify(value)}`);
      for (const field of fields) {
        const body = { [field]: value };
        refuseFault(await enlace.api.send(method, plain(path), body), `${name} with ${JSON.stringify(body)}`);
      }
    }
  }
});

test("odd calls, signed", async () => {
  const fields = operations.find(({ path }) => path === "/webhook/call")?.fields ?? [];
  assert.ok(fields.length > 5);
  for (const [index, value] of [...ODD_TEXTS, ...ODD_VALUES].entries()) {
    for (const field of [...fields, "unknown"]) {
      const call = { ...DOCUMENTED_CALL, call_uuid: `odd-${index}`, [field]: value };
      refuseFault(await enlace.postCall(call), `a call with ${field}: ${JSON.stringify(value)}`);
    }
    refuseFault(await enlace.postCall(JSON.stringify(value)), `a call that is ${JSON.stringify(value)}`);
  }
});

test("odd headers", async () => {
  const names = [
    "authorization",
    "x-api-key",
    "x-signature",
    "x-enlace-tenant",
    "x-request-id",
    "prefer",
    "cookie",
    "origin",
    "x-forwarded-for",
  ];
  for (const text of ODD_TEXTS.filter((candidate) => /^[\x20-\x7e]*$/.test(candidate))) {
    for (const name of names) {
      const client = enlace.as({ [name]: name === "cookie" ? `enlace_refresh=${text}` : text });
      for (const [method, path] of [
        ["GET", "/api/v1/me"],
        ["POST", "/api/v1/refresh"],
        ["POST", "/api/v1/logout"],
        ["POST", "/webhook/call"],
        ["GET", "/metrics"],
      ] as const)
        refuseFault(await client.send(method, path), `${method} ${path} with ${name}: ${text}`);
    }
  }
});
