// Everybody can use it: axe finds nothing on any screen, in any language, in either theme; the keyboard goes everywhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findViolations } from "./axe.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, type Desk, see, startConsole } from "./console.ts";
import { findForeignWords } from "./foreign-words.ts";
import { addWholeScenery, loadRoutes, unfold, WALKING_FACTOR, walk } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
const screens = house ? await addWholeScenery(house) : [];
const LANGUAGES = ["en", "es", "ru"] as const;

test("axe finds nothing and no foreign word is read on any screen, in any language, in either theme", {
  skip,
}, async () => {
  const desk = (await house?.signIn(undefined, { colorScheme: "light" })) ?? assert.fail();
  const found: string[] = [];
  const walked = await walk(desk, screens, async ({ path }) => {
    for (const language of LANGUAGES)
      for (const finding of await look(desk, language)) found.push(`${path} ${language} ${finding}`);
  });
  assert.deepEqual(found, []);
  assert.ok(walked.length > loadRoutes().length, "tabs are walked too");
  assertQuiet(desk);
});

/** In place: the page is neither loaded nor asked for anew. */
async function look(desk: Desk, language: (typeof LANGUAGES)[number]): Promise<string[]> {
  const { page } = desk;
  await page.locator(".side-language select").selectOption(language);
  await page.locator(`html[lang=${language}]`).waitFor({ state: "attached" });
  await unfold(desk);
  const words = (await findForeignWords(page, language)).map((text) => `foreign: ${text}`);
  const violations = await findViolations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.locator("html[data-mantine-color-scheme=dark]").waitFor({ state: "attached" });
  const inTheDark = (await findViolations(page, { onlyColours: true })).map((text) => `in the dark: ${text}`);
  await page.emulateMedia({ colorScheme: "light" });
  await page.locator("html[data-mantine-color-scheme=light]").waitFor({ state: "attached" });
  return [...words, ...violations, ...inTheDark];
}

test("with the keyboard alone one gets past the navigation, to a call, and by Ctrl-K to its number", {
  skip,
}, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.goto("/calls");
  await see(page, "+34600000010");
  await page.keyboard.press("Tab");
  await page.locator(":focus", { hasText: "Skip to the content" }).waitFor();
  await page.keyboard.press("Enter");
  await page.locator("#content:focus").waitFor();
  await page.locator("tbody a").first().press("Enter");
  await page.waitForURL(/\/calls\/\d+$/);
  // At once, as people do: not a letter may be lost before the field has the focus.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("600000010");
  await page.getByText("Calls with 600000010").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/calls\?number=/);
  assertQuiet(desk);
});

test("a dialog takes the focus, gives it back, and closes with Escape", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.goto("/admin/pbxs");
  const opener = page.getByRole("button", { name: "Add a PBX" });
  await opener.press("Enter");
  await page.locator("[role=dialog] [name=name]:focus").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.locator(":focus", { hasText: "Add a PBX" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.locator("[role=dialog] input:focus").waitFor();
  await page.keyboard.press("Escape");
  await page.locator(":focus", { hasText: "Add a PBX" }).waitFor();
});

test("a language is chosen on any screen, is remembered, and Russian counts as Russians do", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.getByLabel("Language").selectOption("ru");
  await page.getByRole("heading", { name: "Сейчас", exact: true }).waitFor();
  await see(page, "2 звонка");
  await page.reload();
  await page.getByRole("heading", { name: "Сейчас", exact: true }).waitFor();
  await page.getByLabel("Язык").selectOption("es");
  await see(page, "2 llamadas");
  assertQuiet(desk);
});

test("the theme follows the machine, and the person when they choose another", { skip }, async () => {
  const { page } = (await house?.signIn(undefined, { colorScheme: "dark" })) ?? assert.fail();
  const seeScheme = (scheme: string) =>
    page.locator(`html[data-mantine-color-scheme=${scheme}]`).waitFor({ state: "attached" });
  await seeScheme("dark");
  await page.getByRole("button", { name: "Dark or light" }).click();
  await seeScheme("light");
  await page.reload();
  await page.getByRole("heading", { name: "Live" }).waitFor();
  await seeScheme("light");
});
