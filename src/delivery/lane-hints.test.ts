import assert from "node:assert/strict";
import { test } from "node:test";
import { createLaneHints } from "./lane-hints.ts";

test("lanes are taken when they are due, first come first served, and once", () => {
  const hints = createLaneHints();
  hints.add("b", 0);
  hints.add("a", 0);
  hints.add("later", 100);
  assert.deepEqual(hints.take(0, 1), ["b"]);
  assert.deepEqual(hints.take(0, 10), ["a"]);
  assert.equal(hints.nextMs(), 100);
  assert.deepEqual(hints.take(99, 10), []);
  assert.deepEqual(hints.take(100, 10), ["later"]);
  assert.equal(hints.nextMs(), undefined);
});

test("of two hints for one lane the earlier counts", () => {
  const hints = createLaneHints();
  hints.add("a", 100);
  hints.add("a", 50);
  hints.add("a", 200);
  assert.equal(hints.nextMs(), 50);
  assert.deepEqual(hints.take(60, 10), ["a"]);
  assert.equal(hints.nextMs(), undefined);
});

test("a lane in which something was left is looked into when one of ours has landed, another only when it is due anew", () => {
  const hints = createLaneHints();
  hints.remind("hungry", true);
  hints.landed("hungry", 10, null);
  hints.landed("empty", 10, null);
  hints.landed("again", 10, 500);
  assert.deepEqual(hints.take(10, 10), ["hungry"]);
  assert.equal(hints.nextMs(), 500);
  hints.remind("fed", true);
  hints.remind("fed", false);
  hints.landed("fed", 20, null);
  assert.deepEqual(hints.take(20, 10), []);
});

test("a lane that is busy elsewhere is tried again a few times, later and later, and then left to the look-around", () => {
  const hints = createLaneHints();
  const waits: number[] = [];
  for (let nowMs = 0; ; ) {
    hints.missed("a", nowMs);
    const nextMs = hints.nextMs();
    if (nextMs === undefined) break;
    waits.push(nextMs - nowMs);
    nowMs = nextMs;
    assert.deepEqual(hints.take(nowMs, 1), ["a"]);
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160]);
});
