import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AMI_READER_LIMITS, type AmiReaderLimits, createAmiReader } from "./message.ts";

const BANNER = "Asterisk Call Manager/5.0.4\r\n";

function read(chunks: readonly Buffer[], limits: AmiReaderLimits = AMI_READER_LIMITS) {
  const seen = { banners: [] as string[], messages: [] as (readonly string[])[], oversized: 0 };
  const reader = createAmiReader(
    {
      onBanner: (line) => seen.banners.push(line),
      onMessage: (message) => seen.messages.push(message.fields),
      onOversized: () => seen.oversized++,
    },
    limits,
  );
  for (const chunk of chunks) reader.push(chunk);
  return seen;
}

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/);
const value = fc
  .string({ unit: "grapheme", maxLength: 30 })
  .filter((text) => !/[\r\n]/.test(text) && !text.startsWith(" ") && text.isWellFormed());
const message = fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 20 });
const toText = (fields: readonly (readonly [string, string])[]): string =>
  `${fields.map(([header, text]) => `${header}: ${text}\r\n`).join("")}\r\n`;

function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, index) => bytes.subarray(start, places[index] ?? bytes.length));
}

test("any chunking of a byte stream gives the same messages", () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 40 }), (messages, cuts) => {
      const bytes = Buffer.from(BANNER + messages.map(toText).join(""));
      const seen = read(cut(bytes, cuts));
      assert.deepEqual(
        seen.messages,
        messages.map((fields) => fields.flat()),
      );
      assert.deepEqual(seen.banners, [BANNER.trim()]);
      assert.equal(seen.oversized, 0);
    }),
  );
});

test("a stream that arrives byte by byte is the same stream", () => {
  const bytes = Buffer.from(
    `${BANNER}Event: NewCallerid\r\nCallerIDName: Pérez 😀: x\r\n\r\nResponse: Success\r\n\r\n`,
  );
  const seen = read([...bytes].map((byte) => Buffer.from([byte])));
  assert.deepEqual(seen.messages, [
    ["Event", "NewCallerid", "CallerIDName", "Pérez 😀: x"],
    ["Response", "Success"],
  ]);
});

test("any bytes at all are read without throwing once the banner is through, and memory stays bounded", () => {
  const limits = { bannerBytesMax: 256, messageBytesMax: 200, fieldsMax: 10 };
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
      const seen = read([Buffer.from(BANNER), ...chunks.map((chunk) => Buffer.from(chunk))], limits);
      for (const fields of seen.messages) assert.ok(fields.length <= 20 && fields.join("").length <= 200);
    }),
  );
});

test("a message beyond the limit is counted and skipped, and the next one is whole", () => {
  const limits = { bannerBytesMax: 256, messageBytesMax: 100, fieldsMax: 10 };
  const long = `Event: Long\r\nText: ${"x".repeat(5000)}\r\n\r\n`;
  const stream = Buffer.from(`${BANNER}${long}Event: Next\r\n\r\n`);
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 30 }), (cuts) => {
      const seen = read(cut(stream, cuts), limits);
      assert.deepEqual(seen.messages, [["Event", "Next"]]);
      assert.equal(seen.oversized, 1);
    }),
  );
});

test("a message with too many headers is counted, not delivered", () => {
  const limits = { bannerBytesMax: 256, messageBytesMax: 10_000, fieldsMax: 3 };
  const seen = read([Buffer.from(`${BANNER}A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\nA: 1\r\n\r\n`)], limits);
  assert.deepEqual(seen, { banners: [BANNER.trim()], messages: [["A", "1"]], oversized: 1 });
});

test("a first line without an end is refused once it is longer than any banner", () => {
  assert.throws(() => read([Buffer.alloc(300, "x")]), /too long for an AMI banner/);
});

test("lines without a colon and repeated headers are kept", () => {
  const reader: string[][] = [];
  createAmiReader({
    onBanner: () => undefined,
    onMessage: (parsed) => reader.push(parsed.all("Output"), parsed.all(""), [parsed.get("None") ?? "absent"]),
    onOversized: () => assert.fail("nothing is large here"),
  }).push(Buffer.from(`${BANNER}Response: Success\r\nOutput: a\r\nOutput:\r\nodd line\r\n\r\n`));
  assert.deepEqual(reader, [["a", ""], ["odd line"], ["absent"]]);
});
