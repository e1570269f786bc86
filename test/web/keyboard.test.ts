// One whole task of every area by the keyboard alone: Tab leads to whatever is needed, keys do it, no mouse is there.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, type Desk, see, settle, startConsole } from "./console.ts";
import { addWholeScenery, WALKING_FACTOR } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
if (house) await addWholeScenery(house);
const TABS_MAX = 200;

interface Task {
  area: string;
  path: string;
  run(page: Page): Promise<void>;
}

const button = (page: Page, name: string | RegExp): Locator => page.getByRole("button", { name }).first();
const field = (page: Page, name: string): Locator => page.getByRole("textbox", { name, exact: true }).first();

const TASKS: readonly Task[] = [
  {
    area: "Live: the last day in place of the last hour, then a call that runs",
    path: "/live",
    run: async (page) => {
      await reach(page, button(page, "Last day"));
      await page.keyboard.press("Space");
      await page.getByRole("button", { name: "Last day", pressed: true }).waitFor();
      await reach(page, page.locator("tbody a[href^='/calls/']").first());
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/calls\/\d+$/);
    },
  },
  {
    area: "Calls: the missed ones, and the story of one",
    path: "/calls",
    run: async (page) => {
      await reach(page, page.getByLabel("Outcome"));
      await page.keyboard.type("mis");
      await page.waitForURL("**/calls?outcome=missed");
      await reach(page, page.locator("tbody a[href^='/calls/']").first());
      await page.keyboard.press("Enter");
      await page.waitForURL(/\/calls\/\d+$/);
      await reach(page, page.locator("summary").first());
      await page.keyboard.press("Enter");
      await page.locator("details[open]").first().waitFor();
    },
  },
  {
    area: "Reports: inbound calls only",
    path: "/reports",
    run: async (page) => {
      await reach(page, page.getByLabel("Direction"));
      await page.keyboard.type("in");
      await page.waitForURL(/direction=inbound/);
    },
  },
  {
    area: "Deliveries: a dead letter is sent again",
    path: "/deliveries",
    run: async (page) => {
      await reach(page, page.locator("tbody button", { hasText: "Send again" }).first());
      await page.keyboard.press("Enter");
      await see(page, "It is on its way.");
    },
  },
  {
    area: "Connections: one is paused and resumed",
    path: "/connections/1",
    run: async (page) => {
      await reach(page, button(page, /^Pause/));
      await page.keyboard.press("Enter");
      await reach(page, button(page, /^Resume/));
      await page.keyboard.press("Enter");
      await button(page, /^Pause/).waitFor();
    },
  },
  {
    area: "Dialer: a number is put on the do-not-call list",
    path: "/dialer/do-not-call",
    run: async (page) => {
      await reach(page, page.locator("main form input[name=number]").first());
      await page.keyboard.type("+34600000097");
      await page.keyboard.press("Enter");
      await page.getByRole("cell", { name: "+34600000097", exact: true }).waitFor();
    },
  },
  {
    area: "Administration: an extension is added and removed, and the removal taken back",
    path: "/admin/extensions",
    run: async (page) => {
      await reach(page, field(page, "Number"));
      await page.keyboard.type("1777");
      await page.keyboard.press("Enter");
      const cell = page.getByRole("cell", { name: "1777", exact: true }).first();
      await cell.waitFor();
      await reach(page, button(page, /^Remove 1777/));
      await page.keyboard.press("Enter");
      await cell.waitFor({ state: "detached" });
      await page.keyboard.press("Control+z");
      await cell.waitFor();
    },
  },
  {
    area: "First steps: on to the next one",
    path: "/setup?step=pbx",
    run: async (page) => {
      await reach(page, page.getByRole("button", { name: "Next", exact: true }));
      await page.keyboard.press("Enter");
      await page.waitForURL("**/setup?step=crm");
    },
  },
  {
    area: "My account: numbers in national form and back",
    path: "/account",
    run: async (page) => {
      await reach(page, page.getByLabel("Telephone numbers"));
      await page.keyboard.press("ArrowDown");
      assert.equal(await page.getByLabel("Telephone numbers").inputValue(), "national");
      await page.keyboard.press("ArrowUp");
      assert.equal(await page.getByLabel("Telephone numbers").inputValue(), "e164");
    },
  },
];

for (const { area, path, run } of TASKS) {
  test(`by the keyboard alone: ${area}`, { skip }, async () => {
    const desk: Desk = (await house?.signIn()) ?? assert.fail();
    await desk.page.goto(path);
    await settle(desk);
    await run(desk.page);
    assertQuiet(desk);
  });
}

/** Presses Tab until it has the focus. */
async function reach(page: Page, wanted: Locator): Promise<void> {
  await wanted.waitFor();
  for (let tabs = 0; tabs < TABS_MAX; tabs += 1) {
    await page.keyboard.press("Tab");
    if (await wanted.evaluate((one) => one.matches(":focus"))) return;
  }
  assert.fail(`${TABS_MAX} times Tab do not lead to ${wanted}`);
}
