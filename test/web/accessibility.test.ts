// Everybody can use it: axe finds nothing on any screen, in any language, in either theme; the keyboard goes everywhere.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FAST } from "../harness.ts";
import { findViolations } from "./axe.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, settle, startConsole } from "./console.ts";
import { addScenery, SCREENS } from "./scenery.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: FAST });
const scenery = house ? await addScenery(house) : undefined;
const LOOKS = [
  { language: "en", colorScheme: "light" },
  { language: "es", colorScheme: "dark" },
  { language: "ru", colorScheme: "light" },
] as const;

for (const { language, colorScheme } of LOOKS) {
  test(`axe finds nothing on any screen: ${language}, ${colorScheme}`, { skip }, async () => {
    const desk = (await house?.signIn(undefined, { colorScheme })) ?? assert.fail();
    const { page } = desk;
    await page.evaluate(`localStorage.setItem("enlace.language", "${language}")`);
    const found: string[] = [];
    for (const { path } of SCREENS) {
      await page.goto(path.replace("$call", scenery?.callId ?? ""));
      await settle(desk);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      for (const violation of await findViolations(page)) found.push(`${path} ${violation}`);
    }
    assert.deepEqual(found, []);
    assertQuiet(desk);
  });
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
