import assert from "node:assert/strict";
import { test } from "node:test";
import { isAddressAllowed, isAddressRule } from "./addresses.ts";

test("addresses and networks of both families are rules, and nothing else is", () => {
  for (const rule of ["192.0.2.9", "10.0.0.0/8", "2001:db8::/32", "::1"]) assert.ok(isAddressRule(rule), rule);
  for (const rule of [
    "10.0.0.0/33",
    "10.0.0/8",
    "2001:db8::/129",
    "*",
    "",
    "10.0.0.0/8/8",
    "10.0.0.0/",
    "example.test",
  ])
    assert.ok(!isAddressRule(rule), rule);
});

test("without rules everybody may ask, with rules only who is in one of them", () => {
  assert.ok(isAddressAllowed("198.51.100.7", []));
  const rules = ["192.0.2.0/24", "2001:db8::/32", "203.0.113.5"];
  for (const address of ["192.0.2.9", "::ffff:192.0.2.9", "2001:db8::1", "203.0.113.5"])
    assert.ok(isAddressAllowed(address, rules), address);
  for (const address of ["198.51.100.7", "2001:db9::1", "203.0.113.6", "unknown"])
    assert.ok(!isAddressAllowed(address, rules), address);
});
