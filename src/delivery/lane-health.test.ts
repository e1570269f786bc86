import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { applyEvents, type LaneEvent } from "./lane-health.ts";

const now = new Date("2026-03-10T10:00:00Z");
const at = { now, random: { fraction: () => 0, bytes: (size: number) => Buffer.alloc(size), uuid: () => "u" } };
const lane = {
  ...{ connectionId: "1", version: 2, failures: 0, openUntil: null, heldAt: null, holdReason: null },
  ...{ lastSuccessAt: null, lastFailureAt: null, lastReason: null },
};
const event = (outcome: DeliveryOutcome, version = 2): LaneEvent => ({
  ...{ connectionId: "1", version, outcome, cause: "answer", wasTroubled: false },
});
const failed = event({ kind: "retry", reason: "502" });
const done = event({ kind: "delivered", remote: null });

test("failures count only in a row: a success between them starts anew", () => {
  assert.equal(applyEvents(lane, [failed, failed, failed, failed, done, failed], at).failures, 1);
  assert.equal(applyEvents(lane, [failed, failed, failed, failed], at).openUntil, null);
  assert.notEqual(applyEvents(lane, [failed, failed, failed, failed, failed], at).openUntil, null);
});

test("a rejection says that the other side works", () => {
  const rejected = event({ kind: "rejected", reason: "no such field" });
  const after = applyEvents(lane, [failed, failed, rejected], at);
  assert.deepEqual([after.failures, after.lastReason], [0, "no such field"]);
});

test("the first hold gives the lane its reason, and one by older settings gives none", () => {
  const hold = (reason: string, version = 2) => event({ kind: "hold", reason }, version);
  const after = applyEvents(lane, [hold("stale", 1), hold("first"), hold("second")], at);
  assert.deepEqual([after.heldAt, after.holdReason, after.lastReason], [now, "first", "second"]);
  assert.equal(applyEvents(lane, [hold("stale", 1)], at).heldAt, null);
});
