// Roles hide and the server refuses: whoever goes wherever their links lead and presses whatever they see asks for nothing that
// the server would refuse them. Three people walk, each through what the console shows them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { chromiumIsMissing } from "./chromium.ts";
import { type Desk, settle, startConsole } from "./console.ts";
import { addWholeScenery, unfold, WALKING_FACTOR } from "./walk.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: WALKING_FACTOR });
if (house) await addWholeScenery(house);
/** Links of one kind lead to one screen: `/calls/3` and `/calls/4` are the same. */
const toKind = (path: string): string => path.replace(/[?#].*$/, "").replaceAll(/\/\d+(?=\/|$)/g, "/#");
const SCREENS_MAX = 60;
/** Fewer would mean that nothing is pressed any more. */
const DEEDS_MIN = { agent: 1, viewer: 1, supervisor: 8 };

interface Operation {
  name: string;
  pattern: RegExp;
  roles: readonly string[];
  isForOperators: boolean;
}
const operations = loadOperations();

for (const role of ["agent", "viewer", "supervisor"] as const) {
  test(`what the console offers the ${role} is what the server lets them do; the rest is hidden and refused`, {
    skip,
  }, async () => {
    const { enlace, addUser, signIn } = house ?? assert.fail();
    const who = await addUser(`walking-${role}`, role);
    await assignProjects(who.username);
    const desk = await signIn(who);
    const { refused, tried } = await listen(desk, role);
    const walked = await wander(desk);
    assert.deepEqual(refused, []);
    assert.ok(tried.size >= DEEDS_MIN[role], `the ${role} did ${[...tried].join()}`);
    assert.ok(walked.includes("/calls/#"), `a call is among ${walked.join()}`);

    const own = await enlace.logIn(who.username, who.password);
    for (const part of ["users", "audit", "api-keys"]) {
      assert.equal((await own.get(`/api/v1/${part}`)).status, 403);
      await desk.page.goto(`/admin/${part.replace("api-", "")}`);
      await settle(desk);
      assert.equal(await desk.page.locator("main table").count(), 0, `${role} ${part}`);
    }
  });
}

/** Supervisors see the projects they are assigned to. */
async function assignProjects(username: string): Promise<void> {
  const { api } = house?.enlace ?? assert.fail();
  const { items: users } = (await api.get("/api/v1/users")).body;
  const [user] = users.filter((one: { username: string }) => one.username === username);
  for (const { id } of (await api.get("/api/v1/projects")).body.items)
    assert.equal((await api.put(`/api/v1/projects/${id}/users`, { user_ids: [user.id] })).status, 200);
}

/** Collects what the server refuses, and what it would refuse. Nothing is changed: every deed is answered with a refusal. */
async function listen({ page }: Desk, role: string): Promise<{ refused: string[]; tried: Set<string> }> {
  const refused: string[] = [];
  const tried = new Set<string>();
  page.on("response", (response) => {
    if (response.status() === 403) refused.push(`${response.request().method()} ${response.url()} on ${page.url()}`);
  });
  await page.route("**/api/v1/**", async (route) => {
    const method = route.request().method();
    const path = new URL(route.request().url()).pathname;
    if (method === "GET" || path === "/api/v1/refresh") return await route.fallback();
    const operation = operations.find(({ name, pattern }) => name.startsWith(`${method} `) && pattern.test(path));
    if (operation) tried.add(operation.name);
    if (!operation || !mayCall(role, operation)) refused.push(`${method} ${path} on ${page.url()}`);
    const problem = { code: "conflict", title: "Only looked at", status: 409, detail: "Nothing was done." };
    await route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify(problem) });
  });
  return { refused, tried };
}

/** A supervisor stands in for all but the admin. */
function mayCall(role: string, { roles, isForOperators }: Operation): boolean {
  if (isForOperators) return false;
  return roles.includes(role) || (role === "supervisor" && roles.some((one) => one === "agent" || one === "viewer"));
}

/** Follows every link from the first page on, and presses every button there; the kinds of screen that were seen. */
async function wander(desk: Desk): Promise<string[]> {
  const { page } = desk;
  const ahead = ["/live"];
  const kinds = new Set(ahead);
  for (const path of ahead) {
    await open(desk, path);
    for (const link of await findLinks(page)) {
      if (kinds.has(toKind(link))) continue;
      kinds.add(toKind(link));
      ahead.push(link);
    }
    await pressEverything(desk, path);
  }
  assert.ok(ahead.length <= SCREENS_MAX);
  return [...kinds];
}

async function open(desk: Desk, path: string): Promise<void> {
  await desk.page.goto(path);
  await settle(desk);
  // A form that asks for more would keep what its button does to itself.
  await desk.page.evaluate(`
    new MutationObserver(() => { for (const form of document.forms) form.noValidate = true; })
      .observe(document.body, { childList: true, subtree: true });
    for (const form of document.forms) form.noValidate = true;
  `);
  await unfold(desk);
}

async function findLinks(page: Page): Promise<string[]> {
  const links = await page.locator(".side a, main a").evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  return links.flatMap((link) => (link?.startsWith("/") ? link : []));
}

/** One button of each name, whatever number is in it; of a dialog that it opens, every button. */
async function pressEverything(desk: Desk, path: string): Promise<void> {
  const { page } = desk;
  const names = await findButtons(page);
  const pressed = new Set<string>();
  for (const [order, name] of names.entries()) {
    const short = name.split(" ").slice(0, 2).join(" ").replaceAll(/\d+/g, "#");
    if (pressed.has(short)) continue;
    pressed.add(short);
    await press(desk, `main button:enabled >> nth=${order}`);
    const inDialog = await page.locator("[role=dialog] button:enabled").count();
    for (let one = inDialog - 1; one > 0; one -= 1) await press(desk, `[role=dialog] button:enabled >> nth=${one}`);
    if (!(await isAsBefore(page, path, names))) await open(desk, path);
  }
}

const findButtons = (page: Page): Promise<string[]> =>
  page.locator("main button:enabled").evaluateAll((all) => all.map((one) => one.textContent ?? ""));

/** Whether what was pressed left the screen as it was: most deeds do, since each is answered with a refusal. */
async function isAsBefore(page: Page, path: string, names: readonly string[]): Promise<boolean> {
  const { pathname, search } = new URL(page.url());
  if (`${pathname}${search}` !== path) return false;
  if ((await page.locator("[role=dialog]").count()) > 0) return false;
  return JSON.stringify(await findButtons(page)) === JSON.stringify(names);
}

/** Whatever lies over it: a notice would be in the way of a finger, not of a keyboard. */
async function press(desk: Desk, selector: string): Promise<void> {
  const button = desk.page.locator(selector);
  if ((await button.count()) === 0) return; // gone with what was pressed before
  await button.dispatchEvent("click");
  await settle(desk);
}

function loadOperations(): Operation[] {
  const text = readFileSync(join(import.meta.dirname, "..", "..", "openapi.json"), "utf8");
  const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, Access>> };
  return Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { "x-enlace-access": access }]) => ({
      name: `${method.toUpperCase()} ${path}`,
      pattern: new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{[^}]+\}/g, "[^/]+")}$`),
      roles: access?.roles ?? [],
      isForOperators: access?.operator_only ?? false,
    })),
  );
}

interface Access {
  "x-enlace-access"?: { roles?: string[]; operator_only?: boolean };
}
