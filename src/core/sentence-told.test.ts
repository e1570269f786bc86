import assert from "node:assert/strict";
import { test } from "node:test";
import { createTold } from "./sentence-told.ts";

const told = createTold("list", {
  empty: "The file is empty.",
  cells: "Row {line} has more than {max} cells.",
  damaged: "This workbook is damaged: {error}.",
});

test("a sentence is known by its English, with what stands in its places", () => {
  assert.deepEqual(told("The file is empty."), { code: "list.empty", values: {} });
  assert.deepEqual(told("Row 7 has more than 1000 cells."), { code: "list.cells", values: { line: "7", max: "1000" } });
  const words = "a (b) [c] $& two\nlines";
  assert.deepEqual(told(`This workbook is damaged: ${words}.`), { code: "list.damaged", values: { error: words } });
});

test("other words are no sentence of ours, however alike", () => {
  for (const text of [
    "",
    "The file is empty",
    "The file is emptyX",
    "Row  has more than 2 cells.",
    "x The file is empty.",
  ])
    assert.equal(told(text), null, text);
});
