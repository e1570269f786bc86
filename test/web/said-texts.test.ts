// Every sentence that the server can say to a person has a text in every language, with the same places.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connectors } from "../../src/connectors/registry.ts";
import { toSettingsSchema } from "../../src/tenants/connections/settings.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SRC = join(ROOT, "src");
const LANGUAGES = ["en", "es", "ru"] as const;
const loadTexts = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(join(ROOT, "web", "locales", `${language}.json`), "utf8"));

/** Code → English template, of every room that says something. */
async function loadSentences(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const name of readdirSync(SRC, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".ts") || name.endsWith(".test.ts")) continue;
    const path = join(SRC, name);
    for (const [, room, constant = ""] of readFileSync(path, "utf8").matchAll(/createSentences\("(\w+)",\s*(\w+)\)/g)) {
      const templates: Record<string, string> | undefined = (await import(path))[constant];
      assert.ok(templates, `${name} must export ${constant}: its codes are texts of the console`);
      for (const [code, template] of Object.entries(templates)) found.set(`${room}.${code}`, template);
    }
  }
  return found;
}

const sentences = await loadSentences();
const toPlaces = (text: string): string[] =>
  [...new Set([...text.matchAll(/\{(\w+)(?=[},])/g)].map(([, name = ""]) => name))].sort();

test("the rooms that speak are found", () => {
  const rooms = new Set([...sentences.keys()].map((code) => code.split(".")[0]));
  for (const room of ["connection", "delivery", "http", "vtiger", "webhook"]) assert.ok(rooms.has(room), room);
});

test("every code has a text in every language, with the places of its English template", () => {
  for (const language of LANGUAGES) {
    const texts = loadTexts(language);
    const missing = [...sentences.keys()].filter((code) => !texts[`said.${code}`]);
    assert.deepEqual(missing, [], `${language} has no text of these`);
    for (const [code, template] of sentences)
      assert.deepEqual(toPlaces(texts[`said.${code}`] ?? ""), toPlaces(template), `${language} ${code}`);
  }
});

/** Those whose console says in English just what the answers say: a sentence that is changed is changed in both. */
const WORD_FOR_WORD = new Set(["connection", "http", "vtiger", "webhook"]);

test("the English of the console is the English of the answers, but where it counts", () => {
  const english = loadTexts("en");
  for (const [code, template] of sentences) {
    if (!WORD_FOR_WORD.has(code.split(".")[0] ?? "")) continue;
    const text = english[`said.${code}`] ?? "";
    if (!text.includes(", plural,")) assert.equal(text, template, code);
  }
});

test("nothing is said in Spanish or Russian as it is in English, but where it has no words", () => {
  for (const language of ["es", "ru"] as const) {
    const texts = loadTexts(language);
    const same = [...sentences].filter(
      ([code, text]) => texts[`said.${code}`] === text && /(?<![A-Za-z])[a-z]{3}/.test(text.replaceAll(/\{\w+\}/g, "")),
    );
    assert.deepEqual(
      same.map(([code]) => code),
      [],
      language,
    );
  }
});

test("every setting of every connector has its title and its hint in every language, and its choices where they are words", () => {
  for (const language of LANGUAGES) {
    const texts = loadTexts(language);
    for (const { id, settings } of connectors) {
      const { properties = {} } = toSettingsSchema(settings) as { properties?: Record<string, Described> };
      for (const [name, { title, description }] of Object.entries(properties)) {
        const key = `setting.${id}.${name}`;
        assert.ok(texts[key] && (!description || texts[`${key}.hint`]), `${language} ${key}`);
        if (language === "en") assert.equal(texts[key], title, key);
      }
    }
  }
});

interface Described {
  title?: string;
  description?: string;
}
