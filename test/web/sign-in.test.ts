// Who comes in, how, and what the browser is allowed to do meanwhile.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, enter, PASSWORD, see, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();

test("a stranger is sent to the sign-in and from there to the page that was asked for", { skip }, async () => {
  const { page, ...desk } = (await house?.sitDown()) ?? assert.fail();
  await page.goto("/calls?outcome=missed");
  await page.getByLabel("Username").fill("admin");
  await page.locator("input[name=password]").fill(ADMIN_PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  assert.equal(new URL(page.url()).search, "?outcome=missed");
  assertQuiet({ page, ...desk });
});

test("a wrong password is told in a sentence, and `next` leads nowhere but here", { skip }, async () => {
  const { page } = (await house?.sitDown()) ?? assert.fail();
  await page.goto("/sign-in?next=//evil.example/");
  await page.getByLabel("Username").fill("admin");
  await page.locator("input[name=password]").fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").filter({ hasText: "do not go together" }).waitFor();
  await page.locator("input[name=password]").fill(ADMIN_PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL("**/live");
});

test("a session outlives a reload by its cookie, and no script can read token or cookie", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.goto("/calls");
  await page.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  const readable = await page.evaluate<string>(
    "document.cookie + JSON.stringify({ ...localStorage, ...sessionStorage })",
  );
  assert.doesNotMatch(readable, /eyJ|enlace_refresh/);
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie?.name, cookie?.httpOnly, cookie?.sameSite], ["enlace_refresh", true, "Strict"]);
});

test("an access token that was ended on the server is replaced without a word", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  let refreshes = 0;
  page.on("request", (request) => {
    if (request.url().endsWith("/api/v1/refresh")) refreshes += 1;
  });
  await page.route("**/api/v1/calls", (route) => route.fulfill({ status: 401, body: "{}" }), { times: 1 });
  await page.getByRole("link", { name: "Calls", exact: true }).click();
  await see(page, "No calls yet");
  assert.equal(refreshes, 1);
  assertQuiet(desk);
});

test("signing out ends the session on the server, in every tab", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  const other = await page.context().newPage();
  await other.goto("/calls");
  await other.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL("**/sign-in**");
  await other.waitForURL("**/sign-in**");
  assert.deepEqual(await page.context().cookies(), []);
  await page.goto("/calls");
  await page.waitForURL("**/sign-in**");
});

test("who comes with a one-time password chooses another before anything else", { skip }, async () => {
  const { enlace, sitDown } = house ?? assert.fail();
  const { body } = await enlace.api.post("/api/v1/users", { username: "newcomer", role: "viewer" });
  const { page } = await sitDown();
  await enter(page, { username: "newcomer", password: body.one_time_password });
  await page.waitForURL("**/account");
  await page.goto("/calls");
  await page.waitForURL("**/account");
  await page.locator("input[name=current]").fill(body.one_time_password);
  await page.locator("input[name=next]").fill("short");
  await page.getByRole("button", { name: "Change password" }).click();
  await see(page, /at least 10 characters/);
  await page.locator("input[name=next]").fill(PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.waitForURL("**/live");
});

test("every page of the console has a policy without inline script, and its files are kept for good", {
  skip,
}, async () => {
  const { url } = house?.enlace ?? assert.fail();
  const page = await fetch(`${url}/calls/1`);
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  assert.doesNotMatch(policy, /unsafe/);
  const text = await page.text();
  assert.doesNotMatch(text, /<script(?![^>]*src=)|<style|\son\w+=/);
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(text)?.[1] ?? assert.fail();
  const asset = await fetch(`${url}${script}`);
  assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
  const again = await fetch(`${url}/calls/1`, { headers: { "if-none-match": page.headers.get("etag") ?? "" } });
  assert.equal(again.status, 304);
});

test("an inline script or a script from elsewhere does not run in the console", { skip }, async () => {
  const { page, complaints } = (await house?.signIn()) ?? assert.fail();
  await page.evaluate(`
    const script = document.createElement("script");
    script.textContent = "window.wasRun = true";
    const image = document.createElement("img");
    image.setAttribute("onerror", "window.wasRun = true");
    image.src = "/nothing.png";
    document.body.append(script, image);
  `);
  await eventually(() => assert.ok(complaints.some((text) => text.includes("Content Security Policy"))));
  assert.equal(await page.evaluate("'wasRun' in window"), false);
});
