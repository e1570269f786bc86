import assert from "node:assert/strict";
import { test } from "node:test";
import { createLiveSheet, toTexts } from "./sheet.ts";

const texts = (...items: { id: string; state: string }[]) => toTexts(items, ({ id }) => id);
const [a, b] = [
  { id: "a", state: "ringing" },
  { id: "b", state: "ringing" },
];

test("who knows nothing gets the list, who knows the version before the change, who knows the latest nothing", () => {
  const sheet = createLiveSheet("items", "era");
  assert.equal(sheet.newsFor(-1), null, "nothing was looked at yet");
  sheet.take(texts());
  assert.deepEqual(sheet.newsFor(-1), { isWhole: true, data: '{"items":[]}' });
  const empty = sheet.version();
  sheet.take(texts(a, b));
  const both = sheet.version();
  assert.deepEqual(JSON.parse(sheet.newsFor(empty)?.data ?? ""), { set: [a, b], gone: [] });
  assert.equal(sheet.newsFor(both), null);
  const talking = { ...a, state: "talking" };
  sheet.take(texts(talking));
  assert.deepEqual(JSON.parse(sheet.newsFor(both)?.data ?? ""), { set: [talking], gone: ["b"] });
  assert.deepEqual(sheet.newsFor(empty), { isWhole: true, data: JSON.stringify({ items: [talking] }) });
});

test("the same list is no news, and another tail is, as the whole list", () => {
  const sheet = createLiveSheet("calls", "era");
  sheet.take(texts(a), ',"more":false');
  const version = sheet.version();
  sheet.take(texts({ ...a }), ',"more":false');
  assert.equal(sheet.version(), version);
  sheet.take(texts(a), ',"more":true');
  assert.deepEqual(sheet.newsFor(version), { isWhole: true, data: JSON.stringify({ calls: [a], more: true }) });
});
