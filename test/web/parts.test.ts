// The console's own small rules, without a browser: days and zones, addresses, the form of a connector.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CONSOLE_PAGES } from "../../src/http/static-console.ts";
import { parseCallSearch, toCallQuery } from "../../web/pages/calls/call-search.ts";
import { toDefaults, toFieldKind, toSettings } from "../../web/pages/connections/settings-schema.ts";
import { toClock, toInstant } from "../../web/ui/instants.ts";
import { chromiumIsMissing } from "./chromium.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const FIRST_LOAD_BYTES_MAX = 250 * 1024;

test("a day begins at midnight of its zone, on days of clock changes too", () => {
  assert.equal(toInstant("2026-01-10", "Europe/Madrid")?.toISOString(), "2026-01-09T23:00:00.000Z");
  assert.equal(toInstant("2026-03-29", "Europe/Madrid", 1)?.toISOString(), "2026-03-29T22:00:00.000Z");
  assert.equal(toInstant("2026-10-25", "Europe/Madrid")?.toISOString(), "2026-10-24T22:00:00.000Z");
  assert.equal(toInstant("2026-10-25", "Europe/Madrid", 1)?.toISOString(), "2026-10-25T23:00:00.000Z");
  assert.equal(toInstant("2026-12-31", "America/Bogota", 1)?.toISOString(), "2027-01-01T05:00:00.000Z");
  assert.equal(toInstant("yesterday", "Europe/Madrid"), undefined);
});

test("seconds read as a clock", () => {
  assert.deepEqual([0, 59, 75, 3600, 3675, -5].map(toClock), ["0:00", "0:59", "1:15", "1:00:00", "1:01:15", "0:00"]);
});

test("an address keeps the filters it knows and drops the rest", () => {
  const search = parseCallSearch({
    outcome: "missed",
    direction: "sideways",
    number: 600000010,
    from: "today",
    x: "<b>",
    connection: "1;",
  });
  assert.deepEqual(search, { outcome: "missed", number: "600000010" });
  assert.deepEqual(
    toCallQuery({ from: "2026-01-10", to: "2026-01-10", crm: "failed", project: "7" }, "Europe/Madrid"),
    {
      since: "2026-01-09T23:00:00.000Z",
      until: "2026-01-10T23:00:00.000Z",
      connection_state: "failed",
      project_id: "7",
    },
  );
});

test("a setting's schema decides its field, and what is left empty is not sent", () => {
  assert.deepEqual(
    [
      { type: "string", secret: true },
      { type: "string", enum: ["a"] },
      { type: "string", maxLength: 16_384 },
      { type: "array", items: { enum: ["a"] } },
      { type: "object", additionalProperties: { type: "string" } },
      { type: "integer" },
      { type: "string" },
    ].map(toFieldKind),
    ["secret", "choice", "longText", "choices", "pairs", "number", "text"],
  );
  const schema = {
    properties: { a: { type: "string", default: "" }, b: { type: "string" }, c: { type: "boolean", default: false } },
  };
  assert.deepEqual(toDefaults(schema), { a: "", c: false });
  assert.deepEqual(toSettings(schema, { a: "", b: "", c: true }), { a: "", c: true });
});

test("the server answers a reload of every page that the console has", () => {
  const routes = readFileSync(join(ROOT, "web/routes.tsx"), "utf8");
  const pages = [...routes.matchAll(/path: "\/([a-z-]+)/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(pages)].sort(), [...CONSOLE_PAGES].sort());
});

test("the first load is at most 250 KB of script, gzipped", { skip: chromiumIsMissing }, () => {
  const folder = join(ROOT, "web/dist");
  const page = readFileSync(join(folder, "index.html"), "utf8");
  const first = [...page.matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].map(([, name = ""]) => name);
  const names = readdirSync(join(folder, "assets")).filter((name) => name.endsWith(".js"));
  const sizeOf = (some: Iterable<string>): number =>
    [...some].reduce((sum, name) => sum + readFileSync(join(folder, "assets", `${name}.gz`)).length, 0);
  const languages = names
    .filter((name) => /^(en|es|ru)-/.test(name))
    .sort((left, right) => sizeOf([right]) - sizeOf([left]));
  // Whichever screen is opened first comes with what it imports, and with the largest language; charts come afterwards.
  const loads = names.map((name) => {
    const loaded = new Set([...first, ...languages.slice(0, 1)]);
    addImports(loaded, name, (one) => readFileSync(join(folder, "assets", one), "utf8"));
    return { name, bytes: sizeOf(loaded), loaded };
  });
  // Charts and the rules of telephone numbers come when they are wanted, with no screen.
  const later = names.filter((name) => /^(ActivityChart|min)-/.test(name));
  assert.equal(later.length, 2);
  const early = loads.filter(({ name, loaded }) => !later.includes(name) && later.some((one) => loaded.has(one)));
  assert.deepEqual(
    early.map(({ name }) => name),
    [],
  );
  // One language is loaded, not two.
  const screens = loads.filter(({ name }) => !later.includes(name) && !languages.includes(name));
  assert.equal(languages.length, 3);
  assert.ok(first.length > 0);
  assert.deepEqual(
    screens.filter(({ bytes }) => bytes > FIRST_LOAD_BYTES_MAX).map(({ name, bytes }) => `${name}: ${bytes}`),
    [],
  );
});

function addImports(loaded: Set<string>, name: string, read: (name: string) => string): void {
  if (loaded.has(name)) return;
  loaded.add(name);
  for (const [, imported = ""] of read(name).matchAll(/(?:from|import)\s*["'`]\.\/([^"'`]+\.js)["'`]/g))
    addImports(loaded, imported, read);
}
