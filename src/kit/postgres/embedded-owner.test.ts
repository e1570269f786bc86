import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemRandom } from "../random.ts";
import { ownFolder } from "./embedded-owner.ts";
import { loadProcess } from "./embedded-processes.ts";

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "enlace-owner-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("of many who ask at once one owns the folder, and a released folder can be owned again", async () => {
  const folder = newFolder();
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => ownFolder(folder, systemRandom)));
  const owners = asked.filter((result) => result.status === "fulfilled");
  assert.equal(owners.length, 1);
  await owners[0]?.value.release();
  assert.deepEqual(readdirSync(folder), []);
  await (await ownFolder(folder, systemRandom)).release();
});

test("the lock of a dead process, of a number used again, and a broken one are taken over, each by one only", async () => {
  const self = await loadProcess(process.pid);
  const stale = [
    JSON.stringify({ pid: 2 ** 22 + 1, startedMark: self?.startedMark }),
    JSON.stringify({ pid: process.pid, startedMark: "another boot:1" }),
    '{"pid": 12',
  ];
  for (const content of stale) {
    const folder = newFolder();
    writeFileSync(join(folder, "postgres.lock"), content);
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => ownFolder(folder, systemRandom)));
    assert.equal(asked.filter((result) => result.status === "fulfilled").length, 1, content);
  }
});

test("release leaves a lock alone that is no longer ours", async () => {
  const folder = newFolder();
  const ownership = await ownFolder(folder, systemRandom);
  writeFileSync(join(folder, "postgres.lock"), "somebody else's");
  await ownership.release();
  assert.equal(readFileSync(join(folder, "postgres.lock"), "utf8"), "somebody else's");
});
