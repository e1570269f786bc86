import { existsSync } from "node:fs";
import pg from "pg";
import { chromium, type Page } from "playwright-core";
import { type Figure, toMedian } from "./figure.ts";
import { ADMIN_PASSWORD, startEnlace } from "./stage.ts";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run"];
const CALLS = 1_000;
const ROUNDS = 5;
/** What the Event Timing API reports at all; anything quicker counts as this. */
const SEEN_FROM_MS = 16;
/** As people feel it: https://web.dev/articles/inp calls 200 ms good, the console wants half of that. */
const GOAL_MS = 100;

/**
 * How long the console keeps a hand waiting: from a key or a click to the next frame that shows something of it (Event Timing,
 * the measure behind Interaction to Next Paint), with 1,000 calls in progress and as many in the log. Needs a built console
 * (npm run build:web) and Chromium.
 */
export const consoleInteraction: Figure = {
  name: "console-interaction",
  run: async ({ stage, report }) => {
    const databaseUrl = await stage.createDatabase("interaction");
    const enlace = await startEnlace(databaseUrl);
    const executablePath = process.env.ENLACE_TEST_CHROMIUM ?? PATHS.find((path) => existsSync(path));
    if (!executablePath) throw new Error("there is no Chromium: install the Debian package chromium");
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    try {
      await addCalls(databaseUrl);
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      await signIn(page, enlace.port);
      for (const { name, before, act } of INTERACTIONS) {
        const tookMs: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          await before(page);
          tookMs.push(await measure(page, act));
        }
        const detail = `slowest of ${ROUNDS}: ${Math.max(...tookMs).toFixed(0)} ms`;
        report(`${name}, median ms`, { value: toMedian(tookMs), atMost: GOAL_MS, detail });
      }
    } finally {
      await browser.close();
      await enlace.stop();
    }
  },
};

interface Interaction {
  name: string;
  before(page: Page): Promise<unknown>;
  act(page: Page): Promise<unknown>;
}

const INTERACTIONS: readonly Interaction[] = [
  {
    name: "typing into the filter of 1,000 calls in progress",
    before: async (page) => {
      await goTo(page, "/live");
      await page.locator("[data-row]").first().waitFor();
      await page.locator("main input[type=search]").fill("");
    },
    act: (page) => page.locator("main input[type=search]").pressSequentially("60000"),
  },
  {
    name: "choosing a filter over the call log",
    before: async (page) => {
      await goTo(page, "/calls");
      await page.locator("tbody tr").first().waitFor();
    },
    act: async (page) => {
      await page.locator("main search select").first().focus();
      await page.keyboard.press("ArrowDown");
    },
  },
  {
    name: "opening a call",
    before: async (page) => {
      await goTo(page, "/calls");
      await page.locator("tbody a").first().waitFor();
    },
    act: async (page) => {
      await page.locator("tbody a").first().click();
      await page.waitForURL(/\/calls\/\d+$/);
    },
  },
  {
    name: "leaving a page of 1,000 calls for another",
    before: async (page) => {
      await goTo(page, "/live");
      await page.locator("[data-row]").first().waitFor();
    },
    act: async (page) => {
      await page.locator(".side a[href='/reports']").click();
      await page.waitForURL("**/reports");
    },
  },
  {
    name: "opening the palette and typing",
    before: async (page) => {
      await goTo(page, "/live");
      await page.locator("[data-row]").first().waitFor();
    },
    act: async (page) => {
      await page.keyboard.press("Control+k");
      await page.keyboard.type("dead");
      await page.keyboard.press("Escape");
    },
  },
];

/** By the console's own links, as people go; a load would be another figure. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.locator(`.side a[href='${path}']`).click();
  await page.waitForURL(`**${path}`);
}

/** The slowest event of what `act` does, ms: that is what is felt. */
async function measure(page: Page, act: Interaction["act"]): Promise<number> {
  await page.evaluate(`new Promise((resolve) => {
    window.slowestMs = ${SEEN_FROM_MS};
    window.watcher?.disconnect();
    window.watcher = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.slowestMs = Math.max(window.slowestMs, duration);
    });
    window.watcher.observe({ type: "event", durationThreshold: ${SEEN_FROM_MS} });
    // What came before is over with the second frame.
    requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
  })`);
  await act(page);
  return await page.evaluate<number>(`new Promise((resolve) => {
    // Entries come after the frame that they end with.
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(window.slowestMs), 50)));
  })`);
}

async function signIn(page: Page, port: number): Promise<void> {
  await page.goto(`http://127.0.0.1:${port}/sign-in?next=/live`);
  await page.locator("input[name=username]").fill("admin");
  await page.locator("input[name=password]").fill(ADMIN_PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("[data-row]").first().waitFor();
}

/** So many that run, and as many that are over. */
async function addCalls(databaseUrl: string): Promise<void> {
  const store = new pg.Client({ connectionString: databaseUrl });
  await store.connect();
  try {
    for (const [outcome, phase] of [
      ["answered", "ended"],
      ["in_progress", "talking"],
    ])
      await store.query(
        `insert into calls (tenant_id, call_uuid, direction, from_text, to_text, outcome, phase, started_at, ended_at,
                            created_at, updated_at)
         select 1, $2 || n, 'inbound', '+34600' || lpad(n::text, 6, '0'), '+34900112233', $2, $3, now(),
                case when $3 = 'ended' then now() end, now(), now()
           from generate_series(1, $1::int) n`,
        [CALLS, outcome, phase],
      );
  } finally {
    await store.end();
  }
}
