import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { AppError } from "../../../core/errors.ts";
import { toWorkbook, toZip } from "./fake-workbook.ts";
import { FILE_BYTES_MAX, saveListFile } from "./list-file.ts";
import { UnreadableList } from "./list-row.ts";
import { toPlainDigits } from "./xlsx-rows.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-lists-"));
after(() => rm(folder, { recursive: true }));
let count = 0;

async function readAll(content: string | Buffer): Promise<[number, ...string[]][]> {
  const file = await saveListFile(Readable.from([Buffer.from(content)]), { folder, name: `list-${count++}` });
  try {
    const rows: [number, ...string[]][] = [];
    for await (const { line, cells } of file.rows(new AbortController().signal)) rows.push([line, ...cells]);
    return rows;
  } finally {
    await file.remove();
  }
}
const problemOf = (content: string | Buffer): Promise<string> =>
  readAll(content).then(
    () => "read",
    (error) => (error instanceof UnreadableList || error instanceof AppError ? error.message : `bug: ${error}`),
  );

const ROWS = [
  [1, "telefono", "nombre"],
  [2, "600000001", "Ana, María"],
  [3, "600000002", "Zoé"],
] as const;

test("a comma, a semicolon or a tab divides the fields, whichever the first line has", async () => {
  assert.deepEqual(await readAll('telefono,nombre\n600000001,"Ana, María"\n600000002,Zoé\n'), ROWS);
  assert.deepEqual(await readAll("telefono;nombre\n600000001;Ana, María\n600000002;Zoé"), ROWS);
  assert.deepEqual(await readAll("telefono\tnombre\n600000001\tAna, María\n600000002\tZoé"), ROWS);
  assert.deepEqual(await readAll('"a,b;c";d\n'), [[1, "a,b;c", "d"]]);
});

test("a byte order mark, CRLF, quoted fields with line breaks and empty lines are no obstacle", async () => {
  assert.deepEqual(await readAll("\uFEFFtelefono;nombre\r\n600000001;Ana, María\r\n600000002;Zoé\r\n"), ROWS);
  assert.deepEqual(await readAll('telefono,nota\n600000001,"dos\nlíneas ""así"""\n\n600000002,x\n'), [
    [1, "telefono", "nota"],
    [3, "600000001", 'dos\nlíneas "así"'],
    [5, "600000002", "x"],
  ]);
});

test("files of older spreadsheets are read with their accents: Windows-1252 and UTF-16", async () => {
  const text = "telefono;nombre\r\n600000001;Ana, María\r\n600000002;Zoé\r\n";
  assert.deepEqual(await readAll(Buffer.from(text, "latin1")), ROWS);
  assert.deepEqual(await readAll(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")])), ROWS);
});

test("a quote that is never closed is refused with its line, not swallowed", async () => {
  const file = `telefono,nombre\n600000001,"Ana\n${"600000002,x\n".repeat(10_000)}`;
  assert.match(await problemOf(file), /^Line \d+: .*(record|quote)/i);
});

test("a workbook is read as its sheet shows it, sparse rows and formulas too", async () => {
  const sheet = `<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>
    <row r="2"><c r="A2"><v>6.00000001E8</v></c><c r="B2" t="inlineStr"><is><t>Ana, </t><t>María</t></is></c></row>
    <row r="4"><c r="A4" t="str"><f>B1</f><v>+34600000002</v></c><c r="D4" t="b"><v>1</v></c><c r="E4" t="e"><v>#N/A</v></c></row>
    <row r="5"><c r="A5" s="1"/></row>`;
  assert.deepEqual(await readAll(toWorkbook(sheet, ["telefono", "nombre &amp; más"])), [
    [1, "telefono", "nombre & más"],
    [2, "600000001", "Ana, María"],
    [4, "+34600000002", "", "", "1", ""],
  ]);
});

test("numbers are never written as powers of ten", () => {
  assert.deepEqual(["3.4600000001E10", "600000001", "1.5", "1E400"].map(toPlainDigits), [
    "34600000001",
    "600000001",
    "1.5",
    "1E400",
  ]);
});

test("a workbook that would burst is refused before it is unpacked, and one that lies of its size while it is", async () => {
  const bomb = toWorkbook(`<row r="1"><c r="A1"><v>1</v></c></row>${" ".repeat(40_000_000)}`);
  assert.match(await problemOf(bomb), /would unpack to too much/);
  const parts = [
    { name: "xl/workbook.xml", text: '<workbook><sheet r:id="a"/></workbook>', saysBytes: 5 },
    { name: "xl/_rels/workbook.xml.rels", text: "<r/>" },
  ];
  assert.match(await problemOf(toZip(parts)), /damaged/);
});

test("what is no list is refused in words: archives, older workbooks, empty and damaged files", async () => {
  assert.match(await problemOf(toZip([{ name: "photo.jpg", text: "x" }])), /no part xl\/workbook\.xml/);
  assert.match(await problemOf(Buffer.from("PK\x03\x04 and nothing more", "latin1")), /no workbook/);
  assert.match(await problemOf(toWorkbook("<row><c><v>1</row>")), /damaged/);
  assert.match(await problemOf(Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])), /older Excel/);
  assert.match(await problemOf(""), /empty/);
});

test("an expanding entity is not expanded", async () => {
  const sheet = '<row r="1"><c r="A1" t="inlineStr"><is><t>&boom;</t></is></c></row>';
  assert.match(await problemOf(toWorkbook(sheet)), /damaged/);
});

test("a file over the bound is refused, and nothing of it stays on the disk", async () => {
  const chunk = Buffer.alloc(1024 * 1024);
  const endless = Readable.from(
    (function* () {
      for (let sent = 0; sent <= FILE_BYTES_MAX; sent += chunk.length) yield chunk;
    })(),
  );
  await assert.rejects(saveListFile(endless, { folder, name: "large" }), { code: "payload_too_large" });
  assert.deepEqual(await readdir(folder), []);
});
