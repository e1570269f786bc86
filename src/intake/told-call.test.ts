import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { createTestDatabase } from "../../test/database.ts";
import { AppError } from "../core/errors.ts";
import { parseToldCall } from "./told-call.ts";

const MADRID = { timeZone: "Europe/Madrid", country: "ES" };
const NOW = new Date("2025-08-02T15:00:00Z");
const documented = readFileSync(join(import.meta.dirname, "fixtures", "documented-call.json"));

const parse = (fields: unknown) => parseToldCall(Buffer.from(JSON.stringify(fields)), MADRID, NOW);
const told = (fields: Record<string, unknown> = {}) => parse({ call_uuid: "uuid-1", ...fields }).fact;

/** The fields a refusal names. */
function refusedFields(fields: unknown): string[] {
  try {
    parse(fields);
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "invalid_field", String(error));
    return error.fields.map(({ path }) => path);
  }
  return [];
}

test("the documented example reads as one fact with every field it names", () => {
  const { callUuid, fact, raw } = parseToldCall(documented, MADRID, NOW);
  assert.equal(callUuid, "uuid-555");
  assert.equal(raw, documented.toString());
  const { key, ...rest } = fact;
  assert.match(key, /^webhook:[\w-]{32}$/);
  assert.deepEqual(rest, {
    source: "webhook",
    at: new Date("2025-08-02T14:02:30Z"),
    status: "answered",
    direction: "inbound",
    from: { kind: "number", text: "+34123456789", number: "+34123456789" },
    to: { kind: "number", text: "+34900112233", number: "+34900112233" },
    startedAt: new Date("2025-08-02T14:00:00Z"),
    endedAt: new Date("2025-08-02T14:02:30Z"),
    agentExtension: "1001",
    pbx: "centralita1",
    recordingUrl: "https://pbx.example.com/recordings/uuid-555.mp3",
  });
});

test("only call_uuid must be there; null and blank are the same as nothing", () => {
  const nothing = {
    from: null,
    to: "",
    direction: null,
    status: " ",
    start_time: "",
    end_time: null,
    recording_url: "",
    agent_ext: null,
    talk_seconds: "",
  };
  const { key: _, ...fact } = told(nothing);
  assert.deepEqual(fact, { source: "webhook", at: NOW });
});

test("words of other PBXs mean what they mean", () => {
  assert.equal(told({ status: "NO ANSWER" }).status, "missed");
  assert.equal(told({ status: "in_progress" }).status, "in_progress");
  assert.equal(told({ status: "Busy" }).status, "busy");
  assert.equal(told({ direction: "OUT" }).direction, "outbound");
  assert.equal(told({ direction: "incoming" }).direction, "inbound");
});

test("numbers may be JSON numbers, extensions and durations too", () => {
  const fact = told({ from: 34600000001, to: 1001, agent_ext: 1001, talk_seconds: "42" });
  assert.equal(fact.from?.kind === "number" && fact.from.number, "+34600000001");
  assert.equal(fact.to?.kind, "extension");
  assert.deepEqual([fact.agentExtension, fact.talkSeconds], ["1001", 42]);
});

test("a duration counts as talk only where nothing better is known", () => {
  assert.equal(told({ duration: 90 }).talkSeconds, 90);
  assert.equal(told({ duration: 90, talk_seconds: 70 }).talkSeconds, 70);
  assert.equal(told({ duration: 90, answer_time: "2025-08-02T14:00:20Z" }).talkSeconds, undefined);
});

test("times without an offset are the tenant's", () => {
  assert.deepEqual(told({ start_time: "2025-08-02 16:00:00" }).startedAt, new Date("2025-08-02T14:00:00Z"));
  assert.deepEqual(
    told({ event_time: "2025-08-02T14:05:00Z", end_time: "2025-08-02T14:00:00Z" }).at,
    new Date("2025-08-02T14:05:00Z"),
  );
});

test("each field that cannot be taken is named, all of them at once", () => {
  assert.deepEqual(refusedFields({}), ["call_uuid"]);
  assert.deepEqual(refusedFields({ call_uuid: 7 }), ["call_uuid"]);
  for (const uuid of ["", "a b", "a'b", "ñ", "x".repeat(101), "a/b"])
    assert.deepEqual(refusedFields({ call_uuid: uuid }), ["call_uuid"], uuid);
  const bad = {
    call_uuid: "uuid-1",
    from: { a: 1 },
    to: ["1"],
    direction: "sideways",
    status: "exploded",
    start_time: "yesterday",
    answer_time: 5,
    end_time: "2025-02-30T00:00:00Z",
    talk_seconds: -1,
    duration: 1.5,
    recording_url: "ftp://pbx.example.test/1",
    agent_ext: true,
    trunk: 1,
    pbx_system: "x".repeat(101),
  };
  assert.deepEqual(
    refusedFields(bad).sort(),
    Object.keys(bad)
      .filter((name) => name !== "call_uuid")
      .sort(),
  );
  for (const url of [
    "javascript:alert(1)",
    "https://",
    "//pbx.example.test/1",
    `https://pbx.example.test/${"x".repeat(2_000)}`,
    "not a url",
  ]) {
    assert.deepEqual(refusedFields({ call_uuid: "u", recording_url: url }), ["recording_url"], url);
  }
});

test("a refusal says what would be right", () => {
  assert.throws(
    () => parse({ call_uuid: "u", status: "exploded" }),
    /status must be one of ringing, .*completed.*no-answer.*busy/,
  );
  for (const notObject of [[], null, 7, "x"]) assert.throws(() => parse(notObject), /The body must be a JSON object/);
});

test("a call cannot end before it starts, nor last for months", () => {
  assert.deepEqual(
    refusedFields({ call_uuid: "u", start_time: "2025-08-02T14:00:00Z", end_time: "2025-08-02T13:59:59Z" }),
    ["end_time"],
  );
  assert.deepEqual(
    refusedFields({ call_uuid: "u", start_time: "2025-08-02T15:00:00", end_time: "2025-08-02T13:00:00Z" }),
    [],
  );
  assert.deepEqual(
    refusedFields({ call_uuid: "u", start_time: "2025-08-02T16:00:00", end_time: "2025-08-02T13:59:00Z" }),
    ["end_time"],
  );
  assert.deepEqual(refusedFields({ call_uuid: "u", start_time: "2025-01-01T00:00Z", end_time: "2025-03-01T00:00Z" }), [
    "end_time",
  ]);
  assert.deepEqual(
    refusedFields({ call_uuid: "u", start_time: "2025-01-01T00:00Z", end_time: "2025-01-01T00:00Z" }),
    [],
  );
});

test("what the store cannot keep is refused by name, in keys and depths too", () => {
  assert.deepEqual(refusedFields({ call_uuid: "u", note: "a\0b" }), ["note"]);
  assert.deepEqual(refusedFields({ call_uuid: "u", from: "\ud83d" }), ["from"]);
  assert.deepEqual(refusedFields({ call_uuid: "u", extra: { list: ["fine", "\udc00"] } }), ["extra.list.1"]);
  assert.deepEqual(refusedFields({ call_uuid: "u", "a\0b": 1 }), ["a\uFFFDb"]);
  for (const depth of [65, 5_000, 32_000]) {
    const body = Buffer.from(`{"call_uuid":"u","deep":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    assert.throws(() => parseToldCall(body, MADRID, NOW), /deep must not nest deeper than 64/);
  }
});

test("a body that is no JSON is refused as such", () => {
  for (const body of [
    Buffer.alloc(0),
    Buffer.from("{"),
    Buffer.from([0xff, 0xfe]),
    Buffer.from("call_uuid=1"),
    Buffer.from('{"call_uuid": NaN}'),
  ]) {
    assert.throws(() => parseToldCall(body, MADRID, NOW), { code: "invalid_json" });
  }
  const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from('{"call_uuid":"u"}')]);
  assert.equal(parseToldCall(marked, MADRID, NOW).raw, '{"call_uuid":"u"}', "a byte order mark is no fault");
});

test("the same post has one key however it is written; one more field makes another", () => {
  const keyOf = (text: string): string => parseToldCall(Buffer.from(text), MADRID, NOW).fact.key;
  const key = keyOf('{"call_uuid":"u","status":"busy"}');
  assert.equal(keyOf('{ "status": "b\\u0075sy",\n "call_uuid": "u" }'), key);
  assert.notEqual(keyOf('{"call_uuid":"u","status":"busy","x":1}'), key);
  assert.notEqual(keyOf('{"call_uuid":"u","status":"missed"}'), key);
});

const database = await createTestDatabase();

test("whatever is taken, the store keeps, as jsonb too; nothing it cannot keep is taken", async () => {
  const posts = fc.record({
    call_uuid: fc.constant("u"),
    from: fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), fc.nat()),
    anything: fc.jsonValue({ stringUnit: "binary" }),
  });
  const spiced = posts.chain((post) =>
    fc
      .constantFrom(
        "1e400",
        "1e99999",
        "-1E+131073",
        "9".repeat(140_000),
        `0.${"1".repeat(20_000)}`,
        "1e-99999",
        '"\\ud800"',
        '"\\u0000"',
        "7",
      )
      .map((spice) => JSON.stringify(post).replace(/}$/, `,"spice":${spice}}`)),
  );
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(spiced, async (text) => {
      let raw: string;
      try {
        raw = parseToldCall(Buffer.from(text), MADRID, NOW).raw;
      } catch (error) {
        assert.ok(error instanceof AppError && error.code === "invalid_field", String(error));
        return;
      }
      taken++;
      await database.pool.query("select $1::json, $1::jsonb", [raw]);
    }),
    { numRuns: 300 },
  );
  assert.ok(taken > 50);
});
