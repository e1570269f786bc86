import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DISPOSITIONS, type Disposition } from "../../core/disposition.ts";
import type { RetryRules } from "../project.ts";
import { DEFAULT_RETRY } from "../projects/defaults.ts";
import { type EndedAttempt, toNextStep } from "./retry-policy.ts";

const dialedAt = new Date("2026-11-22T10:00:00Z");
const ended = (disposition: Disposition, more: Partial<EndedAttempt> = {}): EndedAttempt => ({
  ...{ disposition, attempts: 1, trunkFailures: disposition === "congestion" ? 1 : 0, dialedAt },
  ...more,
});
const secondsUntil = (at: Date | null): number | null => at && (at.getTime() - dialedAt.getTime()) / 1000;

test("by the usual rules each end has its own next step", () => {
  const steps = DISPOSITIONS.map((disposition) => {
    const { state, nextAt } = toNextStep(DEFAULT_RETRY, ended(disposition));
    return [disposition, state, secondsUntil(nextAt)];
  });
  assert.deepEqual(steps, [
    ["answered", "completed", null],
    ["transferred", "completed", null],
    ["no_input", "failed", null],
    ["opted_out", "completed", null],
    ["machine", "pending", 7200],
    ["abandoned", "failed", null],
    ["busy", "pending", 300],
    ["no_answer", "pending", 300],
    ["rejected", "failed", null],
    ["invalid_number", "failed", null],
    ["congestion", "pending", 30],
    ["failed", "pending", 300],
    ["suppressed", "skipped", null],
  ]);
});

test("three attempts are three, one interval apart each, and then it is over", () => {
  const rules: RetryRules = { attemptsMax: 3, afterSeconds: 60, byDisposition: {} };
  const steps = [1, 2, 3].map((attempts) => toNextStep(rules, ended("no_answer", { attempts })));
  assert.deepEqual(
    steps.map(({ state, nextAt }) => [state, secondsUntil(nextAt)]),
    [
      ["pending", 60],
      ["pending", 60],
      ["failed", null],
    ],
  );
});

test("a trunk's failure is no attempt, goes over another trunk, and ends after ten of them", () => {
  const step = toNextStep(DEFAULT_RETRY, ended("congestion", { attempts: 3 }));
  assert.deepEqual([step.state, step.otherTrunk], ["pending", true]);
  assert.equal(toNextStep(DEFAULT_RETRY, ended("congestion", { trunkFailures: 10 })).state, "failed");
});

const seconds = fc.integer({ min: 0, max: 700_000 });
const rule = fc.option(
  fc.record({ afterSeconds: seconds, attemptsMax: fc.integer({ min: 1, max: 20 }), otherTrunk: fc.boolean() }),
);
const rules = fc.record({
  attemptsMax: fc.integer({ min: 1, max: 20 }),
  afterSeconds: seconds,
  byDisposition: fc.dictionary(fc.constantFrom(...DISPOSITIONS), rule) as fc.Arbitrary<RetryRules["byDisposition"]>,
});

test("whatever the rules say, nobody who opted out or was connected is called again, and nobody within half a minute", () => {
  fc.assert(
    fc.property(
      rules,
      fc.constantFrom(...DISPOSITIONS),
      fc.integer({ min: 1, max: 30 }),
      (given, disposition, attempts) => {
        const { state, nextAt } = toNextStep(given, ended(disposition, { attempts }));
        assert.equal(state === "pending", nextAt !== null);
        if (nextAt === null) return;
        assert.ok((secondsUntil(nextAt) ?? 0) >= 30);
        assert.ok(!["opted_out", "transferred", "invalid_number", "suppressed"].includes(disposition));
        if (disposition !== "congestion") assert.ok(attempts < given.attemptsMax);
      },
    ),
  );
});
