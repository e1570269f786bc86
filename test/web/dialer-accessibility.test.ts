// Everybody can use the dialer's screens: axe finds nothing on any of them, in any language, in either theme.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findViolations } from "./axe.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, settle, startConsole } from "./console.ts";
import { addDialerScenery, DIALER_SCREENS } from "./dialer-scenery.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();
const scenery = house ? await addDialerScenery(house) : undefined;

for (const { language, colorScheme } of [
  { language: "en", colorScheme: "light" },
  { language: "es", colorScheme: "dark" },
  { language: "ru", colorScheme: "light" },
] as const) {
  test(`axe finds nothing on any screen of the dialer: ${language}, ${colorScheme}`, { skip }, async () => {
    const desk = (await house?.signIn(undefined, { colorScheme })) ?? assert.fail();
    const { page } = desk;
    await page.evaluate(`localStorage.setItem("enlace.language", "${language}")`);
    const found: string[] = [];
    for (const { path } of DIALER_SCREENS) {
      await page.goto(scenery?.fill(path) ?? "");
      await settle(desk);
      await page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true");
      for (const violation of await findViolations(page)) found.push(`${path} ${violation}`);
    }
    assert.deepEqual(found, []);
    assertQuiet(desk);
  });
}
