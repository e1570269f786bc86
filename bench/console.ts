import { existsSync } from "node:fs";
import pg from "pg";
import { type Browser, type CDPSession, chromium, type Page } from "playwright-core";
import { type Figure, toMedian } from "./figure.ts";
import { ADMIN_PASSWORD, startEnlace } from "./stage.ts";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--enable-precise-memory-info"];
const CALLS = 1_000;
const CHANGES_PER_SECOND = 100;
const STEP_MS = 100;
/** Calls whose way to the screen is timed. */
const MARKS = 5;

/**
 * The console's live page with 1,000 calls of which 100 a second end and as many begin: frames the browser draws while it
 * scrolls, what its heap holds after two equal stretches, and how long a call takes from its commit to the screen. Needs a built
 * console (npm run build:web) and Chromium.
 */
export const consoleLive: Figure = {
  name: "console",
  run: async ({ stage, seconds, report }) => {
    const databaseUrl = await stage.createDatabase("console");
    const enlace = await startEnlace(databaseUrl);
    const executablePath = process.env.ENLACE_TEST_CHROMIUM ?? PATHS.find((path) => existsSync(path));
    if (!executablePath) throw new Error("there is no Chromium: install the Debian package chromium");
    const browser = await chromium.launch({ executablePath, args: FLAGS });
    const store = new pg.Client({ connectionString: databaseUrl });
    await store.connect();
    try {
      await addCalls(store, CALLS);
      const page = await openLive(browser, enlace.port);
      const stopChanges = startChanges(store);
      const { first, second, processor } = await watchAll(page, seconds).finally(stopChanges);
      const detail = `slowest frame ${Math.max(first.slowestMs, second.slowestMs).toFixed(0)} ms`;
      report("processor time of the page's main thread a frame at 60 frames a second, ms", {
        value: processor.scrollMs + processor.changesMs / 60,
        atMost: 8,
        detail: `scrolling ${processor.scrollMs.toFixed(1)} a frame, what changes ${processor.changesMs.toFixed(0)} a second`,
      });
      report("live page, 1,000 calls, frames a second while scrolling", {
        value: Math.min(first.framesPerSecond, second.framesPerSecond),
        atLeast: 55,
        detail,
      });
      report("heap of the page after a second equal stretch against the first", {
        ratio: second.heapMiB / first.heapMiB,
        ours: second.heapMiB,
        peer: first.heapMiB,
        atMost: 1.2,
      });
      report("from a call's commit to the screen, median ms", { value: await timeMarks(page, store), atMost: 1_000 });
    } finally {
      await store.end();
      await browser.close();
      await enlace.stop();
    }
  },
};

async function openLive(browser: Browser, port: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`http://127.0.0.1:${port}/sign-in?next=/live`);
  await page.locator("input[name=username]").fill("admin");
  await page.locator("input[name=password]").fill(ADMIN_PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("[data-row]").first().waitFor();
  return page;
}

/** Warms up, watches the page standing still and then, twice, scrolling. */
async function watchAll(page: Page, seconds: number) {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable", { timeDomain: "threadTicks" });
  await watch(page, session, 2);
  const changesMs = await watchStill(session, seconds);
  const first = await watch(page, session, seconds);
  const second = await watch(page, session, seconds);
  const scrollMs = Math.min(...[first, second].map((one) => (one.busyMs - changesMs * one.tookS) / one.frames));
  return { first, second, processor: { changesMs, scrollMs } };
}

/** Of the main thread so far, as the processor counts it: a machine that is busy with others changes it little. */
async function readBusyMs(session: CDPSession): Promise<number> {
  const { metrics } = await session.send("Performance.getMetrics");
  return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? 0) * 1000;
}

/** What the changes cost in a second while nobody scrolls. */
async function watchStill(session: CDPSession, seconds: number): Promise<number> {
  const [beforeMs, startMs] = [await readBusyMs(session), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return ((await readBusyMs(session)) - beforeMs) / ((performance.now() - startMs) / 1000);
}

interface Watched {
  busyMs: number;
  frames: number;
  tookS: number;
  framesPerSecond: number;
  slowestMs: number;
  heapMiB: number;
}

/** Scrolls up and down by a step each frame, as a hand does, and counts the frames. */
async function watch(page: Page, session: CDPSession, seconds: number): Promise<Watched> {
  const beforeMs = await readBusyMs(session);
  const frames = await page.evaluate<{ count: number; slowestMs: number; tookMs: number }>(`new Promise((resolve) => {
    const box = document.querySelector(".live-box");
    let count = 0, slowestMs = 0, step = 60;
    const startMs = performance.now();
    let lastMs = startMs;
    const draw = (nowMs) => {
      count++;
      slowestMs = Math.max(slowestMs, nowMs - lastMs);
      lastMs = nowMs;
      const before = box.scrollTop;
      box.scrollTop += step;
      if (box.scrollTop === before) step = -step;
      if (nowMs - startMs < ${seconds * 1000}) requestAnimationFrame(draw);
      else resolve({ count, slowestMs, tookMs: nowMs - startMs });
    };
    requestAnimationFrame(draw);
  })`);
  const busyMs = (await readBusyMs(session)) - beforeMs;
  await page.requestGC();
  const heapBytes = await page.evaluate<number>("performance.memory.usedJSHeapSize");
  return {
    ...{ busyMs, frames: frames.count, tookS: frames.tookMs / 1000 },
    framesPerSecond: (frames.count / frames.tookMs) * 1000,
    slowestMs: frames.slowestMs,
    heapMiB: heapBytes / 1024 / 1024,
  };
}

let made = 0;
async function addCalls(store: pg.Client, count: number, from?: string): Promise<void> {
  await store.query(
    `insert into calls (tenant_id, call_uuid, direction, from_text, to_text, outcome, phase, started_at, created_at, updated_at)
     select 1, 'bench-' || n, 'inbound', coalesce($3, '+34600' || lpad(n::text, 6, '0')), '+34900112233', 'in_progress',
            case when n % 3 = 0 then 'ringing' else 'talking' end, now(), now(), now()
       from generate_series($1::int, $2::int) n`,
    [made, made + count - 1, from],
  );
  made += count;
}

/** Ends the oldest and adds as many, ten times a second. */
function startChanges(store: pg.Client): () => Promise<void> {
  const each = Math.round((CHANGES_PER_SECOND * STEP_MS) / 1000);
  let isRunning = true;
  const done = (async () => {
    while (isRunning) {
      await store.query(
        `update calls set outcome = 'answered', phase = 'ended', ended_at = now() where tenant_id = 1 and id in
           (select id from calls where tenant_id = 1 and outcome = 'in_progress' order by started_at limit $1)`,
        [each],
      );
      await addCalls(store, each);
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  })();
  return async () => {
    isRunning = false;
    await done;
  };
}

async function timeMarks(page: Page, store: pg.Client): Promise<number> {
  await page.evaluate(`document.querySelector(".live-box").scrollTop = 0`);
  const tookMs: number[] = [];
  for (let mark = 0; mark < MARKS; mark++) {
    const number = `+3460099900${mark}`;
    await addCalls(store, 1, number);
    const startMs = performance.now();
    await page.locator("[data-row]", { hasText: number }).waitFor();
    tookMs.push(performance.now() - startMs);
  }
  return toMedian(tookMs);
}
