import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRateWindow } from "./rate-window.ts";

/** Starts whatever may, at instants that somebody happens to look; returns when each started. */
function play(perSecond: number, gapsMs: readonly number[]): number[] {
  const window = createRateWindow(() => perSecond);
  const starts: number[] = [];
  let nowMs = 1_000;
  for (const gapMs of gapsMs) {
    nowMs += gapMs;
    while (window.waitMs(nowMs) === 0) {
      window.take(nowMs);
      starts.push(nowMs);
    }
  }
  return starts;
}

const looks = fc.array(fc.double({ min: 0.1, max: 400, noNaN: true }), { maxLength: 60 });

test("no second, wherever it begins, has more starts than the limit", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), looks, (perSecond, gapsMs) => {
      const starts = play(perSecond, gapsMs);
      for (const [index, at] of starts.entries()) {
        const inSecond = starts.slice(index).filter((other) => other < at + 1_000).length;
        assert.ok(inSecond <= perSecond, `${inSecond} of ${perSecond}`);
      }
    }),
  );
});

test("looked at often enough it is not slower than the limit, but for a hundredth", () => {
  for (const perSecond of [1, 5, 7, 50, 333]) {
    const starts = play(
      perSecond,
      Array.from({ length: 10_000 }, () => 1),
    );
    assert.ok(starts.length >= perSecond * 10 * 0.985, `${starts.length} of ${perSecond * 10}`);
  }
});

test("below one a second there is one in that time", () => {
  const starts = play(
    0.5,
    Array.from({ length: 10_000 }, () => 1),
  );
  assert.equal(starts.length, 5);
});

test("room is what could start until then, and a changed limit holds at once", () => {
  let perSecond: number | null = 10;
  const window = createRateWindow(() => perSecond);
  assert.equal(window.room(5_000, 0), 3, "a quarter of it at once");
  assert.equal(window.room(5_000, 300), 6);
  for (let taken = 0; taken < 3; taken++) window.take(5_000);
  assert.equal(window.room(5_000, 100), 0);
  assert.equal(window.recent(5_000), 3);
  perSecond = 20;
  assert.equal(window.room(5_000, 0), 2);
  perSecond = null;
  assert.equal(window.room(5_000, 0), Number.POSITIVE_INFINITY);
  assert.equal(window.waitMs(5_000), 0);
});
