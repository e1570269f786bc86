// How it is written wherever one looks: telephone numbers in the form that the person chose, instants in the tenant's zone with
// the viewer's in the tooltip.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, startConsole } from "./console.ts";
import { addWholeScenery, unfold, WALKING_FACTOR, walk } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
const screens = house ? await addWholeScenery(house) : [];

/** In tables and lists of facts; a field says what is sent, and `mono` what some system wrote or will read, letter by letter. */
const COLLECT_RAW = `[...document.querySelectorAll("td, dd, li, h1, h2")].flatMap((cell) => {
  const walker = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  const raw = [];
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    const isVerbatim = parentElement.closest("pre, code, .mono, [lang]:not(html), [translate=no]:not(.number), select, textarea") !== null;
    if (!isVerbatim && /\\+\\d{8,15}(?!\\d)/.test(data)) raw.push(data.trim());
  }
  return raw;
})`;

interface Shown {
  at: string;
  text: string;
  title: string;
}

const COLLECT_TIMES = `[...document.querySelectorAll("time")].map((time) => ({
  at: time.getAttribute("datetime") ?? "", text: time.textContent ?? "", title: time.getAttribute("title") ?? "",
}))`;

/** Instants as the wire has them, where a person reads. */
const COLLECT_INSTANTS = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const raw = [];
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    const isVerbatim = parentElement.closest("pre, code, .mono, [lang]:not(html), script, style") !== null;
    if (!isVerbatim && /\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d/.test(data)) raw.push(data.trim());
  }
  return raw;
})()`;

test("in national form no list of any screen has a number as the wire has it", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.evaluate(`localStorage.setItem("enlace.numbers", "national")`);
  const written = new Set<string>();
  await walk(desk, screens, async ({ path }) => {
    await unfold(desk);
    // The rules of numbers come after the page; until then it is written as the wire has it.
    await eventually(async () => assert.deepEqual(await page.evaluate<string[]>(COLLECT_RAW), [], path));
    if ((await page.locator("[title^='+34']", { hasText: /^\d/ }).count()) > 0) written.add(path);
  });
  // Elsewhere there would be no number to see, and the walk would prove nothing.
  const wanted = ["/calls", "/live", "/reports", "/dialer/calls", "/dialer/do-not-call"];
  assert.deepEqual(
    wanted.filter((path) => !written.has(path)),
    [],
  );
  assertQuiet(desk);
});

test("every instant of every screen is the tenant's, with the viewer's in the tooltip", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const viewer = "Asia/Tokyo";
  const desk = await signIn(undefined, { timezoneId: viewer });
  const { page } = desk;
  const { time_zone: zone } = (await enlace.api.get("/api/v1/tenant")).body;
  assert.notEqual(zone, viewer);
  const wrong: string[] = [];
  let seen = 0;
  await walk(desk, screens, async ({ path }) => {
    await unfold(desk);
    for (const time of await page.evaluate<Shown[]>(COLLECT_TIMES)) {
      seen += 1;
      const isRight = time.text.includes(toMinute(time.at, zone)) && time.title.includes(toMinute(time.at, viewer));
      if (!isRight) wrong.push(`${path}: ${JSON.stringify(time)}`);
    }
    for (const text of await page.evaluate<string[]>(COLLECT_INSTANTS)) wrong.push(`${path}: ${text}`);
  });
  assert.deepEqual(wrong, []);
  assert.ok(seen > 100, `only ${seen} instants were looked at`);
  assertQuiet(desk);
});

const toMinute = (at: string, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(
    new Date(at),
  );
