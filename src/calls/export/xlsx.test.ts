// A workbook that a spreadsheet reads, however long, with no more of it in memory than is on its way.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { after, test } from "node:test";
import { inflateRawSync } from "node:zlib";
import { readXlsxRows } from "../../dialer/campaigns/imports/xlsx-rows.ts";
import type { Cell } from "./cells.ts";
import { writeWorkbook } from "./xlsx.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-xlsx-"));
after(() => rm(folder, { recursive: true }));
const file = join(folder, "book.xlsx");
const { signal } = new AbortController();

async function* once(rows: readonly (readonly Cell[])[]) {
  yield rows;
}

async function save(rows: readonly (readonly Cell[])[]): Promise<{ cells: string[][]; xml: string }> {
  await pipeline(writeWorkbook([{ name: "calls", pages: once(rows) }], signal), createWriteStream(file));
  const cells: string[][] = [];
  for await (const row of readXlsxRows(file, signal)) cells.push([...row.cells]);
  const bytes = await readFile(file);
  const begins = 30 + bytes.readUInt16LE(26) + bytes.readUInt16LE(28);
  return { cells, xml: inflateRawSync(bytes.subarray(begins)).toString("utf8") };
}

test("what is written is read back: texts with every sign, numbers, gaps, and letters of any script", async () => {
  const text = 'a "b" <c> & \u{1F4DE} Ñandú Привет\nline';
  const { cells } = await save([
    [{ heading: "one" }, { heading: "two" }],
    [text, 42, null],
    [undefined, -1.5, "end"],
  ]);
  assert.deepEqual(cells, [
    ["one", "two"],
    [text, "42", ""],
    ["", "-1.5", "end"],
  ]);
});

test("a text that looks like a formula is a text, as it is, and no cell holds a formula", async () => {
  const texts = ["=cmd|'/c calc'!A0", "+1+1", "-2", "@SUM(1)", "\t=1"];
  const { cells, xml } = await save([texts]);
  assert.deepEqual(cells, [texts]);
  assert.doesNotMatch(xml, /<f>/);
  assert.equal(xml.match(/t="inlineStr"/g)?.length, texts.length);
});

test("signs that XML cannot spell are left out, half a character becomes a mark, and a text ends where a cell does", async () => {
  const { cells } = await save([["a\u0000b\u0007c\uFFFEd", "x\uD800y", "z".repeat(40_000)]]);
  assert.deepEqual(cells[0]?.slice(0, 2), ["abcd", "x\uFFFDy"]);
  assert.equal(cells[0]?.[2]?.length, 32_767);
});

test("a time of the tenant's zone is a time of the spreadsheet", async () => {
  const { xml } = await save([[{ local: "2026-03-12 18:00:00" }]]);
  assert.match(xml, /<c s="1"><v>46093\.75<\/v><\/c>/);
});

async function take(file: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of file) pieces.push(piece);
  return pieces;
}

const ROW_BYTES = 1_000;
const PAGE_ROWS = 100;

/** Digits that pack badly, the same in every run. */
function createNoise(): () => string {
  let seed = 0;
  return () => {
    const hashes = Array.from({ length: ROW_BYTES / 40 }, () =>
      createHash("sha1").update(String(seed++)).digest("hex"),
    );
    return hashes.join("");
  };
}

test("rows are read no faster than the file is taken: of 8 MB never more than 3 are on their way", async () => {
  const toNoise = createNoise();
  let givenBytes = 0;
  async function* pages() {
    for (let page = 0; page < 80; page += 1) {
      givenBytes += PAGE_ROWS * ROW_BYTES;
      yield Array.from({ length: PAGE_ROWS }, () => [toNoise()]);
    }
  }
  let takenBytes = 0;
  let mostOnTheWay = 0;
  for await (const chunk of writeWorkbook([{ name: "long", pages: pages() }], signal)) {
    takenBytes += chunk.length;
    // Hexadecimal noise packs to a little more than half: what is left of the difference is what stands in between.
    mostOnTheWay = Math.max(mostOnTheWay, givenBytes / 2 - takenBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(takenBytes > 4_000_000, String(takenBytes));
  assert.ok(mostOnTheWay < 3_000_000, String(mostOnTheWay));
});

test("a workbook whose rows cannot be read is no whole file, and whoever stops taking it stops the reading", async () => {
  async function* broken() {
    yield [["one"]];
    throw new Error("the store is gone");
  }
  await assert.rejects(take(writeWorkbook([{ name: "a", pages: broken() }], signal)), /the store is gone/);
  await assert.rejects(
    take(writeWorkbook([{ name: "a", pages: once([["one"]]) }], AbortSignal.abort(new Error("draining")))),
    /draining/,
  );
  const toNoise = createNoise();
  const ended = Promise.withResolvers<void>();
  async function* endless() {
    try {
      for (;;) yield [[toNoise()]];
    } finally {
      ended.resolve();
    }
  }
  let takenBytes = 0;
  for await (const chunk of writeWorkbook([{ name: "a", pages: endless() }], signal)) {
    takenBytes += chunk.length;
    if (takenBytes > 100_000) break;
  }
  await ended.promise;
});
