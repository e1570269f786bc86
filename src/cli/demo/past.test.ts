import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { Random } from "../../kit/random.ts";
import type { CallPayload } from "./call-stream.ts";
import { createLedger } from "./ledger.ts";
import { CALLERS_OF_THE_PAST, createPast, tellPast } from "./past.ts";

const HOUR_MS = 3_600_000;
const NOW = new Date("2026-11-20T12:00:00.000Z"); // a Friday, one o'clock in Madrid
const MADE = { now: NOW, toRecordingUrl: (uuid: string): string => `http://127.0.0.1:1/recordings/${uuid}.wav` };

/** The same chance every time. */
function createChance(): Random {
  let drawn = 0;
  const next = (): Buffer => createHash("sha256").update(String(drawn++)).digest();
  return {
    fraction: () => next().readUInt32BE() / 2 ** 32,
    bytes: (size) => Buffer.alloc(size, next()),
    uuid: () => `${next().toString("hex").slice(0, 8)}-0000-4000-8000-000000000000`,
  };
}

const toStart = (payload: CallPayload): number => Date.parse(payload.start_time ?? "");

test("the past has as many calls as were asked for, each of its own, all over before now and none older than ten days", () => {
  const past = createPast(createChance(), { ...MADE, calls: 300 });
  assert.equal(past.length, 300);
  assert.equal(new Set(past.map(({ call_uuid }) => call_uuid)).size, 300);
  for (const payload of past) {
    assert.ok(Date.parse(payload.end_time ?? "") < NOW.getTime());
    assert.ok(toStart(payload) > NOW.getTime() - 241 * HOUR_MS);
  }
  assert.deepEqual(
    past.map(toStart),
    past.map(toStart).toSorted((a, b) => a - b),
  );
});

test("the past has a course: something in the last hour, more on working days than on Sunday, nothing at night before today", () => {
  const past = createPast(createChance(), { ...MADE, calls: 300 });
  assert.ok(past.filter((payload) => toStart(payload) > NOW.getTime() - HOUR_MS).length >= 15);
  const onDay = (day: number): number =>
    past.filter((payload) => new Date(toStart(payload)).getUTCDay() === day).length;
  assert.ok(onDay(3) > 2 * onDay(0));
  assert.equal(past.filter((payload) => new Date(toStart(payload)).getUTCHours() === 1).length, 0);
});

test("people of the past have numbers that nobody has, and some who called in vain are called back", () => {
  const past = createPast(createChance(), { ...MADE, calls: 300 });
  const people = new Set(CALLERS_OF_THE_PAST.map(({ number }) => number));
  for (const { direction, from = "", to = "" } of past) assert.ok(people.has(direction === "inbound" ? from : to));
  const missed = past.filter(({ status, direction }) => status === "missed" && direction === "inbound");
  const isCalledBack = (from: string, at: number): boolean =>
    past.some((payload) => payload.direction === "outbound" && payload.to === from && toStart(payload) > at);
  const calledBack = missed.filter((payload) => isCalledBack(payload.from ?? "", toStart(payload)));
  assert.ok(missed.length > calledBack.length && calledBack.length > missed.length / 4);
});

test("what was taken is owed to the CRM, what was not is counted as refused", async () => {
  const past = createPast(createChance(), { ...MADE, calls: 30 });
  const ledger = createLedger();
  const refused = new Set(past.slice(0, 4).map(({ call_uuid }) => call_uuid));
  await tellPast(past, { ledger, tell: async ({ call_uuid }) => !refused.has(call_uuid) });
  assert.equal(ledger.refused(), 4);
  assert.equal(ledger.compare(new Map()).missing, 26);
});
