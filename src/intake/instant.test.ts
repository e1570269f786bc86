import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseInstant } from "./instant.ts";

const iso = (text: string, zone = "Europe/Madrid"): string | undefined => parseInstant(text, zone)?.toISOString();

test("an instant names itself by offset or Z, in the spellings PBXs use", () => {
  const noon = "2025-08-02T14:00:00.000Z";
  for (const text of [
    "2025-08-02T14:00:00Z",
    "2025-08-02T14:00Z",
    "2025-08-02 14:00:00z",
    "2025-08-02T16:00:00+02:00",
    "2025-08-02T16:00:00+0200",
    "2025-08-02T16:00:00+02",
    "2025-08-02T09:30:00-04:30",
    " 2025-08-02T14:00:00 Z ",
  ]) {
    assert.equal(iso(text), noon, text);
  }
  assert.equal(iso("2025-08-02T14:00:00.123456Z"), "2025-08-02T14:00:00.123Z");
  assert.equal(iso("2025-08-02T14:00:00,5Z"), "2025-08-02T14:00:00.500Z");
});

test("without a zone it is the tenant's local time, summer and winter", () => {
  assert.equal(iso("2025-08-02T14:00:00"), "2025-08-02T12:00:00.000Z");
  assert.equal(iso("2025-01-02 14:00:00"), "2025-01-02T13:00:00.000Z");
  assert.equal(iso("2025-08-02T14:00:00", "America/Bogota"), "2025-08-02T19:00:00.000Z");
  assert.equal(iso("2025-08-02T14:00:00", "Asia/Kolkata"), "2025-08-02T08:30:00.000Z");
});

test("around a change of the clock every local time still reads", () => {
  assert.equal(iso("2025-03-30T01:59:59"), "2025-03-30T00:59:59.000Z");
  assert.equal(iso("2025-03-30T03:00:00"), "2025-03-30T01:00:00.000Z");
  assert.equal(iso("2025-03-30T02:30:00"), "2025-03-30T01:30:00.000Z", "skipped: as before the change");
  assert.equal(iso("2025-10-26T02:30:00"), "2025-10-26T00:30:00.000Z", "shown twice: the first");
  assert.equal(iso("2025-10-26T03:00:00"), "2025-10-26T02:00:00.000Z");
});

test("what is no instant is none", () => {
  for (const text of [
    "",
    "2025-08-02",
    "14:00",
    "2025-02-30T00:00:00Z",
    "2025-13-01T00:00Z",
    "2025-00-01T00:00Z",
    "2025-08-02T24:00:00Z",
    "2025-08-02T14:60Z",
    "2025-08-02T14:00:60Z",
    "1969-12-31T23:59:59Z",
    "2100-01-01T00:00Z",
    "1754143200",
    "2025-08-02T14:00:00+15:00",
    "2025-08-02T14:00:00+02:60",
    "2025-08-02T14:00:00 CEST",
    "02/08/2025 14:00",
  ]) {
    assert.equal(parseInstant(text, "UTC"), undefined, text);
  }
});

test("any instant written in any zone's local time reads back, but for the hours a clock shows twice", () => {
  const zones = [
    "Europe/Madrid",
    "America/Bogota",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
  ];
  fc.assert(
    fc.property(
      fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2035, 0) }).map((ms) => Math.floor(ms / 1000) * 1000),
      fc.constantFrom(...zones),
      (ms, timeZone) => {
        const local = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(
          ms,
        );
        const read = parseInstant(local, timeZone);
        const shown =
          read && new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "medium" }).format(read);
        assert.equal(shown, local);
      },
    ),
    { numRuns: 500 },
  );
});
