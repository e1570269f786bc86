import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRange, toPassedRange } from "./range.ts";

test("each form of one part is read, cut to the file", () => {
  assert.deepEqual(parseRange("bytes=0-99", 1000), { first: 0, last: 99 });
  assert.deepEqual(parseRange("bytes=900-", 1000), { first: 900, last: 999 });
  assert.deepEqual(parseRange("bytes=900-5000", 1000), { first: 900, last: 999 });
  assert.deepEqual(parseRange("bytes=-10", 1000), { first: 990, last: 999 });
  assert.deepEqual(parseRange("bytes=-5000", 1000), { first: 0, last: 999 });
});

test("what lies behind the end cannot be given; what is no single part of bytes gives the whole file", () => {
  for (const header of ["bytes=1000-", "bytes=1000-1001", "bytes=-0"])
    assert.equal(parseRange(header, 1000), "unsatisfiable", header);
  for (const header of [undefined, "", "bytes=-", "bytes=5-4", "items=0-1", "bytes=0-1,5-6", "bytes=a-b"])
    assert.equal(parseRange(header, 1000), "whole", header);
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
});

test("a part is never outside the file", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.nat(), (text, a, b, sizeBytes) => {
      for (const header of [text, `bytes=${a}-${b}`, `bytes=${a}-`, `bytes=-${b}`]) {
        const range = parseRange(header, sizeBytes);
        if (typeof range === "string") continue;
        assert.ok(range.first >= 0 && range.first <= range.last && range.last < sizeBytes, header);
      }
    }),
  );
});

test("only one part in bytes is passed on", () => {
  assert.equal(toPassedRange(" bytes=0-1 "), "bytes=0-1");
  assert.equal(toPassedRange("bytes=-5"), "bytes=-5");
  for (const header of [undefined, "bytes=-", "bytes=0-1,2-3", "x\r\ny: z"])
    assert.equal(toPassedRange(header), undefined);
});
