import assert from "node:assert/strict";
import { test } from "node:test";
import { changeTexts, createSentences, toKeptWords, toWording } from "./sentence.ts";

const say = createSentences("crm", {
  plain: "nobody has this number",
  several: "{count} records of {module} have it ({ids})",
  framed: "the API user lacks a right: {why}",
  list: "{sentences}",
});

test("the English text is made of the template, and the code and the values say which sentence it is", () => {
  assert.deepEqual(say("plain"), { text: "nobody has this number", code: "crm.plain", values: {} });
  const several = say("several", { count: 2, module: "Contacts", ids: ["12x1", "12x2"] });
  assert.equal(several.text, "2 records of Contacts have it (12x1, 12x2)");
  assert.deepEqual([several.code, several.values.count], ["crm.several", 2]);
});

test("a sentence may stand in another, and several in a row", () => {
  assert.equal(say("framed", { why: say("plain") }).text, "the API user lacks a right: nobody has this number");
  const both = say("list", { sentences: [say("plain"), say("framed", { why: "ACCESS_DENIED" })] });
  assert.equal(both.text, "nobody has this number; the API user lacks a right: ACCESS_DENIED");
});

test("what stands in a place of its own never opens another place", () => {
  assert.equal(say("framed", { why: "{why} $& {count}" }).text, "the API user lacks a right: {why} $& {count}");
});

test("a secret is masked in the text and in every value, however deep", () => {
  const deep = say("list", { sentences: [say("framed", { why: "key s3cret" }), say("plain")] });
  const masked = JSON.stringify(changeTexts(deep, (text) => text.replaceAll("s3cret", "[redacted]")));
  assert.ok(!masked.includes("s3cret"));
  assert.ok(masked.includes("[redacted]"));
});

test("words that were kept with another text, too long or not understood are not taken for those of this one", () => {
  const { text, ...words } = say("framed", { why: "ACCESS_DENIED" });
  const kept: unknown = JSON.parse(JSON.stringify(toKeptWords(text, words)));
  assert.deepEqual(toWording(text, kept), words);
  assert.equal(toWording("an older process wrote this", kept), null);
  assert.equal(toWording(null, kept), null);
  for (const odd of [null, undefined, "text", 7, { text }, { text, code: 1, values: {} }])
    assert.equal(toWording(text, odd), null);
  assert.equal(toKeptWords(text, { code: "crm.framed", values: { why: "x".repeat(5_000) } }), null);
});
