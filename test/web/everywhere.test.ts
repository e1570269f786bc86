// What holds wherever one is: the palette, the keys, the form of numbers, the time of day, a telephone's width.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findViolations } from "./axe.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, type Desk, settle, startConsole } from "./console.ts";
import { addWholeScenery, WALKING_FACTOR, walk } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
const screens = house ? await addWholeScenery(house) : [];
const PHONE = { width: 390, height: 844 };

test("the palette finds a page, a tab of it, a campaign by name and calls by number, and does things", {
  skip,
}, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  const choose = async (typed: string, label: string | RegExp): Promise<void> => {
    await page.keyboard.press("Control+k");
    await page.keyboard.type(typed);
    await page.locator("[role=dialog] button", { hasText: label }).first().waitFor();
    await page.keyboard.press("Enter");
  };
  await page.getByRole("heading", { name: "Live", exact: true }).waitFor();
  await choose("Deliv", "Deliveries");
  await page.waitForURL("**/deliveries");
  await choose("do not", "Do not call");
  await page.waitForURL("**/dialer/do-not-call");
  await choose("november", "November");
  await page.waitForURL(/\/dialer\/campaigns\/\d+$/);
  await choose("600 000 010", "Calls with 600 000 010");
  await page.waitForURL(/\/calls\?number=/);
  await choose("Русский", "Русский");
  await page.getByRole("heading", { name: "Звонки", exact: true }).waitFor();
  await choose("English", "English");
  await page.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  assertQuiet(desk);
});

test("the palette and the list of keys have no fault that axe finds, in either theme", { skip }, async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const { page } = (await house?.signIn(undefined, { colorScheme })) ?? assert.fail();
    await page.getByRole("heading", { name: "Live", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("nov");
    await page.locator("[role=dialog] button", { hasText: "November" }).waitFor();
    assert.deepEqual(await findViolations(page), []);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
    assert.deepEqual(await findViolations(page), []);
  }
});

test("`g` and a letter goes to a page, `/` to its filters, and neither does anything while one types or after it is switched off", {
  skip,
}, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.getByRole("heading", { name: "Live" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  await page.keyboard.press("/");
  await page.locator("main search input:focus").waitFor();
  const number = page.getByLabel("Number", { exact: true });
  await number.focus();
  await page.keyboard.type("g?");
  assert.equal(await number.inputValue(), "g?");
  assert.equal(await page.getByRole("dialog").count(), 0);
  await number.fill("");
  await page.getByRole("button", { name: "Keyboard" }).click();
  await page.getByLabel("Keys without Ctrl").uncheck();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.keyboard.press("?");
  await page.keyboard.press("Control+k");
  // Had the list of keys opened, it would be the one that is there.
  await page.locator("[role=dialog] input:focus").waitFor();
  assert.equal(await page.getByRole("dialog", { name: "Keyboard" }).count(), 0);
});

test("numbers are written as the person chose, with E.164 in the tooltip, and so after a reload", {
  skip,
}, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.goto("/calls?number=%2B34600000010");
  await page.getByRole("cell", { name: "+34600000010" }).waitFor();
  await page.goto("/account");
  await page.getByLabel("Telephone numbers").selectOption("national");
  await page.goto("/calls?number=%2B34600000010");
  await page.locator("td [title='+34600000010']", { hasText: /^600 00 00 10$/ }).waitFor();
  await page.goto("/account");
  await page.getByLabel("Telephone numbers").selectOption("e164");
  await page.goto("/calls?number=%2B34600000010");
  await page.getByRole("cell", { name: "+34600000010" }).waitFor();
  assertQuiet(desk);
});

test("a time is the tenant's, and its tooltip the viewer's", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn(undefined, { timezoneId: "America/Bogota" });
  await page.goto("/calls?number=%2B34600000010");
  const time = page.locator("tbody time").first();
  await time.waitFor();
  const [at = "", shown = "", title = ""] = await time.evaluate((one) => [
    one.getAttribute("datetime") ?? "",
    one.textContent ?? "",
    one.getAttribute("title") ?? "",
  ]);
  const { time_zone } = (await enlace.api.get("/api/v1/tenant")).body;
  const toHour = (timeZone: string): string =>
    new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" }).format(new Date(at));
  assert.notEqual(time_zone, "America/Bogota");
  assert.ok(shown.includes(toHour(time_zone)), `${shown} has ${toHour(time_zone)}`);
  assert.match(title, /GMT-5|COT|Colombia/);
});

test("on a telephone no screen is wider than the telephone, in the longest language", { skip }, async () => {
  const desk = (await house?.signIn(undefined, { viewport: PHONE })) ?? assert.fail();
  const { page } = desk;
  await page.evaluate(`localStorage.setItem("enlace.language", "ru")`);
  const wide: string[] = [];
  await walk(desk, screens, async ({ path }) => {
    const widthPx = await page.evaluate<number>("document.documentElement.scrollWidth");
    if (widthPx > PHONE.width) wide.push(`${path}: ${widthPx}`);
  });
  assert.deepEqual(wide, []);
  assertQuiet(desk);
});

test("whatever the keyboard reaches is seen to be reached, and every press of Tab leads on", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  const unseen: string[] = [];
  for (const path of ["/live", "/calls", "/connections/1", "/dialer/trunks", "/admin/users", "/account"]) {
    await page.goto(path);
    await settle(desk);
    const reached = await tabThrough(desk);
    assert.ok(reached.length > NAVIGATION, `${path} has more than its navigation`);
    for (const element of reached) if (!element.isSeen) unseen.push(`${path} ${element.html}`);
  }
  assert.deepEqual(unseen, []);
});

interface Reached {
  html: string;
  isSeen: boolean;
}

const TABS_MAX = 120;
/** Of the navigation alone. */
const NAVIGATION = 14;

/** What the keyboard reaches, until it comes round; whether an outline shows it. */
async function tabThrough({ page }: Desk): Promise<Reached[]> {
  const reached: Reached[] = [];
  await page.evaluate("window.reached = new Set()");
  while (reached.length < TABS_MAX) {
    await page.keyboard.press("Tab");
    const element = await page.evaluate<Reached | null>(`(() => {
      const one = document.activeElement;
      if (!one || one === document.body || window.reached.has(one)) return null;
      window.reached.add(one);
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      const isSeen = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      return { html: one.outerHTML.slice(0, 160), isSeen };
    })()`);
    if (!element) break;
    reached.push(element);
  }
  return reached;
}
