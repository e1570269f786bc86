import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { AppError } from "../core/errors.ts";
import { callPost } from "./schema.ts";
import { parseToldCall } from "./told-call.ts";

const MADRID = { timeZone: "Europe/Madrid", country: "ES" };
const NOW = new Date("2025-08-02T15:00:00Z");

const words = fc.constantFrom(
  "",
  " ",
  "inbound",
  "OUT",
  "no_answer",
  "completed",
  "up",
  "sideways",
  " Busy ",
  "x".repeat(101),
);
const instants = fc.constantFrom(
  "2025-08-02T14:00:00Z",
  "2025-08-02 16:00",
  "2025-02-30T00:00:00Z",
  "1969-12-31T23:59:59Z",
  "24:01",
);
const urls = fc.constantFrom(
  " https://pbx.example.test/1.mp3 ",
  "HTTP://h",
  "ftp://h/1",
  "https://",
  `https://h/${"x".repeat(2_000)}`,
);
const numbers = fc.constantFrom(
  "+34600000001",
  "1001",
  1001,
  34600000001,
  -1,
  1.5,
  2 ** 53,
  "1".repeat(65),
  "007",
  "1000000000",
);
const anything = fc.oneof(
  words,
  instants,
  urls,
  numbers,
  fc.constantFrom(null, true, [], {}, [1]),
  fc.string({ maxLength: 5 }),
);

/** Names of the fields that have a shape. */
const FIELDS = Object.keys(callPost.shape);
/** A few fields at a time: with all of them at random no post would ever be taken. */
const posts = fc
  .array(fc.tuple(fc.constantFrom(...FIELDS), anything), { maxLength: 3 })
  .map((fields): Record<string, unknown> => Object.fromEntries(fields));

/** Of two fields that are good by themselves, which no schema says. */
const CONTRADICTIONS = /must not be (before|more than)/;

function refusedByReader(post: object): string[] {
  try {
    parseToldCall(Buffer.from(JSON.stringify(post)), MADRID, NOW);
    return [];
  } catch (error) {
    assert.ok(error instanceof AppError && error.code === "invalid_field", String(error));
    return error.fields.some(({ message }) => CONTRADICTIONS.test(message))
      ? []
      : error.fields.map(({ path }) => path).sort();
  }
}

function refusedBySchema(post: object): string[] {
  const result = callPost.safeParse(post);
  const issues = result.error?.issues ?? [];
  return [...new Set(issues.map(({ path }) => path.join(".")))].sort();
}

test("the reader refuses what the API document refuses, and nothing else", () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        posts,
        posts.map((post) => ({ ...post, call_uuid: "u" })),
      ),
      (post) => {
        const refused = refusedByReader(post);
        assert.deepEqual(refused, refusedBySchema(post));
        if (refused.length === 0) taken++;
      },
    ),
    { numRuns: 5_000 },
  );
  assert.ok(taken > 100, `only ${taken} were taken`);
});
