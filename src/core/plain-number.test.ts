import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { getCountries, getCountryCallingCode, parsePhoneNumberWithError } from "libphonenumber-js/max";
import { readPlainNumber } from "./plain-number.ts";

const CODES = [...new Set(getCountries().map((country) => String(getCountryCallingCode(country))))];

function askLibrary(text: string): string | null {
  try {
    const parsed = parsePhoneNumberWithError(text);
    return parsed.isPossible() ? parsed.number : null;
  } catch {
    return null;
  }
}

test("what is read off here is what the library says, for every calling code and length", () => {
  let readOff = 0;
  const rest = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(fc.constantFrom(...CODES), rest, (code, digits) => {
      const text = `+${code}${digits}`;
      const plain = readPlainNumber(text);
      if (plain === undefined) return;
      readOff++;
      assert.equal(plain, askLibrary(text), text);
    }),
    { numRuns: 20_000 },
  );
  assert.ok(readOff > 10_000, `only ${readOff} were read off`);
});

test("a number with a prefix of home in it, or of countries that share a code, is left to the library", () => {
  assert.equal(readPlainNumber("+34600000001"), "+34600000001");
  assert.equal(readPlainNumber("+3460000000"), null);
  assert.equal(readPlainNumber("+5401112345678"), undefined, "Argentina's 0");
  assert.equal(readPlainNumber("+12025550100"), undefined, "two dozen countries");
  assert.equal(readPlainNumber("+999123456789"), undefined, "nobody's code");
});
