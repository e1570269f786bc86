// Every sentence that the server can say by a code has a text in every language, which fills in the same places.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type CompiledMessage, compileMessage } from "@lingui/message-utils/compileMessage";
import { TEMPLATES } from "../../src/dialer/policy/packs/templates.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const LANGUAGES = ["en", "es", "ru"] as const;

interface Room {
  name: string;
  sentences: Readonly<Record<string, string>>;
}

/** The rooms that speak: `createSentences("<room>", <TEMPLATES>)`, with the templates exported under their name in the same file. */
async function loadRooms(): Promise<Room[]> {
  const files = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && file !== join("core", "sentence.ts"))
    .map((file) => join(ROOT, "src", file));
  const rooms: Room[] = [];
  for (const file of files) {
    const text = readFileSync(file, "utf8");
    for (const [, name = "", templates = ""] of text.matchAll(/createSentences\(\s*"([\w-]+)",\s*(\w+)/g)) {
      const exported: Record<string, unknown> = await import(file);
      const sentences = exported[templates] ?? assert.fail(`${file} does not export ${templates}`);
      rooms.push({ name, sentences: sentences as Room["sentences"] });
    }
  }
  return rooms;
}

const toPlaces = (template: string): string[] =>
  [...new Set([...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name))].sort();

/** The names that a text fills in, those inside plural forms too. */
function toFilled(message: CompiledMessage): string[] {
  const names = new Set<string>();
  const visit = (parts: unknown): void => {
    if (!Array.isArray(parts)) return;
    for (const part of parts) {
      if (!Array.isArray(part)) continue;
      names.add(String(part[0]));
      for (const form of Object.values(part[2] ?? {})) visit(form);
    }
  };
  visit(message);
  return [...names].sort();
}

const rooms = await loadRooms();
const titles = { name: "policy", sentences: Object.fromEntries(TEMPLATES.map(({ key, pack }) => [key, pack.title])) };
const codes = [...rooms, titles].flatMap(({ name, sentences }) =>
  Object.entries(sentences).map(([sentence, template]) => ({ code: `${name}.${sentence}`, template })),
);

test("no two rooms say a sentence under one code", () => {
  assert.ok(rooms.length >= 5, "the rooms were found");
  const seen = codes.map(({ code }) => code);
  assert.deepEqual(
    seen.filter((code, index) => seen.indexOf(code) !== index),
    [],
  );
});

for (const language of LANGUAGES)
  test(`every sentence of the server has a text that fills in the same places: ${language}`, () => {
    const texts: Record<string, string> = JSON.parse(
      readFileSync(join(ROOT, "web", "locales", `${language}.json`), "utf8"),
    );
    const wrong = codes.flatMap(({ code, template }) => {
      const text = texts[`said.${code}`];
      if (text === undefined) return [`${code} has no text`];
      const [filled, places] = [toFilled(compileMessage(text)), toPlaces(template)];
      return String(filled) === String(places) ? [] : [`${code} fills in ${filled}, the server gives ${places}`];
    });
    assert.deepEqual(wrong, []);
  });

test("no text is left over from a sentence that the server does not say any more", () => {
  const english: Record<string, string> = JSON.parse(readFileSync(join(ROOT, "web", "locales", "en.json"), "utf8"));
  const said = new Set(codes.map(({ code }) => `said.${code}`));
  assert.deepEqual(
    Object.keys(english).filter((key) => key.startsWith("said.") && !said.has(key)),
    [],
  );
});
