// `npm run screens`: photographs of the console for docs/screens/, in both themes. Look at them before committing them.
import assert from "node:assert/strict";
import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FAST } from "../harness.ts";
import { settle, startConsole } from "./console.ts";
import { addScenery, SCREENS } from "./scenery.ts";

const FOLDER = process.env.SCREENS_FOLDER ?? join(import.meta.dirname, "..", "..", "docs", "screens");
const BYTES_MAX = 150 * 1024;
/** These go to the documents; with SCREENS_FOLDER all of them are taken. */
const DOCUMENTED: readonly string[] = [
  ...["live", "calls", "call", "reports", "deliveries", "connection", "users", "setup"],
];

test("the screens are photographed in both themes", async () => {
  const house = await startConsole({ clockFactor: FAST });
  const { callId } = await addScenery(house);
  mkdirSync(FOLDER, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    const desk = await house.signIn(undefined, { colorScheme, viewport: { width: 1100, height: 640 } });
    const { page } = desk;
    for (const { name, path } of SCREENS) {
      if (!process.env.SCREENS_FOLDER && !DOCUMENTED.includes(name)) continue;
      await page.goto(path.replace("$call", callId));
      await settle(desk);
      if (name === "live") await page.locator(".chart canvas").waitFor();
      const file = join(FOLDER, `${name}-${colorScheme}.png`);
      await page.screenshot({ path: file });
      assert.ok(statSync(file).size <= BYTES_MAX, `${file} is larger than ${BYTES_MAX} bytes`);
    }
  }
});
