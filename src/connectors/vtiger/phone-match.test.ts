import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type PhoneNumber, parsePhoneNumber } from "../../core/phone-number.ts";
import { isSameNumber, toNationalDigits } from "./phone-match.ts";

const spanish = "+34912345678" as PhoneNumber;

test("a number is known in every way people write it", () => {
  const written = [
    "+34912345678",
    "+34 912 345 678",
    "(+34) 912-345-678",
    "0034 912.34.56.78",
    "912345678",
    "912 34 56 78 ext. 12",
    "+34 912345678 x5",
    "+34 (0) 912 345 678",
    "600 000 001 / 912 345 678",
    "600000001; 912345678",
    "tel: 912-345-678",
  ];
  assert.deepEqual(
    written.filter((text) => !isSameNumber(text, spanish, "ES")),
    [],
  );
});

test("a number that merely resembles it is another one", () => {
  const others = [
    "",
    "912345679",
    "9123456789",
    "12345678",
    "+33912345678",
    "+34 912 345 6780",
    "9-1-2-0-3-4-5-6-7-8",
    "91 234 567 / 8",
    "CIF B91234567-8",
  ];
  assert.deepEqual(
    others.filter((text) => isSameNumber(text, spanish, "ES")),
    ["CIF B91234567-8"], // the same digits in the same order: only the field tells that it is no number
  );
});

test("a national form belongs to the tenant's country only", () => {
  assert.equal(isSameNumber("912345678", spanish, "FR"), false);
  assert.equal(isSameNumber("0034912345678", spanish, "FR"), true);
  assert.equal(isSameNumber("01 23 45 67 89", "+33123456789" as PhoneNumber, "FR"), true);
  assert.equal(isSameNumber("8 (912) 345-67-89", "+79123456789" as PhoneNumber, "RU"), true);
});

test("any punctuation between the digits of a number leaves it the same", () => {
  const gap = fc.constantFrom("", " ", "-", ".", " (", ") ");
  fc.assert(
    fc.property(fc.array(gap, { minLength: 9, maxLength: 9 }), fc.constantFrom("", "+34", "0034"), (gaps, prefix) => {
      const text = prefix + [..."912345678"].map((digit, index) => digit + gaps[index]).join("");
      assert.ok(isSameNumber(text, spanish, "ES"), text);
    }),
  );
});

test("the searched digits are those every spelling ends with", () => {
  assert.equal(toNationalDigits(spanish), "912345678");
  assert.equal(toNationalDigits(parsePhoneNumber("8 912 345 67 89", "RU") as PhoneNumber), "9123456789");
});
