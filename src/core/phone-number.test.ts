import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePartyNumber, parsePhoneNumber, toDialed, toDigits, toPartyText } from "./phone-number.ts";

test("one number is one E.164, however a person or a PBX writes it", () => {
  const written = [
    "+34600000001",
    "600000001",
    "600 00 00 01",
    "600-000-001",
    "(600) 000.001",
    "0034600000001",
    " +34 600 000 001 ",
    "34600000001",
  ];
  for (const text of written) assert.equal(parsePhoneNumber(text, "ES"), "+34600000001", text);
});

test("the tenant's country is assumed where the text names none, and only there", () => {
  assert.equal(parsePhoneNumber("3001234567", "CO"), "+573001234567");
  assert.equal(parsePhoneNumber("89161234567", "RU"), "+79161234567");
  assert.equal(parsePhoneNumber("+34600000001", "CO"), "+34600000001");
  assert.equal(parsePhoneNumber("600000001", "ZZ"), undefined, "no such country");
  assert.equal(parsePhoneNumber("+34600000001", "ZZ"), "+34600000001");
});

test("what is no number is no number", () => {
  for (const text of [
    "",
    "abc",
    "1234",
    "+",
    "+34",
    "1".repeat(16),
    "12a3456789",
    "٣٤٦٠٠٠٠٠٠٠١",
    "+34600000001; drop",
    "1\n234567",
  ]) {
    assert.equal(parsePhoneNumber(text, "ES"), undefined, JSON.stringify(text));
  }
});

test("one end of a call is a number, an extension, somebody who hides, or the source's own words", () => {
  const kinds: [string, string, string][] = [
    ["+34123456789", "number", "+34123456789"],
    ["600000001", "number", "+34600000001"],
    ["1001", "extension", "1001"],
    ["10", "extension", "10"],
    ["anonymous", "withheld", "anonymous"],
    ["<unknown>", "withheld", "<unknown>"],
    ["", "withheld", ""],
    ["queue-sales", "other", "queue-sales"],
    ["7", "other", "7"],
  ];
  for (const [text, kind, shown] of kinds) {
    const party = parsePartyNumber(text, "ES");
    assert.deepEqual([party.kind, toPartyText(party)], [kind, shown], text);
  }
});

test("reading any text gives a party that reads the same again", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\+?[0-9 ()-]{0,18}$/)), (text) => {
      const party = parsePartyNumber(text, "ES");
      assert.equal(party.text, text.trim());
      const again = parsePartyNumber(toPartyText(party), "ES");
      assert.equal(again.kind, party.kind);
      assert.equal(toPartyText(again), toPartyText(party));
    }),
    { numRuns: 2_000 },
  );
});

test("digits are the number without its plus", () => {
  const number = parsePhoneNumber("+34 600 000 001", "ES");
  assert.equal(number && toDigits(number), "34600000001");
});

test("a number is dialled as one dials it in the tenant's country", () => {
  const dialed = (text: string, country: string) =>
    toDialed(parsePhoneNumber(text, country) ?? assert.fail(text), country);
  assert.equal(dialed("+34600000001", "ES"), "600000001");
  assert.equal(dialed("+442079460000", "ES"), "00442079460000");
  assert.equal(dialed("+442079460000", "GB"), "02079460000");
  assert.equal(dialed("+34600000001", "US"), "01134600000001");
  assert.equal(dialed("+34600000001", "ZZ"), "+34600000001", "a country without a plan");
});
