import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRetryAfterMs } from "./retry-after.ts";

const now = new Date("2025-08-02T14:00:00Z");

test("Retry-After is read as seconds or as a date and never asks for more than a day", () => {
  assert.equal(parseRetryAfterMs("7", now), 7000);
  assert.equal(parseRetryAfterMs("Sat, 02 Aug 2025 14:01:00 GMT", now), 60_000);
  assert.equal(parseRetryAfterMs("Sat, 02 Aug 2025 13:00:00 GMT", now), 0);
  assert.equal(parseRetryAfterMs("99999999", now), 86_400_000);
  for (const value of [undefined, "", "soon"]) assert.equal(parseRetryAfterMs(value, now), undefined);
});
