import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { type CallerIdQuestion, type Candidate, chooseCallerId, isDropped, toWilson } from "./choice.ts";

const toCandidate = (number: string, more: Partial<Candidate> = {}): Candidate => ({
  ...{
    number: number as PhoneNumber,
    areaPrefix: number.slice(0, 6),
    dailyCap: null,
    callsToday: 0,
    ended: 0,
    answers: 0,
  },
  ...{ hasDropped: false, isMobile: false, ...more },
});
const toQuestion = (more: Partial<CallerIdQuestion> = {}): CallerIdQuestion => ({
  ...{ number: "+34915550000" as PhoneNumber, last: null, mobileAllowed: true, rotationAllowed: true, ...more },
});
/** Never explores. */
const steady = (): number => 0.5;
const choose = (pool: readonly Candidate[], more: Partial<CallerIdQuestion> = {}, fraction = steady) => {
  const choice = chooseCallerId(pool, toQuestion(more), fraction);
  return choice && [choice.candidate.number, choice.why];
};

test("the nearest area comes first, then the number that is picked up most", () => {
  const pool = [
    toCandidate("+34930000001"),
    toCandidate("+34910000001"),
    toCandidate("+34910000002", { ended: 100, answers: 80 }),
  ];
  assert.deepEqual(choose(pool), ["+34910000002", "nearest"]);
  assert.deepEqual(choose(pool, { number: "+34935550000" as PhoneNumber }), ["+34930000001", "nearest"]);
});

test("a callee goes on seeing the number they saw, until it is full or gone", () => {
  const pool = [
    toCandidate("+34910000001", { ended: 10, answers: 10 }),
    toCandidate("+34930000001", { dailyCap: 5, callsToday: 4 }),
  ];
  assert.deepEqual(choose(pool, { last: "+34930000001" }), ["+34930000001", "sticky"]);
  const full = pool.map((candidate) => ({ ...candidate, callsToday: 5 }));
  assert.deepEqual(choose(full, { last: "+34930000001" }), ["+34910000001", "nearest"]);
  assert.deepEqual(choose(pool, { last: "+34999999999" }), ["+34910000001", "nearest"]);
});

test("a number that is picked up no more is shown only when there is no other", () => {
  const dropped = toCandidate("+34910000001", { hasDropped: true });
  assert.deepEqual(choose([dropped, toCandidate("+34930000001")]), ["+34930000001", "nearest"]);
  assert.deepEqual(choose([dropped]), ["+34910000001", "nearest"]);
});

test("where numbers may not take turns there is one, and nobody is called when it is full", () => {
  const pool = [toCandidate("+34910000001", { dailyCap: 1 }), toCandidate("+34910000002", { ended: 9, answers: 9 })];
  assert.deepEqual(choose(pool, { rotationAllowed: false }), ["+34910000001", "first"]);
  assert.equal(
    choose([{ ...(pool[0] as Candidate), callsToday: 1 }, pool[1] as Candidate], { rotationAllowed: false }),
    null,
  );
});

test("a mobile number is not shown where the law forbids it", () => {
  const pool = [toCandidate("+34600000001", { isMobile: true }), toCandidate("+34930000001")];
  assert.deepEqual(choose(pool, { mobileAllowed: false }), ["+34930000001", "nearest"]);
  assert.equal(choose([pool[0] as Candidate], { mobileAllowed: false }), null);
});

test("about one choice in ten explores, so that no number stays unknown", () => {
  const pool = [
    toCandidate("+34910000001", { ended: 100, answers: 90 }),
    toCandidate("+34910000002", { ended: 100, answers: 10 }),
  ];
  let seed = 7;
  const fraction = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const choices = Array.from({ length: 10_000 }, () => chooseCallerId(pool, toQuestion(), fraction));
  const explored = choices.filter((choice) => choice?.why === "explored").length;
  assert.ok(explored > 800 && explored < 1_200, `${explored} of 10,000`);
  assert.ok(choices.some((choice) => choice?.candidate.number === "+34910000002"));
});

test("whatever the pool, what is shown is in it, has room, and is allowed", () => {
  const candidate = fc.record({
    number: fc.integer({ min: 0, max: 99 }).map((n) => `+349${String(10_000_000 + n)}` as PhoneNumber),
    areaPrefix: fc.constantFrom("+34", "+3491", "+3493", "+1"),
    dailyCap: fc.constantFrom(null, 1, 3),
    callsToday: fc.integer({ min: 0, max: 4 }),
    ended: fc.integer({ min: 50, max: 100 }),
    answers: fc.integer({ min: 0, max: 50 }),
    hasDropped: fc.boolean(),
    isMobile: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(candidate, { maxLength: 8 }),
      fc.boolean(),
      fc.boolean(),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (pool, mobileAllowed, rotationAllowed, chance) => {
        const choice = chooseCallerId(pool, toQuestion({ mobileAllowed, rotationAllowed }), () => chance);
        const may = (one: Candidate): boolean =>
          (one.dailyCap === null || one.callsToday < one.dailyCap) && (mobileAllowed || !one.isMobile);
        if (choice) assert.ok((pool as readonly Candidate[]).includes(choice.candidate) && may(choice.candidate));
        else if (rotationAllowed) assert.ok(!pool.some(may));
      },
    ),
  );
});

test("a drop is told when it is sure, not when a few calls went badly", () => {
  assert.equal(isDropped({ ended: 100, answers: 5 }, { ended: 2_000, answers: 600 }), true);
  assert.equal(isDropped({ ended: 100, answers: 24 }, { ended: 2_000, answers: 600 }), false);
  assert.equal(isDropped({ ended: 20, answers: 0 }, { ended: 2_000, answers: 600 }), false, "too few to tell");
  assert.equal(
    isDropped({ ended: 100, answers: 0 }, { ended: 10, answers: 9 }),
    false,
    "nobody knows what it was before",
  );
});

test("Wilson's interval holds the share and narrows with the calls", () => {
  assert.deepEqual(toWilson(0, 0), { low: 0, high: 1 });
  const [few, many] = [toWilson(3, 10), toWilson(300, 1_000)];
  assert.ok(few.low < 0.3 && few.high > 0.3 && many.low > few.low && many.high < few.high);
  assert.ok(Math.abs(many.low - 0.2724) < 0.001 && Math.abs(many.high - 0.3291) < 0.001);
});
