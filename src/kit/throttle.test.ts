import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";
import { createThrottle } from "./throttle.ts";

function createFixture(keysMax = 10) {
  let nowMs = 1_000_000;
  const clock = { ...systemClock, now: () => new Date(nowMs) };
  const throttle = createThrottle({ clock, freeAttempts: 3, firstMs: 1_000, maxMs: 8_000, keysMax });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { throttle, pass };
}

test("the first attempts are free, then waits double up to the longest", () => {
  const { throttle, pass } = createFixture();
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 9; attempt++) {
    assert.equal(throttle.begin("a"), 0);
    const wait = throttle.begin("a");
    if (wait === 0) continue; // still free, and counted
    waits.push(wait);
    pass(wait);
  }
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 8_000, 8_000, 8_000, 8_000].slice(0, waits.length));
  assert.ok(waits.length >= 6);
});

test("attempts during a wait are refused and do not lengthen it", () => {
  const { throttle, pass } = createFixture();
  for (let attempt = 1; attempt <= 3; attempt++) assert.equal(throttle.begin("a"), 0);
  pass(400);
  for (let attempt = 1; attempt <= 5; attempt++) assert.equal(throttle.begin("a"), 600);
  pass(600);
  assert.equal(throttle.begin("a"), 0);
});

test("keys do not slow each other", () => {
  const { throttle } = createFixture();
  for (let attempt = 1; attempt <= 4; attempt++) throttle.begin("a");
  assert.ok(throttle.begin("a") > 0);
  assert.equal(throttle.begin("b"), 0);
});

test("a cleared key starts afresh, a forgiven attempt leaves the earlier ones", () => {
  const { throttle } = createFixture();
  for (let attempt = 1; attempt <= 3; attempt++) throttle.begin("a");
  throttle.forgive("a");
  assert.equal(throttle.begin("a"), 0);
  assert.equal(throttle.begin("a"), 1_000);
  throttle.clear("a");
  assert.equal(throttle.begin("a"), 0);
  assert.equal(throttle.begin("a"), 0);
});

test("failures are forgotten after twice the longest wait without one", () => {
  const { throttle, pass } = createFixture();
  for (let attempt = 1; attempt <= 3; attempt++) throttle.begin("a");
  pass(1_000 + 16_000);
  for (let attempt = 1; attempt <= 3; attempt++) assert.equal(throttle.begin("a"), 0);
});

test("memory is bounded: the key that failed longest ago leaves first", () => {
  const { throttle } = createFixture(2);
  for (let attempt = 1; attempt <= 3; attempt++) throttle.begin("a");
  throttle.begin("b");
  throttle.begin("c");
  assert.equal(throttle.begin("a"), 0);
});
