import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { MinuteRange, Weekday } from "./pack.ts";
import { DAY_MS } from "./wall-clock.ts";
import { createWindows, type Hours, listAllowed } from "./windows.ts";

const MINUTE_MS = 60_000;
/** Clocks that change by an hour, by half an hour, at midnight, twice a year backwards, never; and those that are 45 minutes off. */
const ZONES = [
  ...[
    "Europe/Madrid",
    "America/New_York",
    "America/Los_Angeles",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
  ],
  ...["Asia/Kathmandu", "America/Bogota", "Asia/Beirut", "America/Havana", "Pacific/Chatham", "Africa/Cairo"],
];
/** Weeks around changes of some of their clocks, and any week. */
const weekStart = fc.oneof(
  fc
    .constantFrom("2026-03-05", "2026-03-26", "2026-10-22", "2026-10-30", "2026-04-02", "2026-09-03", "2027-02-04")
    .map((day) => Date.parse(day)),
  fc.integer({ min: Date.parse("2026-01-01"), max: Date.parse("2027-12-31") }).map((ms) => ms - (ms % MINUTE_MS)),
);
const range = fc
  .tuple(fc.integer({ min: 0, max: 1439 }), fc.integer({ min: 1, max: 1440 }))
  .map(([a, b]): MinuteRange => ({ from: Math.min(a, b - 1), to: Math.max(a + 1, b) }));
const day = fc.oneof(
  fc.constant([]),
  fc.array(range, { maxLength: 2 }),
  fc.constant([{ from: 0, to: 1440 }]),
  fc.constant([{ from: 480, to: 1260 }]),
);
const hours: fc.Arbitrary<Hours> = fc.record({
  windows: fc
    .tuple(day, day, day, day, day, day, day)
    .map(
      (days) =>
        Object.fromEntries(days.map((ranges, weekday) => [weekday, ranges])) as unknown as Record<
          Weekday,
          MinuteRange[]
        >,
    ),
  holidays: fc.record({
    dates: fc.array(
      fc.constantFrom("2026-03-08", "2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2027-02-05"),
      { maxLength: 3 },
    ),
    windows: day,
    knownUntil: fc.constantFrom(null, "2026-10-26", "2027-12-31"),
  }),
  marginMinutes: fc.constantFrom(0, 1, 5, 30),
});
const zones = fc.uniqueArray(fc.constantFrom(...ZONES), { minLength: 1, maxLength: 4 });

/** The clocks asked one minute at a time, in the plainest way there is. */
function isOpen({ windows, holidays }: Hours, zone: string, ms: number): boolean {
  const parts = Object.fromEntries(
    clockOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const date = `${parts.year}-${parts.month}-${parts.day}`;
  const minute = Number(parts.hour) * 60 + Number(parts.minute);
  const weekday = new Date(`${date}T12:00:00Z`).getUTCDay() as Weekday;
  if (holidays.knownUntil !== null && date > holidays.knownUntil) return false;
  const ranges = holidays.dates.includes(date) ? holidays.windows : windows[weekday];
  return ranges.some(({ from, to }) => from <= minute && minute < to);
}

const clocks = new Map<string, Intl.DateTimeFormat>();
function clockOf(zone: string): Intl.DateTimeFormat {
  const two = "2-digit" as const;
  const known =
    clocks.get(zone) ??
    new Intl.DateTimeFormat("en-CA", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: two,
      day: two,
      hour: two,
      minute: two,
    });
  clocks.set(zone, known);
  return known;
}

/** Open in every zone for as long before and after as the margin says. */
function listAllowedMinutes(given: Hours, places: readonly string[], fromMs: number, minutes: number): boolean[] {
  const margin = given.marginMinutes;
  const open = Array.from({ length: minutes + 2 * margin }, (_, index) =>
    places.every((zone) => isOpen(given, zone, fromMs + (index - margin) * MINUTE_MS)),
  );
  // A minute is allowed when the minutes around it are; at its very end the margin reaches just up to the next one.
  return Array.from({ length: minutes }, (_, index) => open.slice(index, index + 2 * margin + 1).every(Boolean));
}

test("the first allowed instant is allowed and nothing before it is, minute by minute, over every change of the clocks", () => {
  fc.assert(
    fc.property(hours, zones, weekStart, fc.integer({ min: 0, max: 600 }), (given, places, weekMs, offset) => {
      const minutes = 1_800;
      const startMs = weekMs + offset * MINUTE_MS;
      const at = new Date(startMs);
      const next = createWindows().nextAllowed({ key: "k", hours: given, zones: places, at });
      const allowed = listAllowedMinutes(given, places, startMs, minutes);
      const first = allowed.indexOf(true);
      const found = next === null ? Number.POSITIVE_INFINITY : (next.getTime() - startMs) / MINUTE_MS;
      if (first === -1) assert.ok(found >= minutes, `${next?.toISOString()} is not allowed`);
      else assert.equal(found, first, `${next?.toISOString()} instead of minute ${first}`);
    }),
    { numRuns: 150 },
  );
});

test("what is remembered answers like what is worked out anew", () => {
  const kept = createWindows();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30 * 24 * 60 }), (minute) => {
      const at = new Date(Date.parse("2026-10-20T00:00:00Z") + minute * MINUTE_MS);
      const question = { key: "k", hours: OFFICE, zones: ["Europe/Madrid", "Atlantic/Canary"], at };
      assert.deepEqual(kept.nextAllowed(question), createWindows().nextAllowed(question));
    }),
    { numRuns: 200 },
  );
});

const OFFICE: Hours = {
  windows: { 0: [], 1: DAY(), 2: DAY(), 3: DAY(), 4: DAY(), 5: DAY(), 6: [] },
  holidays: { dates: [], windows: [], knownUntil: null },
  marginMinutes: 5,
};
function DAY(): MinuteRange[] {
  return [{ from: 9 * 60, to: 21 * 60 }];
}

const next = (given: Hours, places: readonly string[], at: string): string | undefined =>
  createWindows()
    .nextAllowed({ key: "k", hours: given, zones: places, at: new Date(at) })
    ?.toISOString();

test("in spring and in autumn nine o'clock is nine o'clock of that day's clocks", () => {
  const everyDay: Hours = { ...OFFICE, windows: { ...OFFICE.windows, 0: DAY(), 6: DAY() } };
  assert.equal(next(everyDay, ["Europe/Madrid"], "2026-03-28T21:00:00Z"), "2026-03-29T07:05:00.000Z");
  assert.equal(next(everyDay, ["Europe/Madrid"], "2026-10-24T21:00:00Z"), "2026-10-25T08:05:00.000Z");
});

test("of a night that happens twice both times count, and of one that is skipped none", () => {
  const night: Hours = { ...OFFICE, marginMinutes: 0, windows: { ...OFFICE.windows, 0: [{ from: 150, to: 180 }] } };
  const spans = (from: string) =>
    listAllowed(night, ["Europe/Madrid"], { fromMs: Date.parse(from), toMs: Date.parse(from) + DAY_MS }).map(
      ({ fromMs, toMs }) => (toMs - fromMs) / MINUTE_MS,
    );
  assert.deepEqual(spans("2026-10-25"), [30, 30]);
  assert.deepEqual(spans("2026-03-29"), []);
});

test("two days that are open around midnight lose nothing to the margin between them", () => {
  const always = { from: 0, to: 1440 };
  const open: Hours = {
    ...OFFICE,
    windows: { 0: [always], 1: [always], 2: [always], 3: [always], 4: [always], 5: [always], 6: [always] },
  };
  assert.equal(next(open, ["America/Bogota"], "2026-11-23T05:00:00Z"), "2026-11-23T05:00:00.000Z");
});

test("zones that are never awake together are never called, and neither is nobody's zone", () => {
  assert.equal(next(OFFICE, ["Pacific/Honolulu", "Africa/Johannesburg"], "2026-11-23T00:00:00Z"), undefined);
  assert.equal(next(OFFICE, [], "2026-11-23T12:00:00Z"), undefined);
});

test("after the last day that the calendar knows nobody is called", () => {
  const known: Hours = { ...OFFICE, holidays: { dates: ["2026-12-25"], windows: [], knownUntil: "2026-12-31" } };
  assert.equal(next(known, ["Europe/Madrid"], "2026-12-24T20:30:00Z"), "2026-12-28T08:05:00.000Z");
  assert.equal(next(known, ["Europe/Madrid"], "2026-12-31T20:30:00Z"), undefined);
});
