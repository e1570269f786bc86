// The older dialer's acceptance list, D.A 1 to 58: each of its statements is the name of a test.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = join(import.meta.dirname, "..", "..");
const LAST = 58;
/** What is not so to the letter, and why the statement holds all the same. */
const OTHERWISE: Readonly<Record<number, string>> = {
  1: "at /apicall/health; Enlace's own /health never asks a store or a PBX, and /ready does",
  4: "there is no default to refuse: a secret is generated, a first password printed; short ones are refused",
  28: "a call file has Enlace's own two variables and MaxRetries 0: one pipeline retries, not Asterisk",
  31: "the call that could not be written is `failed`, or FAIL; SPOOL_ERROR is no disposition",
};

/** Statements that tests of this file are named for: `D.A 9, 10: …`. Tests against peers may be skipped, so they are not counted. */
function listProved(path: string): number[] {
  const names = readFileSync(join(ROOT, path), "utf8").matchAll(/\btest\(\s*["`]D\.A ([\d, ]+):/g);
  return [...names].flatMap(([, numbers = ""]) => numbers.split(",").map(Number));
}

const files = ["test/flows", "src"].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name)),
);

test("every statement of the list is proved by a test that is named for it", () => {
  const proved = new Set(files.flatMap(listProved));
  const all = Array.from({ length: LAST }, (_, index) => index + 1);
  assert.deepEqual(
    all.filter((number) => !proved.has(number)),
    [],
    "nothing proves these",
  );
  assert.deepEqual(
    [...proved, ...Object.keys(OTHERWISE).map(Number)].filter((number) => !all.includes(number)),
    [],
    "these are not on the list",
  );
});
