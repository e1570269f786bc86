import assert from "node:assert/strict";
import { test } from "node:test";
import { type BreakerState, CLOSED, toBreakerPhase, toStateAfterFailure } from "./breaker.ts";

const policy = { failuresMax: 3, firstMs: 10_000, maxMs: 60_000 };
const start = new Date("2026-03-10T10:00:00Z");
const later = (ms: number): Date => new Date(start.getTime() + ms);

function fail(state: BreakerState, times: number, now = start): BreakerState {
  let next = state;
  for (let n = 0; n < times; n++) next = toStateAfterFailure(next, policy, { now, fraction: 1 });
  return next;
}

test("the breaker stays closed until the failure that makes the row full", () => {
  assert.equal(toBreakerPhase(fail(CLOSED, 2), start), "closed");
  assert.equal(toBreakerPhase(fail(CLOSED, 3), start), "open");
});

test("an open breaker is half-open at the instant it was opened until", () => {
  const open = fail(CLOSED, 3);
  assert.equal(toBreakerPhase(open, later(9_999)), "open");
  assert.equal(toBreakerPhase(open, later(10_000)), "half_open");
});

test("failures that arrive while it is open do not keep it open for longer", () => {
  assert.deepEqual(fail(CLOSED, 9), fail(CLOSED, 3));
});

test("each failed try in the half-open state doubles the wait up to the greatest", () => {
  const second = fail(fail(CLOSED, 3), 1, later(10_000));
  assert.deepEqual(second, { failures: 4, openUntil: later(30_000) });
  let state: BreakerState = second;
  for (let n = 0; n < 10; n++) state = fail(state, 1, state.openUntil ?? start);
  const reopened = fail(state, 1, later(10_000_000));
  assert.deepEqual(reopened.openUntil, later(10_060_000));
});
