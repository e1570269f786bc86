import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ensurePrivateFile, loadPrivateFile, savePrivateFile } from "./private-file.ts";

const folder = await mkdtemp(join(tmpdir(), "enlace-private-"));
after(() => rm(folder, { recursive: true }));

test("a private file is made once, for its owner only, and is the same for everybody who asks at once", async () => {
  const path = join(folder, "new", "secret");
  let made = 0;
  const texts = await Promise.all(Array.from({ length: 8 }, () => ensurePrivateFile(path, () => `secret-${++made}`)));
  assert.equal(new Set(texts).size, 1);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
  assert.equal(await ensurePrivateFile(path, () => "another"), texts[0]);
});

test("a private file that others could read is closed to them when it is read", async () => {
  const path = join(folder, "open");
  await writeFile(path, "text\n", { mode: 0o644 });
  await chmod(path, 0o644);
  assert.equal(await loadPrivateFile(path), "text");
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test("an empty private file is an error that says how to mend it, never a new secret", async () => {
  const path = join(folder, "empty");
  await writeFile(path, "");
  await assert.rejects(
    ensurePrivateFile(path, () => "new"),
    /is empty: remove it/,
  );
});

test("saving replaces the text and leaves no draft behind", async () => {
  const path = join(folder, "replaced");
  await savePrivateFile(path, "one");
  await savePrivateFile(path, "two");
  assert.equal(await loadPrivateFile(path), "two");
  const left = (await readdir(folder)).filter((name) => name.startsWith("replaced"));
  assert.deepEqual(left, ["replaced"]);
});

test("saves that cross each other all succeed, and one of their texts stays", async () => {
  const path = join(folder, "crossed");
  const texts = Array.from({ length: 16 }, (_, index) => `text-${index}`);
  await Promise.all(texts.map((text) => savePrivateFile(path, text)));
  assert.ok(texts.includes((await loadPrivateFile(path)) ?? ""));
});
