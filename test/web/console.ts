// The real Enlace with its console, a stand-in for the CRM, and somebody at the screen.
import assert from "node:assert/strict";
import { after } from "node:test";
import type { Browser, BrowserContextOptions, Page, Request } from "playwright-core";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace, type TestEnlace, type TestEnlaceOptions } from "../harness.ts";
import { startChromium } from "./chromium.ts";

export const PASSWORD = "a password for the browser";
/** For a machine that is busy with other things; what is there is seen at once. */
const WAIT_MS_MAX = 60_000;

export interface Desk {
  page: Page;
  /** What the browser complained of: refused scripts and styles, uncaught errors. Empty unless something is wrong. */
  complaints: string[];
  /** Every address outside Enlace that was asked for. */
  strangers: string[];
  /** What the page has asked the API and waits for; the live stream, which never ends, is not among it. */
  pending: Set<Request>;
}

export interface Console {
  enlace: TestEnlace;
  browser: Browser;
  /** A fresh browser profile at Enlace's address, nobody signed in. */
  sitDown(options?: BrowserContextOptions): Promise<Desk>;
  /** The same, signed in; the admin unless said otherwise. */
  signIn(who?: { username: string; password: string }, options?: BrowserContextOptions): Promise<Desk>;
  addUser(username: string, role: string): Promise<{ username: string; password: string }>;
}

export async function startConsole(options: TestEnlaceOptions = {}): Promise<Console> {
  const enlace = await startTestEnlace(options);
  const browser = await startChromium();
  const sitDown: Console["sitDown"] = (more) => openDesk(browser, enlace.url, more);
  return {
    enlace,
    browser,
    sitDown,
    signIn: async (who = { username: "admin", password: ADMIN_PASSWORD }, more) => {
      const desk = await sitDown(more);
      await enter(desk.page, who);
      return desk;
    },
    addUser: async (username, role) => {
      const { status } = await enlace.api.post("/api/v1/users", { username, role, password: PASSWORD });
      assert.equal(status, 201);
      return { username, password: PASSWORD };
    },
  };
}

/** Resolves once it is on the screen. */
export const see = (page: Page, text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

/** Resolves once a page has what it asked for: it is drawn, its answers have come and nothing grey is left. */
export async function settle({ page, pending }: Desk): Promise<void> {
  await page.locator("h1").first().waitFor();
  await waitForAnswers(pending);
  await page.locator(".mantine-Skeleton-root").first().waitFor({ state: "detached" });
  // What came late (a tab is a file of its own) may have asked something itself.
  await waitForAnswers(pending);
}

const waitForAnswers = (pending: Desk["pending"]): Promise<void> =>
  eventually(() =>
    assert.deepEqual(
      [...pending].map((request) => request.url()),
      [],
    ),
  );

/** Nothing went wrong behind the screen, and nobody else was asked for anything. */
export function assertQuiet({ complaints, strangers }: Desk): void {
  assert.deepEqual(complaints, []);
  assert.deepEqual(strangers, []);
}

export async function enter(page: Page, who: { username: string; password: string }): Promise<void> {
  await page.goto("/sign-in");
  await page.getByLabel("Username").fill(who.username);
  await page.locator("input[name=password]").fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

async function openDesk(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Desk> {
  const context = await browser.newContext({ baseURL: url, locale: "en-GB", ...options });
  after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS_MAX);
  const complaints: string[] = [];
  const strangers: string[] = [];
  const pending = watchQuestions(page);
  page.on("console", (message) => {
    // A refused request is an answer, which the page shows; everything else is our mistake.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("request", (request) => {
    if (![url, `blob:${url}`, "data:"].some((start) => request.url().startsWith(start))) strangers.push(request.url());
  });
  return { page, complaints, strangers, pending };
}

function watchQuestions(page: Page): Set<Request> {
  const pending = new Set<Request>();
  const isQuestion = (path: string): boolean => path.startsWith("/api/") && path !== "/api/v1/live";
  page.on("request", (request) => {
    if (isQuestion(new URL(request.url()).pathname)) pending.add(request);
  });
  // Another document: nobody waits any more for what the one before had asked, and not every end of it is told.
  page.on("response", (response) => {
    if (response.request().isNavigationRequest() && response.frame() === page.mainFrame()) pending.clear();
  });
  // A refusal that the console answers by a new token is never read to its end, and so never finished.
  page.on("response", (response) => {
    if (response.status() === 401) pending.delete(response.request());
  });
  page.on("requestfinished", (request) => void pending.delete(request));
  page.on("requestfailed", (request) => void pending.delete(request));
  return pending;
}
