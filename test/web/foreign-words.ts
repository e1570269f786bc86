// Words of another language on the screen: texts that nobody translated, keys in place of texts, sentences that stand in the
// source. What the server itself writes is English in every language and says so (`lang="en"`), as WCAG 3.1.2 asks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";

type Texts = Readonly<Record<string, string>>;
export type Language = "en" | "es" | "ru";
const load = (language: Language): Texts =>
  JSON.parse(readFileSync(join(import.meta.dirname, "..", "..", "web", "locales", `${language}.json`), "utf8"));
const texts = { en: load("en"), es: load("es"), ru: load("ru") };
/** A text of the console that has nothing to fill in, as it stands on the screen. */
export function toText(language: Language, key: string): string {
  return texts[language][key] ?? assert.fail(`${language} has no text ${key}`);
}

/** Words that no name, number or address is made of, and that neither Spanish nor Russian has. */
const ENGLISH = /(?<![\w.-])(the|and|is|are|not|with|this|that|from|yet|your|you|when|which|what)(?![\w.-])/i;

/** Whatever a person reads or hears here; nothing that is marked as another language or as somebody's own words. */
const COLLECT = `(() => {
  const found = new Set();
  const isForeign = (element) => element.closest("[lang]:not(html), [translate=no], pre, code, .mono, script, style") !== null;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (data.trim() && parentElement && !isForeign(parentElement)) found.add(data.trim());
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const element of document.querySelectorAll("[" + name + "]"))
      if (!isForeign(element)) found.add(element.getAttribute(name).trim());
  return [...found];
})()`;

/** What stands on the screen in another language than `language`. */
export async function findForeignWords(page: Page, language: Language): Promise<string[]> {
  const said = await page.evaluate<string[]>(COLLECT);
  const own = new Set(Object.values(texts[language]));
  const english = new Set(Object.values(texts.en).filter((text) => !own.has(text)));
  return said.filter(
    (text) => text in texts.en || (language !== "en" && (english.has(text) || (ENGLISH.test(text) && !own.has(text)))),
  );
}
