// What the API lets people change, the console offers: a field that no page names would be one that only programs can set.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..");

interface Schema {
  $ref?: string;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
}
interface Operation {
  requestBody?: { content: Record<string, { schema: Schema }> };
}
const api: { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } } =
  JSON.parse(readFileSync(join(ROOT, "openapi.json"), "utf8"));
const source = ["pages", "ui", "api"].map((folder) => readFolder(join(ROOT, "web", folder))).join("\n");

/** What programs, dialplans and CRMs do, or who operates the machine; with where it is told. */
const NOT_HERE: Readonly<Record<string, string>> = {
  "POST /api/v1/calls/originate": "click-to-call is asked for by the CRM: docs/calls.md",
  "POST /api/v1/calls/{id}/transfer": "call control is the CRM's and the desk phone's",
  "POST /api/v1/calls/{id}/redirect": "call control is the CRM's and the desk phone's",
  "POST /api/v1/calls/{id}/park": "call control is the CRM's and the desk phone's",
  "POST /api/v1/calls/{id}/dtmf": "call control is the CRM's and the desk phone's",
  "POST /api/v1/calls/{id}/spy": "call control is the CRM's and the desk phone's",
  "POST /api/v1/calls/{id}/recording": "call control is the CRM's and the desk phone's",
  "POST /api/v1/calls/{id}/recording/link": "CRMs get their links by themselves",
  "PUT /api/v1/pbxs/{id}/cdr": "set up once by who installs the PBX",
  "PUT /api/v1/pbxs/{id}/call-files": "set up once by who installs the PBX",
  "POST /api/v1/pbxs/{id}/reconcile": "happens by itself; by hand it is a command",
  "POST /api/v1/pbxs/{id}/trace": "for reports of faults: a command",
  "PUT /api/v1/smart-redirect": "of the older redirection service, set up by a program",
  "POST /api/v1/smart-redirect/test": "of the older redirection service, set up by a program",
  "POST /api/v1/suppressions/check": "programs ask it before they dial; the console has why",
};
/** Set elsewhere than in a form of the console. */
const FIELDS_NOT_HERE: readonly string[] = ["delivery_state"];

test("every operation with something to fill in has its place in the console, or a reason why not", () => {
  const missing = loadOperations().filter(({ name, path }) => !isAsked(path) && !(name in NOT_HERE));
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  );
  const known = new Set(loadOperations().map(({ name }) => name));
  assert.deepEqual(
    Object.keys(NOT_HERE).filter((name) => !known.has(name)),
    [],
  );
});

test("every field that the console's operations take is named by some page", () => {
  const missing = loadOperations()
    .filter(({ name, path }) => isAsked(path) && !(name in NOT_HERE))
    .flatMap(({ name, fields }) => fields.filter((field) => !isNamed(field)).map((field) => `${name} ${field}`));
  assert.deepEqual(missing, []);
});

function loadOperations(): { name: string; path: string; fields: string[] }[] {
  return Object.entries(api.paths)
    .filter(([path]) => path.startsWith("/api/v1/"))
    .flatMap(([path, operations]) =>
      Object.entries(operations).flatMap(([method, { requestBody }]) =>
        requestBody ? [{ name: `${method.toUpperCase()} ${path}`, path, fields: findFields(requestBody.content) }] : [],
      ),
    );
}

const findFields = (content: Record<string, { schema: Schema }>): string[] => [
  ...new Set(Object.values(content).flatMap(({ schema }) => [...walkFields(schema)])),
];

function* walkFields(schema: Schema | undefined): Generator<string> {
  const one = schema?.$ref ? api.components.schemas[schema.$ref.split("/").at(-1) ?? ""] : schema;
  if (!one) return;
  for (const part of [...(one.anyOf ?? []), ...(one.oneOf ?? []), ...(one.allOf ?? [])]) yield* walkFields(part);
  yield* walkFields(one.items);
  for (const [name, child] of Object.entries(one.properties ?? {})) {
    yield name;
    yield* walkFields(child);
  }
}

/** Written out, or put together: with `${encodeURIComponent(id)}` for `{id}`, or with its last word chosen. */
function isAsked(path: string): boolean {
  const pattern = path.split(/\{[^}]+\}/).map(toLetters);
  const whole = new RegExp(`["\`]${pattern.join("(\\{\\w+\\}|\\$\\{[^`]+\\})")}["\`?]`);
  const stem = path.slice(0, path.lastIndexOf("/"));
  const chosen = new RegExp(`${toLetters(stem)}/\\$\\{(?!encodeURIComponent)`);
  return whole.test(source) || chosen.test(source) || source.includes(`\${path}${path.slice(stem.length)}`);
}

/** For a pattern: no letter of it means anything else. */
const toLetters = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

const isNamed = (field: string): boolean =>
  FIELDS_NOT_HERE.includes(field) || new RegExp(`\\b${field}\\b`).test(source);

function readFolder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.tsx?$/.test(file) && !file.endsWith(".gen.ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");
}
