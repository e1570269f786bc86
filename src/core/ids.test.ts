import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRowId, toTenantId } from "./ids.ts";

test("a row id is a positive bigint in decimal text and nothing else", () => {
  for (const good of ["1", "9007199254740993", "9223372036854775807"]) assert.equal(parseRowId(good), good);
  for (const bad of ["", "0", "-1", "01", "1.0", "1e3", " 1", "9223372036854775808", "99999999999999999999", "1;"]) {
    assert.equal(parseRowId(bad), undefined, bad);
  }
});

test("a tenant id is a positive 32-bit integer", () => {
  assert.equal(toTenantId(1), 1);
  for (const bad of [0, -1, 1.5, 2 ** 31, Number.NaN]) assert.throws(() => toTenantId(bad), RangeError);
});
