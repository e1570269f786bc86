import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryOutcome } from "../core/delivery-outcome.ts";
import { type SettlementInputs, toSettlement } from "./settlement.ts";

const now = new Date("2026-03-10T10:00:00Z");
const after = (ms: number): Date => new Date(now.getTime() + ms);
const settle = (outcome: DeliveryOutcome, changes: Partial<SettlementInputs> = {}) =>
  toSettlement({
    attempts: 1,
    attemptsMax: 5,
    expiresAt: null,
    givenBack: false,
    now,
    fraction: 1,
    outcome,
    ...changes,
  });

test("a delivered record starts its attempts anew for the next revision", () => {
  assert.deepEqual(settle({ kind: "delivered", remote: null }), {
    state: "delivered",
    attempts: 0,
    dueAt: now,
    newerDueAt: now,
    reason: null,
  });
});

test("a retry counts one attempt and waits longer each time", () => {
  const second = settle({ kind: "retry", reason: "500" });
  assert.deepEqual([second.state, second.attempts, second.dueAt], ["pending", 2, after(10_000)]);
});

test("the last attempt makes a dead letter with the other side's words", () => {
  const last = settle({ kind: "retry", reason: "503 busy" }, { attempts: 4 });
  assert.deepEqual([last.state, last.attempts, last.reason], ["dead", 5, "503 busy"]);
});

test("what we ended ourselves does not count, and an uncertain one still waits for a late success", () => {
  const back = settle(
    { kind: "retry", reason: "stopped", uncertain: true },
    { givenBack: true, attempts: 4, fraction: 0 },
  );
  assert.deepEqual([back.state, back.attempts, back.dueAt], ["pending", 4, after(60_000)]);
});

test("a rejection is dead at once, and a newer revision may try at once", () => {
  const rejected = settle({ kind: "rejected", reason: "no such field" });
  assert.deepEqual([rejected.state, rejected.newerDueAt], ["dead", now]);
});

test("a hold burns no attempt", () => {
  const held = settle({ kind: "hold", reason: "wrong key" });
  assert.deepEqual([held.state, held.attempts, held.reason], ["pending", 1, "wrong key"]);
});

test("a signal that could only be repeated after its deadline expires", () => {
  const late = settle({ kind: "retry", reason: "500" }, { expiresAt: after(9_999) });
  assert.equal(late.state, "expired");
  const intime = settle({ kind: "retry", reason: "500" }, { expiresAt: after(10_001) });
  assert.equal(intime.state, "pending");
});
