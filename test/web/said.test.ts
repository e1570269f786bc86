// The server's words in the language of the screen: by their code where there is a text, else as they came.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setupI18n } from "@lingui/core";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { type Speaker, toSpoken } from "../../web/ui/server-words.ts";

function createSpeaker(messages: Record<string, string>, locale = "es"): Speaker {
  const i18n = setupI18n();
  i18n.setMessagesCompiler(compileMessage);
  i18n.loadAndActivate({ locale, messages });
  return { knows: (key) => Object.hasOwn(i18n.messages, key), say: (key, values) => i18n._(key, values) };
}

const SPANISH = createSpeaker({
  "said.module": "No hay ningún módulo {module}.",
  "said.framed": "Se ha detenido: {why}",
  "said.fields": "{fieldCount, plural, one {Falta un campo} many {Faltan # campos} other {Faltan # campos}}: {fields}",
});

test("a sentence with a known code is told in the language of the screen, with its values", () => {
  const words = { text: "there is no module Calls", code: "module", values: { module: "Calls" } };
  assert.deepEqual(toSpoken(words, SPANISH), { text: "No hay ningún módulo Calls.", isOwn: true });
});

test("a sentence without a code, or with one that has no text yet, stays as the server wrote it and is not passed off as ours", () => {
  for (const code of [undefined, null, "", "unheardOf", "toString"])
    assert.deepEqual(toSpoken({ text: "as it came", code }, SPANISH), { text: "as it came", isOwn: false });
});

test("a value may be a sentence itself, and lists are counted and joined", () => {
  const why = { text: "there is no module Calls", code: "module", values: { module: "Calls" } };
  assert.equal(
    toSpoken({ text: "…", code: "framed", values: { why } }, SPANISH).text,
    "Se ha detenido: No hay ningún módulo Calls.",
  );
  const fields = { text: "…", code: "fields", values: { fieldCount: 2, fields: ["a", "b"] } };
  assert.equal(toSpoken(fields, SPANISH).text, "Faltan 2 campos: a, b");
  const theirs = { text: "…", code: "framed", values: { why: { text: "their own words" } } };
  assert.equal(toSpoken(theirs, SPANISH).text, "Se ha detenido: their own words");
});

test("values that are missing leave no word like undefined behind", () => {
  const words = { text: "…", code: "module", values: { module: null } };
  assert.equal(toSpoken(words, SPANISH).text, "No hay ningún módulo .");
});
