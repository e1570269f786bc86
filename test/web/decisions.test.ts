// What is safe to show too early is shown at once, and falls back with the reason when the server refuses it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page, Route } from "playwright-core";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";
import { addDialerScenery, toPeople } from "./dialer-scenery.ts";
import { addScenery } from "./scenery.ts";
import { WALKING_FACTOR } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
const scenery = house ? await addBoth() : undefined;

async function addBoth() {
  const found = house ?? assert.fail();
  await addScenery(found);
  const dialer = await addDialerScenery(found);
  const waitingId = await dialer.run("Waiting", toPeople(40, 600_002_000));
  const { api } = found.enlace;
  assert.equal((await api.post(`/api/v1/campaigns/${waitingId}/pause`)).status, 200);
  // Its hours are days away: however slow this machine is, it is not over before the test is.
  const windows = [{ weekday: (new Date().getUTCDay() + 3) % 7, starts: "09:00", ends: "10:00" }];
  assert.equal((await api.put(`/api/v1/campaigns/${waitingId}/schedule`, { windows })).status, 200);
  return { ...dialer, waitingId };
}

interface Switch {
  name: string;
  path: string;
  /** Within what is switched: the same in both positions. */
  place(page: Page): Locator;
  /** The button before and after. */
  buttons: readonly [string | RegExp, string | RegExp];
  /** What is seen beside it afterwards, and not before. */
  badge?: string;
  /** Of the request. */
  url: string;
  /** What is asked for anew while the answer is awaited. */
  list: string;
}

const SWITCHES: readonly Switch[] = [
  {
    name: "a connection is paused",
    path: "/connections/1",
    place: (page) => page.locator("main"),
    buttons: ["Pause", "Resume"],
    badge: "paused",
    url: "**/api/v1/connections/1/pause",
    list: "/api/v1/connections/1",
  },
  {
    name: "a connection is resumed",
    path: "/connections/1",
    place: (page) => page.locator("main"),
    buttons: ["Resume", "Pause"],
    badge: "running",
    url: "**/api/v1/connections/1/resume",
    list: "/api/v1/connections/1",
  },
  {
    name: "a campaign goes on",
    path: "/dialer/campaigns/$waiting",
    place: (page) => page.locator("main"),
    buttons: [/^Start/, /^Pause/],
    badge: "calling",
    url: "**/api/v1/campaigns/*/start",
    list: "",
  },
  {
    name: "a trunk is switched off",
    path: "/dialer/trunks",
    place: (page) => page.getByRole("row", { name: "carrier-a" }),
    buttons: ["Switch off carrier-a", "Switch on carrier-a"],
    badge: "switched off",
    url: "**/api/v1/trunks/*",
    list: "",
  },
  {
    name: "a project is switched off",
    path: "/dialer/projects",
    place: (page) => page.getByRole("article").filter({ has: page.getByRole("link", { name: "Reminders" }) }),
    buttons: ["Switch off Reminders", "Switch on Reminders"],
    badge: "switched off",
    url: "**/api/v1/projects/*",
    list: "",
  },
  {
    name: "a caller id rests",
    path: "/dialer/projects/$project",
    place: (page) => page.getByRole("region", { name: "Numbers that callees see" }),
    buttons: [/^Let rest/, /^Use again/],
    badge: "switched off",
    url: "**/api/v1/projects/*/caller-ids/*",
    list: "",
  },
];

for (const one of SWITCHES) {
  test(`${one.name}: at once, whatever is asked for anew meanwhile, and not at all when it is refused`, {
    skip,
  }, async () => {
    const desk = (await house?.signIn()) ?? assert.fail();
    const { page } = desk;
    const { waitingId = "", fill } = scenery ?? assert.fail();
    await page.goto(fill(one.path).replace("$waiting", waitingId));
    const place = one.place(page);
    const before = place.getByRole("button", { name: one.buttons[0] });
    const after = place.getByRole("button", { name: one.buttons[1] });
    await before.waitFor();

    await page.route(one.url, (route) => (isReading(route) ? route.fallback() : route.fulfill(REFUSAL)));
    await before.focus();
    await page.keyboard.press("Enter");
    await see(page, "not now, says the test");
    await see(page, "request-of-the-test");
    await before.waitFor();
    assert.equal(await after.count(), 0);
    await page.unroute(one.url);

    const answer = Promise.withResolvers<void>();
    await page.route(one.url, async (route) => {
      if (!isReading(route)) await answer.promise;
      await route.fallback();
    });
    await before.press("Enter");
    await after.waitFor();
    assert.equal(await before.count(), 0);
    await place.locator("button:focus").filter({ hasText: one.buttons[1] }).waitFor(); // the focus stays on it
    if (one.badge) await place.getByText(one.badge, { exact: true }).first().waitFor();
    if (one.list) await page.waitForResponse((response) => new URL(response.url()).pathname === one.list);
    await after.waitFor();
    answer.resolve();
    await page.waitForResponse((response) => response.request().method() !== "GET" && response.ok());
    await after.waitFor();
    await page.unroute(one.url);
    await page.reload();
    await after.waitFor();
    assertQuiet(desk);
  });
}

test("thrown forth and back before the server has answered, a switch stays where it was put last", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn();
  const laneState = async (): Promise<string> => (await enlace.api.get("/api/v1/connections/1")).body.lane.state;
  assert.equal(await laneState(), "active");
  await page.goto("/connections/1");
  const asked: string[] = [];
  const answer = Promise.withResolvers<void>();
  await page.route(/connections\/1\/(pause|resume)$/, async (route) => {
    asked.push(new URL(route.request().url()).pathname.split("/").at(-1) ?? "");
    await answer.promise;
    await route.fallback();
  });
  await page.getByRole("button", { name: "Pause" }).press("Enter");
  await page.getByRole("button", { name: "Resume" }).press("Enter");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  assert.deepEqual(asked, ["pause"], "the second is asked when the first is answered");
  answer.resolve();
  await eventually(() => assert.deepEqual(asked, ["pause", "resume"]));
  await see(page, "It runs again.");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  assert.equal(await laneState(), "active");
});

const REFUSAL = {
  status: 409,
  contentType: "application/problem+json",
  body: JSON.stringify({
    ...{ type: "about:blank", title: "Conflict", status: 409, code: "conflict" },
    ...{ detail: "not now, says the test", request_id: "request-of-the-test" },
  }),
};

const isReading = (route: Route): boolean => route.request().method() === "GET";
