import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DISPOSITIONS, OUTCOME_SOURCES, type OutcomeSource } from "../../core/disposition.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { AttemptChange, DialAttempt } from "../attempt.ts";
import { applyChange, settleDisposition, toDisposition } from "./outcome.ts";
import { toQueued } from "./place-dial.ts";

const at = new Date("2026-11-22T10:00:00Z");
const newAttempt = (): DialAttempt =>
  toQueued({
    ...{ tenantId: 1 as TenantId, id: `d${"0".repeat(24)}`, projectId: "1" as RowId, source: "api" },
    ...{ number: "+34600000001" as PhoneNumber, variables: {}, queuedAt: at },
  });

const change = fc.record({
  id: fc.constant("d0"),
  source: fc.constantFrom(...OUTCOME_SOURCES),
  disposition: fc.constantFrom(...DISPOSITIONS),
}) as fc.Arbitrary<AttemptChange>;

test("however things are told, the surest source has the last word, and an opt-out is for good", () => {
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const attempt = newAttempt();
      let optedOut = false;
      for (const each of changes) {
        applyChange(attempt, each);
        optedOut ||= attempt.disposition === "opted_out";
        if (optedOut) assert.equal(attempt.disposition, "opted_out");
      }
      if (optedOut) return;
      const rank = (source: OutcomeSource | null): number => (source === null ? -1 : OUTCOME_SOURCES.indexOf(source));
      assert.equal(rank(attempt.dispositionSource), Math.max(...changes.map(({ source }) => rank(source))));
    }),
  );
});

test("a late hang-up changes neither a transfer nor a machine nor silence", () => {
  for (const disposition of ["transferred", "machine", "no_input"] as const) {
    const attempt = newAttempt();
    applyChange(attempt, { id: attempt.id, source: "ivr", disposition, digit: "1" });
    applyChange(attempt, { id: attempt.id, source: "hangup", disposition: "busy", cause: 17 });
    assert.deepEqual([attempt.disposition, attempt.digit, attempt.cause], [disposition, "1", 17]);
  }
});

test("of what nobody said, the cause of a hang-up that was heard tells; 16 is an answer only if there was one", () => {
  const settle = (cause: number | null, more: Partial<DialAttempt> = {}, wasHeard = true) => {
    const attempt = { ...newAttempt(), cause, dialedAt: at, ...more };
    settleDisposition(attempt, { wasHeard, ringSeconds: 30, now: new Date(at.getTime() + 10_000) });
    return [attempt.disposition, attempt.dispositionSource];
  };
  assert.deepEqual(settle(16), ["no_answer", "hangup"]);
  assert.deepEqual(settle(16, { answeredAt: at }), ["answered", "hangup"]);
  assert.deepEqual(settle(17), ["busy", "hangup"]);
  assert.deepEqual(settle(41, { answeredAt: at }), ["failed", "hangup"], "picked up, and Enlace was away");
  assert.deepEqual(settle(null), ["failed", "orphan"]);
  assert.deepEqual(settle(null, { dialedAt: new Date(at.getTime() - 30_000) }), ["no_answer", "orphan"]);
  assert.deepEqual(settle(17, {}, false), ["failed", "orphan"]);
});

test("D.A 33: what the originator says in the words of the trade", () => {
  assert.equal(toDisposition({ outcome: "answered", cause: null }), null);
  assert.equal(toDisposition({ outcome: "failed", cause: 27 })?.disposition, "invalid_number");
  assert.equal(toDisposition({ outcome: "failed", cause: 38 })?.disposition, "congestion");
  assert.equal(toDisposition({ outcome: "unavailable", cause: null })?.disposition, "congestion");
  assert.equal(toDisposition({ outcome: "unavailable", cause: 20 })?.disposition, "no_answer");
  assert.deepEqual(toDisposition({ outcome: "failed", cause: null }), { disposition: "failed", source: "originate" });
});
