import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { AppError } from "../../core/errors.ts";
import { readNumberList } from "./number-list.ts";

async function read(text: string, known: readonly string[] = []) {
  const list = new Set<string>(known);
  const saved: string[] = [];
  const report = await readNumberList(Readable.from([Buffer.from(text)]), "ES", async (numbers) => {
    const added = numbers.filter((number) => !list.has(number));
    for (const number of added) list.add(number);
    saved.push(...added);
    return added.length;
  });
  return { saved, report };
}

test("the first column counts, whatever stands between the columns, before and at the ends of lines", async () => {
  const { saved, report } = await read(
    "\uFEFFtelefono;nombre\r\n600 000 001;Ana\r\n+34600000002;\r\n\r\n0034600000003\r\n",
  );
  assert.deepEqual(saved, ["+34600000001", "+34600000002", "+34600000003"]);
  assert.deepEqual(report, { lines: 3, inserted: 3, duplicates: 0, invalid: 0, invalidLines: [] });
});

test("a list without column names loses no number", async () => {
  const { saved } = await read("600000001,Ana\n600000002,Eva\n");
  assert.deepEqual(saved, ["+34600000001", "+34600000002"]);
});

test("what is twice in the file or on the list already is a duplicate, and what is no number is told with its line", async () => {
  const { report } = await read("600000001\n600000001\n600000002\nabc\n12\n", ["+34600000002"]);
  assert.deepEqual(report, {
    ...{ lines: 5, inserted: 1, duplicates: 2, invalid: 2 },
    invalidLines: [
      { line: 4, value: "abc" },
      { line: 5, value: "12" },
    ],
  });
});

test("of a thousand bad lines the first hundred are shown and all are counted", async () => {
  const { report } = await read(`1\n${"nobody\n".repeat(1_000)}`);
  assert.deepEqual([report.invalid, report.invalidLines.length], [1_001, 100]);
});

test("a line that never ends is refused and named", async () => {
  await assert.rejects(read(`600000001\n${"9".repeat(40_000)}`), (error) => {
    assert.ok(error instanceof AppError && error.code === "invalid_request");
    assert.match(error.message, /^Line 2/);
    return true;
  });
});

test("a connection that breaks in the middle is an error, not a short list", async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from("600000001\n");
      throw new Error("cut");
    })(),
  );
  await assert.rejects(
    readNumberList(broken, "ES", async () => 1),
    /cut/,
  );
});
