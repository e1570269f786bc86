// The texts of the console: complete in every language, with the same places to fill in, and counted as each language counts.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setupI18n } from "@lingui/core";
import { type CompiledMessage, compileMessage } from "@lingui/message-utils/compileMessage";

const WEB = join(import.meta.dirname, "..", "..", "web");
const LANGUAGES = ["en", "es", "ru"] as const;
type Texts = Record<string, string>;
const load = (language: string): Texts => JSON.parse(readFileSync(join(WEB, "locales", `${language}.json`), "utf8"));
const texts = Object.fromEntries(LANGUAGES.map((language) => [language, load(language)])) as Record<string, Texts>;
const english = texts.en ?? {};

/** The names of what is filled in, and of plural forms: `{ count: ["one", "other"] }`. */
function toPlaces(message: CompiledMessage): Map<string, string[]> {
  const places = new Map<string, string[]>();
  const visit = (parts: unknown): void => {
    if (!Array.isArray(parts)) return; // a text without places
    for (const part of parts) {
      if (!Array.isArray(part)) continue;
      const [name, , forms = {}] = part as [string, string?, Record<string, unknown>?];
      places.set(
        name,
        Object.keys(forms).filter((form) => form !== "offset"),
      );
      for (const form of Object.values(forms)) visit(form);
    }
  };
  visit(message);
  return places;
}

test("every language has every text, none is empty, and none is left over", () => {
  for (const language of LANGUAGES) {
    assert.deepEqual(Object.keys(texts[language] ?? {}).sort(), Object.keys(english).sort(), language);
    assert.deepEqual(
      Object.entries(texts[language] ?? {}).filter(([, text]) => text.trim() === ""),
      [],
    );
  }
});

test("every text fills in the same names in every language, and plurals have the forms of the language", () => {
  for (const language of LANGUAGES) {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(texts[language] ?? {})) {
      const places = toPlaces(compileMessage(text));
      const wanted = toPlaces(compileMessage(english[key] ?? ""));
      assert.deepEqual([...places.keys()].sort(), [...wanted.keys()].sort(), `${language} ${key}`);
      for (const given of places.values()) {
        if (given.length === 0) continue;
        assert.deepEqual(given.filter((form) => !/^\d+$/.test(form)).sort(), [...forms].sort(), `${language} ${key}`);
      }
    }
  }
});

test("Russian counts 1, 2, 5, 11, 21 and 22 calls as Russians do", () => {
  const i18n = setupI18n();
  i18n.setMessagesCompiler(compileMessage);
  i18n.loadAndActivate({ locale: "ru", messages: texts.ru ?? {} });
  assert.deepEqual(
    [1, 2, 5, 11, 21, 22].map((count) => i18n._("live.count", { count })),
    ["1 звонок", "2 звонка", "5 звонков", "11 звонков", "21 звонок", "22 звонка"],
  );
});

test("every text is used somewhere", () => {
  const sources = readdirSync(WEB, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("dist"))
    .map((name) => readFileSync(join(WEB, name), "utf8"))
    .join("\n");
  // `outcome.${call.outcome}` uses every text that begins with `outcome.`, `bulk.${deed}Done` all of its form.
  const patterns = [...sources.matchAll(/`((?:[a-zA-Z]+\.)+[^`\s]*\$\{[^`]*)`/g)].map(
    ([, key = ""]) => new RegExp(`^${key.replaceAll(".", "\\.").replaceAll(/\$\{[^}]*\}/g, ".+")}$`),
  );
  const unused = Object.keys(english).filter(
    (key) => !sources.includes(`"${key}"`) && !patterns.some((pattern) => pattern.test(key)),
  );
  assert.deepEqual(unused, []);
});
