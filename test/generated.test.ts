import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { generateAll } from "./generated.ts";

for (const [path, text] of Object.entries(await generateAll())) {
  test(`${path} says what the code does (if not: npm run generate)`, () => {
    assert.equal(readFileSync(join(import.meta.dirname, "..", path), "utf8"), text);
  });
}
