import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createTestDatabase } from "../../test/database.ts";
import { type Column, toColumnArrays, toUnnest } from "./column-arrays.ts";

const database = await createTestDatabase();

interface Row {
  text: string | null;
  number: number | null;
  at: Date | null;
  json: string | null;
}
const COLUMNS: Column<Row>[] = [
  { name: "words", type: "text", of: ({ text }) => text },
  { name: "number", type: "integer", of: ({ number }) => number },
  { name: "at", type: "timestamptz", of: ({ at }) => at },
  { name: "json", type: "json", of: ({ json }) => json },
];

test("rows come out of the store as they went in, whatever their texts hold", async () => {
  const text = fc
    .oneof(fc.string(), fc.constantFrom("NULL", "null", "{a,b}", '"', "\\", '\\\\"', "a,b", " ", "", "ñ😀\n"))
    .filter((value) => !value.includes("\0") && value.isWellFormed());
  const row = fc.record({
    text: fc.option(text),
    number: fc.option(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
    at: fc.option(fc.date({ min: new Date(0), max: new Date("9999-01-01"), noInvalidDate: true })),
    json: fc.option(fc.json({ stringUnit: "grapheme" })),
  });
  const statement = `select r.words as text, r.number, r.at, r.json::text from ${toUnnest(COLUMNS, "r")}`;
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 20 }), async (rows) => {
      const result = await database.pool.query(statement, toColumnArrays(COLUMNS, rows));
      assert.deepEqual(
        result.rows,
        rows.map((one) => ({ ...one })),
      );
    }),
    { numRuns: 200 },
  );
});

test("what is no JSON cannot move the rows that follow it", () => {
  const one = { text: null, number: null, at: null };
  assert.throws(() => toColumnArrays(COLUMNS, [{ ...one, json: '"a\x01b"' }]), TypeError);
});
