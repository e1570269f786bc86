import assert from "node:assert/strict";
import { test } from "node:test";
import type { Random } from "../../kit/random.ts";
import { createCall, PEOPLE } from "./call-stream.ts";
import { createLedger, isExact } from "./ledger.ts";

/** Chance that runs through 0, 0.01, 0.02 …, so that every branch comes up. */
function createSteps(): Random {
  let step = 0;
  return {
    fraction: () => (step++ * 0.37) % 1,
    bytes: (size) => Buffer.alloc(size),
    uuid: () => `0000000${step % 10}-0000-4000-8000-000000000000`,
  };
}

const AT = new Date("2026-11-22T10:00:00.000Z");

test("made-up calls ring, are answered or not, and end, in the order of life", () => {
  const random = createSteps();
  const lives = Array.from({ length: 200 }, (_, number) => createCall(random, number, AT).steps);
  const told = new Set(lives.map((steps) => steps.map(({ payload }) => payload.status).join(" ")));
  assert.deepEqual([...told].sort(), ["ringing busy", "ringing in_progress completed", "ringing missed"]);
  for (const steps of lives) {
    const [first, last] = [steps[0]?.payload, steps.at(-1)?.payload];
    assert.ok(Date.parse(last?.end_time ?? "") > Date.parse(first?.start_time ?? ""));
    assert.equal(new Set(steps.map(({ payload }) => payload.call_uuid)).size, 1);
  }
});

test("some callers are in the CRM and some are strangers, and no number could be anybody's", () => {
  const random = createSteps();
  const known = new Set(PEOPLE.map(({ number }) => number));
  const numbers = Array.from({ length: 300 }, (_, number) => createCall(random, number, AT).steps[0]?.payload)
    .flatMap((payload) => [payload?.from ?? "", payload?.to ?? ""])
    .filter((number) => number !== "+34900000001");
  assert.ok(numbers.some((number) => known.has(number)));
  assert.ok(numbers.some((number) => !known.has(number)));
  for (const number of numbers) assert.match(number, /^\+(34600000|5255000000)\d{2,3}$/);
});

test("the ledger finds what is missing and what is doubled, and a call that has not ended is not owed", () => {
  const ledger = createLedger();
  ledger.onAccepted("a", false);
  ledger.onAccepted("a", true);
  ledger.onAccepted("b", true);
  ledger.onAccepted("c", false);
  assert.deepEqual(ledger.compare(new Map([["a", 1]])), { expected: 2, missing: 1, doubled: 0 });
  assert.deepEqual(ledger.compare(new Map(Object.entries({ a: 2, b: 1 }))), { expected: 2, missing: 0, doubled: 1 });
  assert.ok(isExact(ledger.compare(new Map(Object.entries({ a: 1, b: 1, x: 1 })))));
  assert.ok(!isExact(ledger.compare(new Map(Object.entries({ a: 2, b: 1 })))));
});
