// Every dialog of the console, opened by its name as people hear it: axe finds nothing in any language and either theme, no
// foreign word is read in it, it keeps the focus while it is open, closes with Escape and gives the focus back.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { findViolations } from "./axe.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, type Desk, settle, startConsole } from "./console.ts";
import { toPeople } from "./dialer-scenery.ts";
import { findForeignWords, type Language, toText } from "./foreign-words.ts";
import { addWholeScenery, unfold, WALKING_FACTOR, walk } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
const screens = house ? await addWholeScenery(house) : [];
const addresses = house ? await findAddresses() : { project: "", done: "", waiting: "" };
const LANGUAGES = ["en", "es", "ru"] as const;

interface Opening {
  path: string;
  /** The text on its button. */
  label: string;
  /** Whom it concerns, where several buttons say the same. */
  about?: string;
  /** It asks the server first, and shows a secret: no list of its own says that it opens a dialog. */
  isDeed?: boolean;
}

const { project, done, waiting } = addresses;
const OPENINGS: readonly Opening[] = [
  { path: "/admin/pbxs", label: "pbx.add" },
  { path: "/admin/pbxs", label: "action.edit", about: "madrid" },
  { path: "/admin/pbxs", label: "pbx.newToken", about: "madrid", isDeed: true },
  { path: "/admin/users", label: "user.newPassword", about: "sofia", isDeed: true },
  { path: "/admin/keys", label: "key.revoke", about: "wallboard" },
  { path: "/admin/webhooks", label: "webhook.rotateNow", isDeed: true },
  { path: "/admin/tenants", label: "tenants.add" },
  { path: "/admin/tenants", label: "action.edit" },
  { path: "/deliveries", label: "bulk.replay" },
  { path: "/deliveries", label: "bulk.discard" },
  { path: "/calls?outcome=missed", label: "view.keep" },
  { path: "/calls", label: "export.start" },
  { path: "/account", label: "account.end" },
  { path: "/dialer/trunks", label: "dialer.addTrunk" },
  { path: "/dialer/trunks", label: "action.edit", about: "carrier-a" },
  { path: "/dialer/policies", label: "action.edit", about: "Spain, debts" },
  { path: "/dialer/policies", label: "dialer.acknowledge", about: "Spain, debts" },
  { path: "/dialer/policies", label: "dialer.versions", about: "Spain, debts" },
  { path: "/dialer/do-not-call", label: "action.remove", about: "+34600000099" },
  { path: project, label: "action.edit", about: "+34910000001" },
  { path: waiting, label: "dialer.stop" },
  { path: waiting, label: "dialer.rename" },
  { path: waiting, label: "dialer.addContact" },
  { path: waiting, label: "dialer.history" },
  { path: done, label: "dialer.recycle" },
  { path: "/live", label: "palette.open" },
  { path: "/live", label: "shortcuts.title" },
];

async function findAddresses() {
  const { enlace } = house ?? assert.fail();
  const campaigns = (await enlace.api.get("/api/v1/campaigns")).body.items;
  const projects = (await enlace.api.get("/api/v1/projects")).body.items;
  const idOf = (items: { id: string; name: string }[], name: string) => items.find((one) => one.name === name)?.id;
  const { body: made } = await enlace.api.post("/api/v1/campaigns", {
    ...{ name: "Waiting", project_id: idOf(projects, "Clinic") },
  });
  const people = toPeople(3, 600_003_000).map((line) => ({ number: line.split(";")[0] }));
  assert.ok((await enlace.api.post(`/api/v1/campaigns/${made.id}/contacts`, { contacts: people })).status < 300);
  // Its hours are days away: it is not over before the test is.
  const windows = [{ weekday: (new Date().getUTCDay() + 3) % 7, starts: "09:00", ends: "10:00" }];
  assert.equal((await enlace.api.put(`/api/v1/campaigns/${made.id}/schedule`, { windows })).status, 200);
  assert.equal((await enlace.api.post(`/api/v1/campaigns/${made.id}/start`)).status, 200);
  return {
    project: `/dialer/projects/${idOf(projects, "Reminders")}`,
    done: `/dialer/campaigns/${idOf(campaigns, "October appointments")}`,
    waiting: `/dialer/campaigns/${made.id}`,
  };
}

test("axe finds nothing in any dialog, in any language and either theme, and each keeps the focus and gives it back", {
  skip,
}, async () => {
  const desk = await sitDownIn("en");
  const { page } = desk;
  const found: string[] = [];
  for (const opening of OPENINGS) {
    const name = `${opening.path} ${opening.label} ${opening.about ?? ""}`;
    await page.goto(opening.path);
    await settle(desk);
    for (const language of LANGUAGES) {
      await speak(page, language);
      await findOpener(page, opening, language).press("Enter");
      for (const finding of await lookInto(desk, language)) found.push(`${language} ${name}: ${finding}`);
      // Where the focus goes does not depend on what the fields are called.
      if (language === "en") await assertKeepsFocus(page, name);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      await page.locator("button:focus", { hasText: toText(language, opening.label) }).waitFor();
    }
  }
  assert.deepEqual(found, []);
  assertQuiet(desk);
});

/** In place: the page is neither loaded nor asked for anew. */
async function speak(page: Page, language: Language): Promise<void> {
  await page.locator(".side-language select").selectOption(language);
  await page.locator(`html[lang=${language}]`).waitFor({ state: "attached" });
}

test("no screen has a button for a dialog that is not among those opened here", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const known = OPENINGS.map(({ label }) => toText("en", label));
  const unknown = new Set<string>();
  const seen = new Set<string>();
  const extra = ["/calls?outcome=missed", addresses.done, addresses.waiting].map((path) => ({ name: path, path }));
  await walk(desk, [...screens, ...extra], async ({ path }) => {
    for (const text of await desk.page.locator("[aria-haspopup=dialog]").allTextContents()) {
      const label = known.find((one) => text.startsWith(one));
      if (label === undefined) unknown.add(`${path}: ${text}`);
      else seen.add(label);
    }
  });
  assert.deepEqual([...unknown], []);
  const announced = OPENINGS.filter(({ isDeed }) => !isDeed).map(({ label }) => toText("en", label));
  assert.deepEqual(
    [...new Set(announced)].filter((label) => !seen.has(label)),
    [],
  );
});

test("axe finds nothing in what is said in passing: a deed done, one that can be taken back, a refusal", {
  skip,
}, async () => {
  for (const language of LANGUAGES) {
    const desk = await sitDownIn(language);
    const { page } = desk;
    await page.goto("/dialer/trunks");
    await settle(desk);
    await page.route("**/api/v1/trunks/*", (route) =>
      route.request().method() === "PATCH" ? route.fulfill(REFUSAL) : route.fallback(),
    );
    await page.getByRole("button", { name: `${toText(language, "action.switchOff")} carrier-a` }).press("Enter");
    await page.getByText("request-of-the-test").waitFor();
    await page.getByRole("button", { name: `${toText(language, "action.remove")} carrier-a` }).press("Enter");
    await page.getByRole("button", { name: toText(language, "action.undo") }).waitFor();
    const inBoth = await lookInBothThemes(page, ".mantine-Notifications-root");
    assert.deepEqual([...inBoth, ...(await findForeignWords(page, language))], []);
    await page.getByRole("button", { name: toText(language, "action.undo") }).press("Enter");
    await page.getByRole("button", { name: `${toText(language, "action.remove")} carrier-a` }).waitFor();
    assertQuiet(desk);
  }
});

const REFUSAL = {
  status: 409,
  contentType: "application/problem+json",
  body: JSON.stringify({
    ...{ type: "about:blank", title: "Conflict", status: 409, code: "conflict" },
    ...{ detail: "not now, says the test", request_id: "request-of-the-test" },
  }),
};

/** Somebody who reads this language; a second session of the same person is there to be ended. */
async function sitDownIn(language: Language): Promise<Desk> {
  const { signIn } = house ?? assert.fail();
  await signIn();
  const desk = await signIn(undefined, { colorScheme: "light" });
  await desk.page.evaluate(`localStorage.setItem("enlace.language", "${language}")`);
  return desk;
}

function findOpener(page: Page, { label, about = "" }: Opening, language: Language): Locator {
  const name = about === "" ? toText(language, label) : `${toText(language, label)} ${about}`;
  // From its beginning: in Russian "stop" is the end of "pause".
  return page.getByRole("button", { name: new RegExp(`^${toLetters(name)}`) }).first();
}

/** For a pattern: no letter of it means anything else. */
const toLetters = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What is wrong with the dialog that is open, once all of it is there. */
async function lookInto(desk: Desk, language: Language): Promise<string[]> {
  await desk.page.getByRole("dialog").waitFor();
  await unfold(desk);
  const words = (await findForeignWords(desk.page, language)).map((text) => `foreign: ${text}`);
  return [...words, ...(await lookInBothThemes(desk.page, "[role=dialog]"))];
}

async function lookInBothThemes(page: Page, within: string): Promise<string[]> {
  const found = await findViolations(page, { within });
  await setTheme(page, "dark");
  const inTheDark = await findViolations(page, { within, onlyColours: true });
  await setTheme(page, "light");
  return [...found, ...inTheDark.map((text) => `in the dark: ${text}`)];
}

async function setTheme(page: Page, colorScheme: "light" | "dark"): Promise<void> {
  await page.emulateMedia({ colorScheme });
  await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor({ state: "attached" });
}

const TABS = 14;

/** Forwards as often as leaves any small dialog, and backwards from its first field. */
async function assertKeepsFocus(page: Page, name: string): Promise<void> {
  await page.locator("[role=dialog] :focus, [role=dialog]:focus").waitFor();
  for (const key of [
    ...Array.from({ length: TABS }, () => "Tab"),
    ...Array.from({ length: TABS }, () => "Shift+Tab"),
  ]) {
    await page.keyboard.press(key);
    const isInside = await page.evaluate<boolean>(`document.activeElement.closest("[role=dialog]") !== null`);
    assert.ok(isInside, `${name}: ${key} leaves the dialog`);
  }
}
