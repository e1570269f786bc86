import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RowId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { toBlocked } from "./case.ts";
import type { PastCall } from "./history.ts";
import type { Cap, PolicyPack } from "./pack.ts";
import { TEMPLATES } from "./packs/templates.ts";
import { type Circumstances, checkRules } from "./rules.ts";
import { createWindows } from "./windows.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NUMBER = "+34600000001" as PhoneNumber;
const windows = createWindows();

const cap: fc.Arbitrary<Cap> = fc.record({
  per: fc.constantFrom("number" as const, "debt" as const),
  max: fc.integer({ min: 1, max: 4 }),
  within: fc.oneof(
    fc.record({ days: fc.constantFrom(1, 7, 30) }),
    fc.record({ calendar: fc.constantFrom("day" as const, "week" as const, "month" as const) }),
  ),
});
const call = fc.record({
  minutesAgo: fc.integer({ min: 0, max: 31 * 24 * 60 - 1 }),
  reached: fc.boolean(),
  disposition: fc.constantFrom("busy", "abandoned", "transferred"),
  debt: fc.constantFrom(null, "D-1", "D-2"),
  number: fc.constantFrom(NUMBER, "+34600000002" as PhoneNumber),
});
const zones = fc.uniqueArray(
  fc.constantFrom("Europe/Madrid", "Atlantic/Canary", "America/New_York", "America/Santiago"),
  { minLength: 1, maxLength: 3 },
);

const toPast = (
  now: Date,
  { minutesAgo, ...of }: { minutesAgo: number } & Pick<PastCall, "reached" | "disposition" | "debt" | "number">,
  index: number,
): PastCall => ({
  ...{
    ...of,
    attemptId: `a${index}`,
    at: new Date(now.getTime() - minutesAgo * MINUTE_MS),
    projectId: "1" as RowId,
    callerId: null,
  },
});

function judge(pack: PolicyPack, about: Circumstances) {
  return toBlocked(
    checkRules(pack, JSON.stringify([pack.windows, pack.holidays, pack.marginMinutes]), { windows, about }),
  );
}

test("at the instant that is told every rule is satisfied, and at none before it", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...TEMPLATES.map(({ pack }) => pack)),
      fc.array(cap, { maxLength: 3 }),
      fc.array(call, { maxLength: 8 }),
      zones,
      fc.integer({ min: Date.parse("2026-01-15"), max: Date.parse("2027-10-15") }),
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 8, maxLength: 8 }),
      fc.constantFrom({}, { debt_id: "D-1" }),
      (template, caps, calls, places, nowMs, fractions, variables) => {
        const now = new Date(nowMs);
        const pack = { ...template, caps, afterConversationDays: 7, consent: "none" as const, countries: ["ES"] };
        const about = (at: Date): Circumstances => ({
          ...{ number: NUMBER, country: "ES", zones: places, variables, projectConsent: null, ringSeconds: 60 },
          ...{ past: calls.map((each, index) => toPast(now, each, index)), now: at },
        });
        const blocked = judge(pack, about(now));
        if (!blocked) return;
        assert.ok(blocked.nextAt && blocked.nextAt > now, blocked.rule);
        const next = judge(pack, about(blocked.nextAt));
        // Where no hour is in sight for forty days, one looks again after a day.
        if (next !== null)
          return assert.equal(blocked.nextAt.getTime() - nowMs, DAY_MS, `${blocked.rule}, then ${next.rule}`);
        const between = blocked.nextAt.getTime() - nowMs;
        for (const ms of [between - 1, ...fractions.map((fraction) => Math.floor(fraction * between))])
          assert.ok(judge(pack, about(new Date(nowMs + ms))), `${new Date(nowMs + ms).toISOString()} would do as well`);
      },
    ),
    { numRuns: 400 },
  );
});

test("every template is whole: hours in order, dates that exist, a calendar that does not end before this one does", () => {
  assert.equal(new Set(TEMPLATES.map(({ key }) => key)).size, TEMPLATES.length);
  for (const { key, pack } of TEMPLATES) {
    const ranges = [...Object.values(pack.windows).flat(), ...pack.holidays.windows];
    assert.ok(ranges.length > 0 && ranges.every(({ from, to }) => 0 <= from && from < to && to <= 1_440), key);
    for (const date of pack.holidays.dates)
      assert.equal(new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10), date, key);
    assert.ok(pack.holidays.knownUntil === null || pack.holidays.knownUntil >= "2027-12-31", key);
    assert.deepEqual([...pack.holidays.dates].sort(), pack.holidays.dates, key);
    assert.ok(pack.abandonedShareMax <= 0.03 && pack.ringSecondsMin >= 15, key);
  }
});

test("what stands in the books stands in the templates", () => {
  const of = (key: string): PolicyPack => TEMPLATES.find((template) => template.key === key)?.pack as PolicyPack;
  const eight = { from: 480, to: 1_260 };
  assert.deepEqual(of("us-marketing").windows[0], [eight]);
  assert.equal(of("us-marketing").consent, "express_written");
  assert.ok(
    of("us-debt").caps.some(
      ({ per, max, within }) => per === "debt" && max === 7 && "days" in within && within.days === 7,
    ),
  );
  assert.equal(of("us-debt").afterConversationDays, 7);
  assert.deepEqual(
    [of("co-debt").windows[1], of("co-debt").windows[6], of("co-debt").windows[0]],
    [[{ from: 420, to: 1_140 }], [{ from: 480, to: 900 }], []],
  );
  assert.deepEqual(
    of("ru-debt").caps.map(({ max, within }) => [max, "calendar" in within && within.calendar]),
    [
      [1, "day"],
      [2, "week"],
      [8, "month"],
    ],
  );
  assert.equal(of("es-marketing").callerId.mobileAllowed, false);
  assert.equal(of("br-marketing").callerId.rotationAllowed, false);
  assert.deepEqual(of("ec-debt").windows[6], []);
});
