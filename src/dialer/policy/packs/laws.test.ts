import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { DEFAULT_AMD } from "../../projects/defaults.ts";
import type { Cap, PolicyPack, Weekday } from "../pack.ts";
import { findTemplate, TEMPLATES } from "./templates.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "..", "docs", "policy.md"), "utf8");
const lands = TEMPLATES.filter(({ pack }) => pack.jurisdiction !== "ZZ").map(({ pack }) => pack);

function pack(key: string): PolicyPack {
  return findTemplate(key)?.pack ?? assert.fail(`there is no template ${key}`);
}
/** Sunday to Saturday: `08:00-21:00`, empty for a day without calls. */
function hours(key: string): string[] {
  const days: readonly Weekday[] = [0, 1, 2, 3, 4, 5, 6];
  return days.map((day) => toText(pack(key).windows[day]));
}
const toText = (ranges: readonly { from: number; to: number }[]): string =>
  ranges.map(({ from, to }) => `${toClock(from)}-${toClock(to)}`).join(" ");
const toClock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
const allWeek = (text: string): string[] => Array.from({ length: 7 }, () => text);
const workdays = (text: string, saturday = "", sunday = ""): string[] => [
  sunday,
  ...Array.from({ length: 5 }, () => text),
  saturday,
];
const hasCap = (key: string, cap: Cap): void =>
  assert.ok(
    pack(key).caps.some((each) => sameCap(each, cap)),
    key,
  );
const sameCap = (one: Cap, other: Cap): boolean => JSON.stringify(one) === JSON.stringify(other);
const knowsHolidays = (key: string): void => {
  const { dates, windows, knownUntil } = pack(key).holidays;
  assert.ok(dates.length > 0 && knownUntil !== null, key);
  assert.deepEqual(windows, [], `${key}: nobody is called on them`);
};
const asks = (key: string, consent: PolicyPack["consent"]): void => assert.equal(pack(key).consent, consent, key);

/** Each rule by its beginning on the page, with what must be so of the templates. */
const ENCODED: Readonly<Record<string, () => void>> = {
  "US: 08:00 to 21:00": () => {
    for (const key of ["us-marketing", "us-debt", "us-service"]) assert.deepEqual(hours(key), allWeek("08:00-21:00"));
  },
  "US: at most 3 %": () => assert.ok(lands.every(({ abandonedShareMax }) => abandonedShareMax <= 0.03)),
  "US: no hanging up before 15 seconds": () => assert.ok(lands.every(({ ringSecondsMin }) => ringSecondsMin >= 15)),
  "US: prior express consent": () => {
    asks("us-marketing", "express_written");
    for (const key of ["us-debt", "us-service"]) asks(key, "express");
  },
  "US, debt: seven calls in seven days": () => {
    hasCap("us-debt", { per: "debt", max: 7, within: { days: 7 } });
    assert.equal(pack("us-debt").afterConversationDays, 7);
  },
  "US: no misleading caller id": () => assert.ok(lands.every(({ callerId }) => callerId.required)),
  "UK: abandoned and silent calls": () => {
    assert.equal(pack("gb-marketing").afterAbandonedHours, 72);
    assert.equal(DEFAULT_AMD.enabled, false);
  },
  "UK: recorded marketing calls": () => asks("gb-marketing", "express"),
  "Spain: prior consent": () => asks("es-marketing", "express"),
  "Spain: no mobile number": () => assert.equal(pack("es-marketing").callerId.mobileAllowed, false),
  "Mexico: collection on working days": () => {
    assert.deepEqual(hours("mx-debt"), workdays("07:00-22:00"));
    knowsHolidays("mx-debt");
  },
  "Colombia: Monday to Friday": () => {
    for (const key of ["co-debt", "co-marketing"]) {
      assert.deepEqual(hours(key), workdays("07:00-19:00", "08:00-15:00"));
      knowsHolidays(key);
    }
  },
  "Colombia: at most one contact a day": () => {
    for (const key of ["co-debt", "co-marketing"]) hasCap(key, { per: "number", max: 1, within: { calendar: "day" } });
  },
  "Peru: commercial calls": () => asks("pe-marketing", "express"),
  "Ecuador: collection once a day": () => {
    assert.deepEqual(hours("ec-debt"), workdays("07:00-20:00"));
    hasCap("ec-debt", { per: "number", max: 1, within: { calendar: "day" } });
    knowsHolidays("ec-debt");
  },
  "Ecuador: a caller id": () => assert.equal(pack("ec-debt").callerId.required, true),
  "Brazil: no rotation": () => assert.equal(pack("br-marketing").callerId.rotationAllowed, false),
  "Russia, debt: working days": () => {
    assert.deepEqual(hours("ru-debt"), workdays("08:00-22:00", "09:00-20:00", "09:00-20:00"));
    assert.equal(toText(pack("ru-debt").holidays.windows), "09:00-20:00");
  },
  "Russia, debt: once a day": () => {
    hasCap("ru-debt", { per: "number", max: 1, within: { calendar: "day" } });
    hasCap("ru-debt", { per: "number", max: 2, within: { calendar: "week" } });
    hasCap("ru-debt", { per: "number", max: 8, within: { calendar: "month" } });
  },
  "EU, UK: a recording is announced": () => assert.ok(lands.every(({ recordingNotice }) => recordingNotice)),
  "US: recording with the consent of all": () => assert.equal(pack("us-marketing").recordingNotice, true),
  "Daylight saving time": () => assert.ok(lands.every(({ marginMinutes }) => marginMinutes === 5)),
};
/** Kept elsewhere than in a template, and proved there. */
const ELSEWHERE = [
  "US: an abandoned call hears who called",
  "US: a revocation holds",
  "EU, UK: retention, access, erasure",
] as const;

const rules = [
  ...page.matchAll(
    /^\| ((?:US|UK|EU|Spain|Mexico|Colombia|Peru|Ecuador|Brazil|Russia|Daylight)[^|]*) \| ([^|]*) \|$/gm,
  ),
].map(([, rule = "", where = ""]) => ({ rule, isEncoded: !where.startsWith("not encoded: ") }));

for (const [rule, check] of Object.entries(ENCODED))
  test(`the templates hold it, and the page says so: ${rule}`, () => {
    check();
    assert.equal(rules.find((each) => each.rule.startsWith(rule))?.isEncoded, true, "it is not on the page as encoded");
  });

test("whatever the page says is encoded is proved, and it tells why the rest is not", () => {
  const proved = [...Object.keys(ENCODED), ...ELSEWHERE];
  const unproved = rules.filter(({ rule, isEncoded }) => isEncoded && !proved.some((each) => rule.startsWith(each)));
  assert.deepEqual(unproved, []);
  assert.ok(rules.filter(({ isEncoded }) => !isEncoded).length >= 10, "the page was read");
});
