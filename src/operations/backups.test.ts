import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { eventually } from "../../test/eventually.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import { verifyBackup } from "../kit/postgres/restore.ts";
import { createBackups } from "./backups.ts";

const clock = createManualClock();
const database = await createTestDatabase(clock.now());
const root = await mkdtemp(join(tmpdir(), "enlace-backups-"));
after(() => rm(root, { recursive: true }));
let folders = 0;

function open(folder = join(root, String(++folders))) {
  const backups = createBackups({ database, folder, keyId: "key", clock, log: silentLog });
  after(backups.stop);
  return { backups, folder };
}

test("a backup is made in the background, whole, for its owner's eyes only, and one at a time", async () => {
  const { backups, folder } = open();
  assert.deepEqual((await backups.list()).items, [], "no folder yet is no backup yet");
  const name = await backups.begin();
  await assert.rejects(backups.begin(), /is being made already/);
  assert.equal((await backups.list()).running?.name, name);
  await eventually(async () => assert.equal((await backups.list()).running, null));
  const { items, failure } = await backups.list();
  assert.deepEqual([items.map((item) => item.name), failure], [[name], null]);
  assert.equal((await stat(join(folder, name))).mode & 0o077, 0);
  assert.equal((await stat(folder)).mode & 0o077, 0);
  assert.equal((await verifyBackup(join(folder, name), () => undefined)).key_id, "key");
  const { sizeBytes, body } = await backups.open(name);
  let read = 0;
  for await (const chunk of body) read += (chunk as Buffer).length;
  assert.equal(read, sizeBytes);
  await backups.remove(name);
  assert.deepEqual(await readdir(folder), []);
});

test("a name that leads out of the folder, a stranger's file and a folder are no backups", async () => {
  const { backups, folder } = open();
  await mkdir(join(folder, "sub.backup"), { recursive: true });
  await writeFile(join(folder, "notes.txt"), "x");
  await writeFile(join(root, "outside.backup"), "x");
  assert.deepEqual((await backups.list()).items, []);
  for (const name of ["../outside.backup", "/etc/passwd", "notes.txt", "sub.backup", "none.backup", ".backup"]) {
    await assert.rejects(backups.open(name), { code: "not_found" }, name);
    await assert.rejects(backups.remove(name), { code: "not_found" }, name);
  }
});

test("one that fails says why, and the next may begin; what a dead process left unfinished is cleared away", async () => {
  const { backups, folder } = open();
  const name = `enlace-${clock.now().toISOString().slice(0, 19).replaceAll(":", "-")}.backup`;
  await mkdir(folder);
  await writeFile(join(folder, name), "somebody else's file of this very second");
  await writeFile(join(folder, "enlace-old.backup.unfinished"), "half");
  await backups.begin();
  await eventually(async () => assert.match((await backups.list()).failure?.reason ?? "", /exists already/));
  assert.deepEqual(await readdir(folder), [name]);
  await rm(join(folder, name));
  await backups.begin();
  await eventually(async () => assert.equal((await backups.list()).running, null));
  assert.equal((await backups.list()).failure, null);
});

test("there are only so many", async () => {
  const { backups, folder } = open();
  await mkdir(folder);
  for (let order = 0; order < 50; order += 1) await writeFile(join(folder, `${order}.backup`), "x");
  await assert.rejects(backups.begin(), /remove some first/);
  assert.equal((await backups.list()).running, null);
});

test("a stop ends the one that is being made and leaves nothing behind", async () => {
  const { backups, folder } = open();
  await backups.begin();
  await backups.stop();
  const left = await readdir(folder);
  assert.ok(
    left.every((name) => !name.endsWith(".unfinished")),
    left.join(),
  );
});
