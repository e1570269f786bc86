// What the documents point at is there: files, headings, pictures, commands of npm and of `enlace`.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "..");
const PICTURE_BYTES_MAX = 150 * 1024;
const FOLDERS = [".", "docs", "docs/decisions", "deploy", "deploy/asterisk"];
const PAGES = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name)),
);
const read = (page: string): string => readFileSync(join(ROOT, page), "utf8");

/** Without what stands in fences: examples are no links. */
const toProse = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, "");

/** As GitHub names headings. */
function toAnchors(page: string): string[] {
  const headings = [...toProse(read(page)).matchAll(/^#+ +(.+)$/gm)].map(([, heading = ""]) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

test("every link between the documents leads to a file that is there, and to a heading in it", () => {
  const broken = PAGES.flatMap((page) =>
    [...toProse(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = ""]) => {
      if (/^[a-z]+:/.test(target)) return [];
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      if (!existsSync(join(ROOT, file))) return [`${page}: ${target}`];
      const isHeading = anchor === undefined || !file.endsWith(".md") || toAnchors(file).includes(anchor);
      return isHeading ? [] : [`${page}: ${target} (no such heading)`];
    }),
  );
  assert.deepEqual(broken, []);
});

test("every npm command that a document names is one of package.json", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const unknown = PAGES.flatMap((page) =>
    [...read(page).matchAll(/\bnpm run ([a-z][a-z:-]*)/g)]
      .filter(([, name = ""]) => !(name in scripts))
      .map(([command]) => `${page}: ${command}`),
  );
  assert.deepEqual(unknown, []);
});

test("every command of Enlace that a document tells to type is in docs/cli.md", () => {
  // src/cli/program.test.ts holds those headings against the program itself.
  const headings = [...read("docs/cli.md").matchAll(/^### .*$/gm)].join("\n");
  const known = new Set([...headings.matchAll(/`enlace ([a-z -]+)`/g)].map(([, name = ""]) => name));
  const groups = new Set([...known].map((name) => name.split(" ")[0] ?? ""));
  const isKnown = ([first = "", second = ""]: readonly string[]): boolean =>
    known.has(`${first} ${second}`) || known.has(first) || (groups.has(first) && second === "");
  const unknown = PAGES.flatMap((page) =>
    [...read(page).matchAll(/(?:^|`)(?:npm run enlace -- |enlace )([a-z][a-z-]*)(?: ([a-z][a-z-]*))?/gm)]
      .filter(([, first = "", second]) => !isKnown(second === undefined ? [first] : [first, second]))
      .map(([command]) => `${page}: ${command}`),
  );
  assert.deepEqual(unknown, []);
});

test("no picture of the documents is larger than a page should load", () => {
  const screens = readdirSync(join(ROOT, "docs/screens")).map((name) => join("docs/screens", name));
  assert.deepEqual(
    screens.filter((path) => statSync(join(ROOT, path)).size > PICTURE_BYTES_MAX),
    [],
  );
});
