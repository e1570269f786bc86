import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toBackoffMs } from "./backoff.ts";

const policy = { firstMs: 5_000, maxMs: 6 * 3_600_000 };

test("the wait doubles from the first to the longest and stays there", () => {
  const waits = [1, 2, 3, 13, 14, 500].map((failures) => toBackoffMs(failures, policy, 1));
  assert.deepEqual(waits, [5_000, 10_000, 20_000, 20_480_000, 21_600_000, 21_600_000]);
});

test("the wait is never under half of it nor over all of it, whatever chance says", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 10_000 }),
      fc.double({ min: 0, max: 0.999_999, noNaN: true }),
      (failures, fraction) => {
        const full = toBackoffMs(failures, policy, 1);
        const wait = toBackoffMs(failures, policy, fraction);
        assert.ok(wait >= full / 2 - 1 && wait <= full && full <= policy.maxMs);
      },
    ),
  );
});
