import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { FIELD_SENTENCES, toFieldSentence } from "./field-words.ts";

/** As fastify-type-provider-zod hands an issue over. */
function ask(schema: z.ZodType, value: unknown) {
  const [issue] = schema.safeParse(value).error?.issues ?? [];
  assert.ok(issue, "the value was taken");
  const { code, message, path: _, ...params } = issue;
  return toFieldSentence({ keyword: code, message, params });
}
const told = (schema: z.ZodType, value: unknown): string => ask(schema, value)?.text ?? "";

test("each common kind of fault has a sentence of its own, with its bound", () => {
  assert.equal(told(z.string(), undefined), "is required");
  assert.equal(told(z.string(), 7), "must be text");
  assert.equal(told(z.string().min(1), ""), "must not be empty");
  assert.equal(told(z.string().min(3), "a"), "must have at least 3 characters");
  assert.equal(told(z.string().max(3), "abcd"), "may have at most 3 characters");
  assert.equal(told(z.number(), "x"), "must be a number");
  assert.equal(told(z.coerce.number(), "x"), "must be a number");
  assert.equal(told(z.int(), 1.5), "must be a whole number");
  assert.equal(told(z.int().min(2), 1), "must be at least 2");
  assert.equal(told(z.int().max(2), 3), "must be at most 2");
  assert.equal(told(z.number().gt(2), 2), "must be more than 2");
  assert.equal(told(z.number().lt(2), 2), "must be less than 2");
  assert.equal(told(z.boolean(), "yes"), "must be true or false");
  assert.equal(told(z.array(z.string()).min(1), []), "must have at least 1 entries");
  assert.equal(told(z.array(z.string()).max(1), ["a", "b"]), "may have at most 1 entries");
  assert.equal(told(z.enum(["busy", "free"]), "x"), "must be one of busy, free");
  assert.equal(told(z.iso.date(), "x"), "must be a date such as 2026-12-31");
  assert.equal(told(z.string().regex(/^a$/), "b"), "is not written as it must be");
  assert.equal(told(z.union([z.string(), z.number()]), true), "is not valid");
  assert.deepEqual(ask(z.string().min(3), "a")?.values, { min: 3 });
});

test("a schema's own sentence is known by its words, and one that has no name stays as it was written", () => {
  const clock = z.string().regex(/^\d\d:\d\d$/, FIELD_SENTENCES.clock);
  assert.deepEqual(ask(clock, "9"), { text: "must be HH:MM", code: "field.clock", values: {} });
  assert.equal(
    ask(
      z.string().refine(() => false, "must rhyme"),
      "x",
    ),
    null,
  );
});
