import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { meets, parseStatement } from "./fake-vtql.ts";
import { toDigitsPattern, toLiteral, toName, UncarriableValue } from "./vtql.ts";

test("quotes are doubled and everything that cannot be found or breaks out is refused", () => {
  assert.equal(toLiteral("O'Brien"), "'O''Brien'");
  for (const value of ["", "a\\", "a\\' or id>'0", 'a"b', "<b>", "a;b", "a\nb", "\u{1f600}", "x".repeat(256)]) {
    assert.throws(() => toLiteral(value), UncarriableValue, value);
  }
});

test("whatever is carried arrives as it was and changes nothing else in the statement", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" }), (value) => {
      let literal: string;
      try {
        literal = toLiteral(value);
      } catch (error) {
        assert.ok(error instanceof UncarriableValue);
        return;
      }
      const statement = parseStatement(`select id from Contacts where lastname=${literal} limit 5;`);
      assert.deepEqual(statement.where, [[{ column: "lastname", operator: "=", values: [value] }]]);
      assert.equal(statement.limit, 5);
    }),
  );
});

test("a pattern of digits finds them whatever stands between, and only digits make one", () => {
  const pattern = toDigitsPattern("912345678");
  const [condition] = parseStatement(`select id from Contacts where phone like ${pattern};`).where[0] ?? [];
  assert.ok(condition && meets("(+34) 912-345-678 (home)", condition));
  assert.ok(condition && !meets("(+34) 912-345-687", condition));
  for (const digits of ["", "91", "+34912345678", "9%1", "1234567890123456"]) {
    assert.throws(() => toDigitsPattern(digits), UncarriableValue, digits);
  }
});

test("a name is letters, digits and underscores", () => {
  assert.equal(toName("cf_853"), "cf_853");
  for (const name of ["", "a b", "a;b", "a'"]) assert.throws(() => toName(name), UncarriableValue);
});
