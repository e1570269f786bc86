import assert from "node:assert/strict";
import { test } from "node:test";
import { createFakeTerminal } from "./fake-terminal.ts";
import { toDuration, toFieldList, toLocalTime, toPrintable, toTable } from "./table.ts";

const ROWS = [
  ["1", "Main CRM", true],
  ["12", null, false],
] as const;

test("in a pipe a table is bare columns without borders, colours or trailing spaces", () => {
  const text = toTable(createFakeTerminal(), ["ID", "Name", "On"], ROWS);
  assert.equal(text, "ID  Name      On\n1   Main CRM  yes\n12  -         no");
});

test("on a terminal a table has borders and a bold head", () => {
  const text = toTable(createFakeTerminal({ isTerminal: true }), ["ID", "Name", "On"], ROWS);
  assert.ok(text.includes("│"));
  assert.ok(text.includes("\u001b[1mID\u001b[0m"));
});

test("an empty table says so", () => {
  assert.equal(toTable(createFakeTerminal(), ["ID"], []), "(none)");
});

test("fields stand under each other, aligned", () => {
  const text = toFieldList(createFakeTerminal(), [
    ["ID", "7"],
    ["Outcome", undefined],
  ]);
  assert.equal(text, "ID       7\nOutcome  -");
});

test("a CRM's text cannot steer the terminal", () => {
  assert.equal(toPrintable("a\u001b[31mb\u0007\tc\u009b2J"), "a·[31mb··c·2J");
  assert.ok(!toTable(createFakeTerminal(), ["x"], [["\u001b[2J"]]).includes("\u001b"));
});

test("instants are shown in this machine's zone with its offset", () => {
  const shown = toLocalTime("2026-07-01T12:00:00Z");
  assert.match(shown, /^2026-0[67]-\d\d \d\d:\d\d:00 [+-]\d\d:\d\d$/);
  assert.equal(new Date(shown.replace(/ ([+-])/, "$1").replace(" ", "T")).toISOString(), "2026-07-01T12:00:00.000Z");
  assert.equal(toLocalTime(null), "-");
});

test("durations read as clocks do, and unknown is not zero", () => {
  assert.deepEqual([0, 150, 3607, null].map(toDuration), ["0:00", "2:30", "1:00:07", "-"]);
});
