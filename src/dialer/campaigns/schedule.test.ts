import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isOpen, nextOpening, type Schedule, type ScheduleWindow } from "./schedule.ts";

const HOUR = 3_600;
const MINUTE_MS = 60_000;
const window = (weekday: number, starts: number, ends: number): ScheduleWindow => ({
  ...{ weekday, starts: starts * HOUR, ends: ends * HOUR, enabled: true },
});
const schedule = (windows: ScheduleWindow[], given: Partial<Schedule> = {}): Schedule => ({
  ...{ timeZone: "America/Bogota", windows, holidays: new Set() },
  ...given,
});

test("D.A 47: a window over midnight is told by the clock of the project's zone", () => {
  const night = schedule([window(1, 22, 6)]); // Monday 22:00 to Tuesday 06:00 in Bogota, UTC-5
  for (const [instant, open] of [
    ["2026-11-24T02:59:59Z", false],
    ["2026-11-24T03:00:00Z", true],
    ["2026-11-24T10:59:00Z", true],
    ["2026-11-24T11:00:00Z", false],
    ["2026-11-24T11:01:00Z", false],
    ["2026-11-25T04:00:00Z", false],
  ] as const)
    assert.equal(isOpen(night, new Date(instant)), open, instant);
});

test("a window from Saturday night lasts into Sunday, and the whole day may be one", () => {
  const saturday = schedule([window(6, 20, 20)]);
  assert.equal(isOpen(saturday, new Date("2026-11-29T20:00:00Z")), true, "Sunday 15:00");
  assert.equal(isOpen(saturday, new Date("2026-11-30T01:00:00Z")), false, "Sunday 20:00");
  const day = schedule([window(0, 0, 24)]);
  assert.equal(isOpen(day, new Date("2026-11-30T04:59:59Z")), true);
  assert.equal(isOpen(day, new Date("2026-11-30T05:00:00Z")), false);
});

test("D.A 47: without windows, or with none that is enabled, it never dials", () => {
  const at = new Date("2026-11-24T15:00:00Z");
  for (const windows of [[], [{ ...window(2, 0, 24), enabled: false }]]) {
    assert.equal(isOpen(schedule(windows), at), false);
    assert.equal(nextOpening(schedule(windows), at), null);
  }
});

test("several windows a day leave the time between them alone", () => {
  const siesta = schedule([window(2, 9, 13), window(2, 16, 19)], { timeZone: "Europe/Madrid" });
  const at = new Date("2026-11-24T13:30:00Z"); // Tuesday 14:30
  assert.equal(isOpen(siesta, at), false);
  assert.deepEqual(nextOpening(siesta, at), new Date("2026-11-24T15:00:00Z"));
});

test("no window opens on a holiday, and none lasts into one", () => {
  const windows = [window(1, 22, 6), window(2, 22, 6), window(3, 9, 18)];
  const off = schedule(windows, { holidays: new Set(["2026-11-24"]) }); // a Tuesday
  assert.equal(isOpen(off, new Date("2026-11-24T04:30:00Z")), true, "Monday 23:30");
  assert.equal(isOpen(off, new Date("2026-11-24T06:00:00Z")), false, "Tuesday 01:00");
  assert.equal(isOpen(off, new Date("2026-11-25T07:00:00Z")), false, "Wednesday 02:00, of a window that did not open");
  assert.deepEqual(nextOpening(off, new Date("2026-11-24T06:00:00Z")), new Date("2026-11-25T14:00:00Z"));
});

test("a window that starts in the hour a zone leaves out opens when the clock has jumped", () => {
  const early = schedule([{ ...window(0, 0, 4), starts: 2.5 * HOUR }], { timeZone: "Europe/Madrid" });
  const jump = new Date("2026-03-29T01:00:00Z"); // 02:00 becomes 03:00
  assert.equal(isOpen(early, new Date(jump.getTime() - 1_000)), false);
  assert.deepEqual(nextOpening(early, new Date("2026-03-28T23:30:00Z")), jump);
});

test("a window of the hour that a zone repeats opens twice", () => {
  const twice = schedule([{ ...window(0, 2, 2), ends: 2.5 * HOUR }], { timeZone: "Europe/Madrid" });
  const second = new Date("2026-10-25T01:00:00Z");
  assert.equal(isOpen(twice, new Date("2026-10-25T00:00:00Z")), true);
  assert.equal(isOpen(twice, new Date("2026-10-25T00:45:00Z")), false);
  assert.deepEqual(nextOpening(twice, new Date("2026-10-25T00:45:00Z")), second);
});

const zones = fc.constantFrom(
  "Europe/Madrid",
  "America/Bogota",
  "America/New_York",
  "Australia/Lord_Howe",
  "Asia/Kathmandu",
);
const windows = fc.array(
  fc.record({
    weekday: fc.integer({ min: 0, max: 6 }),
    starts: fc.integer({ min: 0, max: 95 }).map((quarter) => quarter * 900),
    ends: fc.integer({ min: 0, max: 96 }).map((quarter) => quarter * 900),
    enabled: fc.boolean(),
  }),
  { maxLength: 4 },
);
/** Around the changes of the clocks of 2026, and ordinary days. */
const instants = fc
  .tuple(
    fc.constantFrom("2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01", "2026-07-01"),
    fc.integer({ min: -2_880, max: 2_880 }),
  )
  .map(([day, minutes]) => new Date(Date.parse(`${day}T00:00:00Z`) + minutes * MINUTE_MS));
/** What the wall shows, by a way of its own. */
const wallOf = (at: Date, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(at);

test("whether it is open depends on what the wall shows alone, through every change of the clocks", () => {
  const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
  fc.assert(
    fc.property(zones, windows, instants, (timeZone, given, at) => {
      const [, day = "", hour = "", minute = ""] = /^(\w+),? (\d+):(\d+)$/.exec(wallOf(at, timeZone)) ?? [];
      const second = Number(hour) * HOUR + Number(minute) * 60;
      const weekday = DAYS.indexOf(day);
      const weekSecond = weekday * 86_400 + second;
      const expected = given.some((one) => {
        const from = one.weekday * 86_400 + one.starts;
        const length = one.ends > one.starts ? one.ends - one.starts : one.ends - one.starts + 86_400;
        return one.enabled && (weekSecond - from + 7 * 86_400) % (7 * 86_400) < length;
      });
      assert.equal(isOpen(schedule(given, { timeZone }), at), expected);
    }),
    { numRuns: 500 },
  );
});

test("the next opening is the first minute at which it is open", () => {
  fc.assert(
    fc.property(zones, windows, instants, (timeZone, given, at) => {
      const week = schedule(given, { timeZone });
      const next = nextOpening(week, at);
      const until = Math.min(next?.getTime() ?? Number.POSITIVE_INFINITY, at.getTime() + 36 * 60 * MINUTE_MS);
      if (next !== null) assert.equal(isOpen(week, next), true);
      for (let ms = at.getTime(); ms < until; ms += 15 * MINUTE_MS) assert.equal(isOpen(week, new Date(ms)), false);
    }),
    { numRuns: 200 },
  );
});
