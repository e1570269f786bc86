import assert from "node:assert/strict";
import { test } from "node:test";
import { type LanePressure, toLaneQuota } from "./lane-quota.ts";

const now = new Date("2026-03-10T10:00:00Z");
const ago = (ms: number): Date => new Date(now.getTime() - ms);
const lane: LanePressure = { concurrency: 4, perSecond: null, tokens: 0, tokensAt: now, failures: 0, openUntil: null };

test("without a rate the concurrency is all that limits", () => {
  assert.deepEqual(toLaneQuota(lane, now), { slots: 4, tokens: null, waitMs: null });
});

test("the bucket never holds more than one second's worth", () => {
  assert.equal(toLaneQuota({ ...lane, perSecond: 5, tokensAt: ago(60_000) }, now).tokens, 5);
});

test("an empty bucket says when the next token is there", () => {
  assert.equal(toLaneQuota({ ...lane, perSecond: 4, tokens: 0.5, tokensAt: now }, now).waitMs, 125);
});

test("a rate below one a second still lets one through", () => {
  assert.equal(toLaneQuota({ ...lane, perSecond: 0.1, tokensAt: ago(10_000) }, now).waitMs, null);
});

test("a clock that went back refills nothing", () => {
  assert.equal(toLaneQuota({ ...lane, perSecond: 10, tokens: 0.5, tokensAt: ago(-5_000) }, now).tokens, 0.5);
});

test("an open breaker has no slot until it ends, and then one", () => {
  const open = { ...lane, failures: 5, openUntil: new Date(now.getTime() + 1_500) };
  assert.deepEqual(toLaneQuota(open, now), { slots: 0, tokens: null, waitMs: 1_500 });
  assert.equal(toLaneQuota({ ...open, openUntil: now }, now).slots, 1);
});
