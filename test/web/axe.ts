// What axe says of the page at hand: WCAG 2.2 AA and its best practices.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const EVERYTHING = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
/** The themes differ in nothing but colours (web/ui/theme.css), so that the second one is asked about these alone. */
const COLOURS = { type: "rule", values: ["color-contrast"] };

/** By the DevTools protocol: a script tag would be refused by the page's own policy. */
export async function findViolations(page: Page, { onlyColours = false, within = "html" } = {}): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  // Only what is wrong is described: describing what is right takes longer than finding it.
  const options = { runOnly: onlyColours ? COLOURS : EVERYTHING, resultTypes: ["violations"] };
  const violations = await page.evaluate<AxeResults["violations"]>(
    `axe.run(${JSON.stringify(within)}, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}
