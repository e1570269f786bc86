// Debian's Chromium for the tests of the console: one at a time, ended with the test file.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import { type Browser, chromium } from "playwright-core";

const PATHS = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];
const BUILT = join(import.meta.dirname, "..", "..", "web", "dist", "index.html");
const FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

const executablePath = process.env.ENLACE_TEST_CHROMIUM ?? PATHS.find((path) => existsSync(path));

/** Why the console cannot be tested here; `false` when it can. For the `skip` of a test. */
export const chromiumIsMissing: string | false = toReason();

function toReason(): string | false {
  if (!executablePath) return "there is no Chromium: install the Debian package chromium";
  if (!existsSync(BUILT)) return "the console is not built: npm run build:web";
  return false;
}

if (chromiumIsMissing)
  process.stderr.write(`\n!!! SKIPPED: the console in a browser\n!!! BECAUSE: ${chromiumIsMissing}\n\n`);

/** Starts one; it ends with the test file. */
export async function startChromium(): Promise<Browser> {
  if (!executablePath) throw new Error("there is no Chromium");
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  after(() => browser.close());
  return browser;
}
