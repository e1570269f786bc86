import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RETRY_AFTER_MAX_MS, toRetryDelayMs, UNCERTAIN_GRACE_MS } from "./retry-policy.ts";

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("the wait doubles from five seconds to six hours", () => {
  const waits = [1, 2, 3, 12, 13, 14, 99].map((attempts) => toRetryDelayMs({ attempts }, 1) / 1_000);
  assert.deepEqual(waits, [5, 10, 20, 10_240, 20_480, 21_600, 21_600]);
});

test("jitter takes at most half of the wait", () => {
  assert.equal(toRetryDelayMs({ attempts: 3 }, 0), 10_000);
});

test("Retry-After is never undercut, and never longer than a day", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.double(), fraction, (attempts, afterMs, chance) => {
      const wait = toRetryDelayMs({ attempts, afterMs }, chance);
      const asked = Number.isFinite(afterMs) ? afterMs : 0;
      assert.ok(wait >= Math.min(asked, RETRY_AFTER_MAX_MS) && wait <= RETRY_AFTER_MAX_MS);
    }),
  );
});

test("after an uncertain attempt a late success has time to show", () => {
  assert.equal(toRetryDelayMs({ attempts: 1, uncertain: true }, 0), UNCERTAIN_GRACE_MS);
  assert.ok(toRetryDelayMs({ attempts: 10, uncertain: true }, 0) > UNCERTAIN_GRACE_MS);
});
