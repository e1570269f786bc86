// `npm run screens`: photographs of every screen of the console for docs/screens/, in both themes. Look at them before
// committing them. SCREENS_ONLY=live,calls takes those alone, SCREENS_LANGUAGE=ru another language than English, SCREENS_FOLDER
// puts them elsewhere, SCREENS_WIDTH=390 makes the window a telephone's.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import upng from "upng-js";
import { FAST } from "../harness.ts";
import { settle, startConsole } from "./console.ts";
import { addWholeScenery, walk } from "./walk.ts";

const { SCREENS_FOLDER, SCREENS_ONLY, SCREENS_LANGUAGE = "en", SCREENS_WIDTH = "1280" } = process.env;
const FOLDER = SCREENS_FOLDER ?? join(import.meta.dirname, "..", "..", "docs", "screens");
const BYTES_MAX = 150 * 1024;
/** A screen has few colours: with a palette it is a third as large, and looks the same. */
const COLOURS = 128;

test("every screen is photographed in both themes", async () => {
  const house = await startConsole({ clockFactor: FAST });
  const screens = await addWholeScenery(house);
  const only = SCREENS_ONLY?.split(",");
  mkdirSync(FOLDER, { recursive: true });
  const viewport = { width: Number(SCREENS_WIDTH), height: 800 };
  const desk = await house.signIn(undefined, { colorScheme: "light", viewport });
  const { page } = desk;
  await page.evaluate(`localStorage.setItem("enlace.language", "${SCREENS_LANGUAGE}")`);
  await walk(desk, screens, async ({ name, path }) => {
    if (only && !only.includes(name)) return;
    if (path === "/live") await page.locator(".chart canvas").first().waitFor();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor({ state: "attached" });
      await settle(desk);
      const small = toSmall(await page.screenshot({ animations: "disabled" }));
      const file = join(FOLDER, `${name}-${colorScheme}.png`);
      assert.ok(small.length <= BYTES_MAX, `${file} is larger than ${BYTES_MAX} bytes`);
      writeFileSync(file, small);
    }
    await page.emulateMedia({ colorScheme: "light" });
  });
});

function toSmall(png: Buffer): Buffer {
  const image = upng.decode(new Uint8Array(png).buffer);
  return Buffer.from(upng.encode(upng.toRGBA8(image), image.width, image.height, COLOURS));
}
