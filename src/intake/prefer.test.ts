import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWaitSeconds } from "./prefer.ts";

test("the first wait that is asked for counts, up to half a minute", () => {
  const asked: [string | undefined, number | undefined][] = [
    ["wait=10", 10],
    ['respond-async, Wait = "5" ; foo=bar', 5],
    ["wait=3, wait=20", 3],
    ["wait=600", 30],
    ["wait=0", undefined],
    ["wait=-1", undefined],
    ["wait=ten", undefined],
    ["waiting=10", undefined],
    ["handling=lenient", undefined],
    ["", undefined],
    [undefined, undefined],
  ];
  for (const [header, seconds] of asked) assert.equal(parseWaitSeconds(header), seconds, header);
});
