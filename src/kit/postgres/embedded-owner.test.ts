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
  for (const content of Array.from({ length: 10 }, () => stale).flat()) {
    const folder = newFolder();
    writeFileSync(join(folder, "postgres.lock"), content);
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => ownFolder(folder, systemRandom)));
    assert.equal(asked.filter((result) => result.status === "fulfilled").length, 1, content);
    assert.deepEqual(readdirSync(folder), ["postgres.lock"]);
  }
});

test("a process killed while it took over is taken over too, and without end it is said what to remove", async () => {
  const dead = JSON.stringify({ pid: 2 ** 22 + 1, startedMark: "long ago" });
  const folder = newFolder();
  for (const name of ["postgres.lock", "postgres.lock.takeover"]) writeFileSync(join(folder, name), dead);
  await (await ownFolder(folder, systemRandom)).release();
  assert.deepEqual(readdirSync(folder), []);
  for (let depth = 0; depth < 5; depth++)
    writeFileSync(join(folder, `postgres.lock${".takeover".repeat(depth)}`), dead);
  await assert.rejects(ownFolder(folder, systemRandom), /left behind and cannot be taken over: remove it/);
});

test("release leaves a lock alone that is no longer ours", async () => {
  const folder = newFolder();
  const ownership = await ownFolder(folder, systemRandom);
  writeFileSync(join(folder, "postgres.lock"), "somebody else's");
  await ownership.release();
  assert.equal(readFileSync(join(folder, "postgres.lock"), "utf8"), "somebody else's");
});
