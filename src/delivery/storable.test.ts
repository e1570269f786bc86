import assert from "node:assert/strict";
import { test } from "node:test";
import { toStorableJson } from "./storable.ts";

test("zero bytes and half surrogates are replaced wherever they hide, and the rest is kept", () => {
  const stored = toStorableJson({ a: ["x\0y", "\uD800"], b: { c: "ñ 😀" }, at: new Date(0), n: null });
  assert.deepEqual(JSON.parse(stored), {
    a: ["x\u{FFFD}y", "\u{FFFD}"],
    b: { c: "ñ 😀" },
    at: "1970-01-01T00:00:00.000Z",
    n: null,
  });
});

test("a text that quotes an escape stays as it is", () => {
  const quoted = { body: '{"name":"\\u0000 \\ud800"}' };
  assert.deepEqual(JSON.parse(toStorableJson(quoted)), quoted);
});
