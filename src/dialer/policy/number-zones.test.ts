import assert from "node:assert/strict";
import { test } from "node:test";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { isMobile, toCandidateZones, toCountry } from "./number-zones.ts";

const zones = (number: string): string[] => [...toCandidateZones(number as PhoneNumber)].toSorted();
const country = (number: string): string | null => toCountry(number as PhoneNumber);

test("an area code says where, and one that lies in two zones says both", () => {
  assert.deepEqual(zones("+12125550100"), ["America/New_York"]);
  assert.ok(zones("+12085550100").includes("America/Los_Angeles") && zones("+12085550100").length > 1, "Idaho");
  assert.deepEqual(zones("+526641234567"), ["America/Tijuana"]);
  assert.deepEqual(zones("+573001234567"), ["America/Bogota"]);
  assert.deepEqual(zones("+34922000001"), ["Atlantic/Canary"]);
});

test("a mobile number that is bound to no place may be anywhere in its country", () => {
  assert.deepEqual(zones("+34600000001"), ["Africa/Ceuta", "Atlantic/Canary", "Europe/Madrid"]);
  const russian = zones("+79161234567");
  assert.ok(["Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"].every((zone) => russian.includes(zone)));
  assert.ok(zones("+593991234567").includes("Pacific/Galapagos"));
});

test("a number of North America whose area code nobody lists may be anywhere in its country, not in all of them", () => {
  const free = zones("+18005550100");
  assert.ok(free.length > 20 && free.includes("Pacific/Honolulu"));
});

test("every zone of the list is one that tz data knows", async () => {
  const { default: listed } = await import("./number-zones.json", { with: { type: "json" } });
  for (const zone of new Set(Object.keys(listed).flatMap((key) => key.split(" "))))
    assert.doesNotThrow(() => new Intl.DateTimeFormat("en", { timeZone: zone }), zone);
});

test("a range belongs to its country, also where several share a calling code", () => {
  assert.deepEqual(
    ["+34600000001", "+12125550100", "+14165550100", "+447400123456", "+77011234567", "+79161234567", "+999123456"].map(
      country,
    ),
    ["ES", "US", "CA", "GB", "KZ", "RU", null],
  );
});

test("what is a mobile number is known where the plan tells", () => {
  assert.deepEqual(
    ["+34600000001", "+34910000001", "+5511912345678"].map((number) => isMobile(number as PhoneNumber)),
    [true, false, true],
  );
});
