import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { TooManyRowsError } from "./cdr-source.ts";
import { createCsvSource } from "./csv-source.ts";

const folder = mkdtempSync(join(tmpdir(), "enlace-csv-"));
after(() => rmSync(folder, { recursive: true }));
const file = join(folder, "Master.csv");
const T0 = Date.parse("2026-11-01T00:00:00Z");
const text = (seconds: number): string => new Date(T0 + seconds * 1000).toISOString().slice(0, 19).replace("T", " ");

/** A call of ten seconds each minute. */
function line(minute: number, linkedId = `${T0 / 1000 + minute * 60}.${minute}`): string {
  const [start, end] = [text(minute * 60), text(minute * 60 + 10)];
  return `"","600000001","101","from-trunk","x","PJSIP/trunk-${minute}","PJSIP/101-${minute}","Dial","PJSIP/101,20","${start}","${start}","${end}",10,10,"ANSWERED","DOCUMENTATION","${linkedId}","","","${linkedId}",${minute}\n`;
}
const MINUTES = 20_000;
writeFileSync(file, Array.from({ length: MINUTES }, (_, minute) => line(minute)).join(""));
const signal = new AbortController().signal;
const load = (path: string, fromMinute: number, toMinute: number, rowsMax = 5_000) => {
  const at = (minute: number): Date => new Date(T0 + minute * 60_000);
  return createCsvSource(path, "UTC").load({ since: at(fromMinute), until: at(toMinute) }, { rowsMax, signal });
};

test("a window anywhere in a large file brings its records and no others", async () => {
  for (const from of [0, 1, 7_777, MINUTES - 100]) {
    const rows = await load(file, from, from + 60);
    assert.deepEqual(
      rows.map(({ sequence }) => sequence),
      Array.from({ length: 60 }, (_, index) => from + index),
    );
  }
  assert.deepEqual(await load(file, MINUTES + 10, MINUTES + 60), []);
});

test("a call that begins in the window is whole, though a record of it begins hours later", async () => {
  const late = join(folder, "late.csv");
  writeFileSync(late, line(1) + line(2) + line(200, `${T0 / 1000 + 60}.1`));
  const rows = await load(late, 0, 2);
  assert.deepEqual(
    rows.map(({ sequence }) => sequence),
    [1, 200],
  );
});

test("odd lines and one that is half written are passed over, and read once they are whole", async () => {
  const growing = join(folder, "growing.csv");
  writeFileSync(growing, `${line(1)}rubbish\n"",\n\n${line(2).slice(0, 60)}`);
  assert.equal((await load(growing, 0, 10)).length, 1);
  appendFileSync(growing, line(2).slice(60));
  assert.equal((await load(growing, 0, 10)).length, 2);
});

test("of a folder the rotated files that may hold the window are read too, and a folder without any is refused", async () => {
  const rotated = mkdtempSync(join(folder, "rotated-"));
  writeFileSync(join(rotated, "Master.csv.1"), line(1) + line(2));
  writeFileSync(join(rotated, "Master.csv"), line(3));
  writeFileSync(join(rotated, "other.csv"), line(4));
  assert.equal((await load(rotated, 0, 10)).length, 3);
  const old = new Date(T0 - 86_400_000);
  utimesSync(join(rotated, "Master.csv.1"), old, old);
  assert.equal((await load(rotated, 0, 10)).length, 1, "what was last written before the window holds nothing of it");
  await assert.rejects(load(mkdtempSync(join(folder, "empty-")), 0, 10), /there is no Master\.csv/);
  await assert.rejects(load(join(folder, "gone.csv"), 0, 10), /ENOENT/);
});

test("more records than may be held are refused, and reading ends when nobody waits any more", async () => {
  await assert.rejects(load(file, 0, 600, 100), TooManyRowsError);
  const window = { since: new Date(T0), until: new Date(T0 + 60_000) };
  const gone = AbortSignal.abort(new Error("stopped"));
  await assert.rejects(createCsvSource(file, "UTC").load(window, { rowsMax: 10, signal: gone }), /stopped/);
});
