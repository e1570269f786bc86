import assert from "node:assert/strict";
import { test } from "node:test";
import { createSayer } from "./said.ts";

const say = createSayer({
  "trunk.away": "the trunk {name} is away ({state})",
  "trunk.framed": "not now: {why}",
  "trunk.several": "{count} are away: {names}",
  "trunk.none": "there is no trunk",
});

test("a sentence is its English with every place filled in, its code and the values", () => {
  const values = { name: "carrier", state: "{name}" };
  assert.deepEqual(say("trunk.away", values), {
    text: "the trunk carrier is away ({name})",
    code: "trunk.away",
    values,
  });
  assert.deepEqual(say("trunk.none"), { text: "there is no trunk", code: "trunk.none", values: {} });
});

test("a place takes a sentence or a list, and keeps both for those who speak another language", () => {
  const why = say("trunk.none");
  assert.equal(say("trunk.framed", { why }).text, "not now: there is no trunk");
  assert.deepEqual(say("trunk.framed", { why }).values, { why });
  assert.equal(say("trunk.several", { count: 2, names: ["a", "b"] }).text, "2 are away: a, b");
});

test("a sentence without one of its values does not compile", () => {
  // @ts-expect-error: `state` is missing
  assert.equal(say("trunk.away", { name: "carrier" }).text, "the trunk carrier is away ({state})");
  // @ts-expect-error: there is no such code
  assert.equal(say("trunk.unheard").text, "trunk.unheard");
});
