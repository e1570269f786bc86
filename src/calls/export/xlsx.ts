import { PassThrough, Readable } from "node:stream";
import { ZipFile } from "yazl";
import type { Cell } from "./cells.ts";

/**
 * A workbook for spreadsheets, written as it is read: rows go through the packer into the answer, and wait while the client
 * is slow. Every text is a text, whatever it begins with: no cell holds a formula. The first part of the archive is the first
 * sheet, so that a client can count its rows as they come.
 */
export interface Sheet {
  name: string;
  /** Rows, some at a time. */
  pages: AsyncIterable<readonly (readonly Cell[])[]>;
}

const TEXT_MAX = 32_767;
const HIGH_WATER_BYTES = 64 * 1024;

/** Throws `signal`'s reason when it is aborted, and whatever reading the rows throws: half a file must not look whole. */
export async function* writeWorkbook(sheets: readonly Sheet[], signal: AbortSignal): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  const out = zip.outputStream.pipe(new PassThrough({ highWaterMark: HIGH_WATER_BYTES }));
  zip.once("error", (error: Error) => out.destroy(error));
  let reading: Readable | undefined;
  for (const [order, sheet] of sheets.entries())
    zip.addReadStreamLazy(`xl/worksheets/sheet${order + 1}.xml`, { compress: true, compressionLevel: 4 }, (give) => {
      reading = Readable.from(writeSheet(sheet, signal), { objectMode: false, highWaterMark: HIGH_WATER_BYTES });
      reading.once("error", (error) => out.destroy(error)); // told to whoever takes the file
      give(null, reading);
    });
  for (const [name, text] of Object.entries(toParts(sheets))) zip.addBuffer(Buffer.from(text, "utf8"), name);
  zip.end();
  try {
    yield* out as AsyncIterable<Buffer>;
  } finally {
    reading?.destroy(); // who stops taking the file stops the reading
  }
}

async function* writeSheet({ pages }: Sheet, signal: AbortSignal): AsyncGenerator<Buffer> {
  yield Buffer.from(`${XML}<worksheet xmlns="${MAIN}"><sheetData>\n`);
  for await (const rows of pages) {
    signal.throwIfAborted();
    yield Buffer.from(rows.map((cells) => `<row>${cells.map(toCellXml).join("")}</row>\n`).join(""));
  }
  yield Buffer.from("</sheetData></worksheet>");
}

function toCellXml(cell: Cell): string {
  if (cell === null || cell === undefined || cell === "") return "<c/>";
  if (typeof cell === "number") return Number.isFinite(cell) ? `<c><v>${cell}</v></c>` : "<c/>";
  if (typeof cell === "string") return `<c t="inlineStr"><is><t xml:space="preserve">${toXmlText(cell)}</t></is></c>`;
  if ("local" in cell) return `<c s="1"><v>${toSerial(cell.local)}</v></c>`;
  return `<c s="2" t="inlineStr"><is><t>${toXmlText(cell.heading)}</t></is></c>`;
}

/** Days since the last day of 1899, as spreadsheets count. */
function toSerial(local: string): number {
  return Date.parse(`${local.replace(" ", "T")}Z`) / DAY_MS + DAYS_BEFORE_1970;
}
const DAY_MS = 86_400_000;
const DAYS_BEFORE_1970 = 25_569;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Characters that XML knows no spelling of are left out. */
function toXmlText(text: string): string {
  return (
    text
      .slice(0, TEXT_MAX)
      .toWellFormed()
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be taken out
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, "")
      .replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? "")
  );
}

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE = "http://schemas.openxmlformats.org/package/2006";
const TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml";

/** Everything around the sheets, as ECMA-376 wants it. Style 1 is a time, style 2 a heading. */
function toParts(sheets: readonly Sheet[]): Record<string, string> {
  const each = (write: (number: number, name: string) => string): string =>
    sheets.map(({ name }, order) => write(order + 1, toSheetName(name))).join("");
  return {
    "[Content_Types].xml": `${XML}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${TYPE}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${TYPE}.styles+xml"/>${each((number) => `<Override PartName="/xl/worksheets/sheet${number}.xml" ContentType="${TYPE}.worksheet+xml"/>`)}</Types>`,
    "_rels/.rels": `${XML}<Relationships xmlns="${PACKAGE}/relationships"><Relationship Id="rId1" Type="${OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    "xl/workbook.xml": `${XML}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${each((number, name) => `<sheet name="${name}" sheetId="${number}" r:id="rId${number}"/>`)}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": `${XML}<Relationships xmlns="${PACKAGE}/relationships">${each((number) => `<Relationship Id="rId${number}" Type="${OFFICE}/worksheet" Target="worksheets/sheet${number}.xml"/>`)}<Relationship Id="rId${sheets.length + 1}" Type="${OFFICE}/styles" Target="styles.xml"/></Relationships>`,
    "xl/styles.xml": `${XML}<styleSheet xmlns="${MAIN}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/></numFmts><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`,
  };
}

/** A sheet's name has at most 31 characters, and none of these. */
const toSheetName = (name: string): string => toXmlText(name.replace(/[[\]*?:/\\'"]/g, " ").slice(0, 31));
