import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { AppError } from "../../core/errors.ts";
import { createRecordingFolder } from "./folder.ts";

const root = await mkdtemp(join(tmpdir(), "enlace-folder-"));
after(() => rm(root, { recursive: true }));
const monitor = join(root, "monitor");
await mkdir(join(monitor, "2026/11/22"), { recursive: true });
await writeFile(join(monitor, "2026/11/22/a-1700000100.10.wav"), "0123456789");
await writeFile(join(root, "secret.wav"), "secret");
await writeFile(join(monitor, "notes.txt"), "notes");
const folder = createRecordingFolder(monitor, [root]);

const asked = (range?: string, more: { method?: "GET" | "HEAD"; ifRange?: string } = {}) => ({
  ...{ method: more.method ?? ("GET" as const), range, ifRange: more.ifRange },
  signal: new AbortController().signal,
});
const PLACE = "2026/11/22/a-1700000100.10.wav";
const read = async (place: string, range?: string) => {
  const opened = await folder.open(place, asked(range));
  const headers: Record<string, string> = { ...opened?.headers };
  return opened && { status: opened.status, body: opened.body && (await text(opened.body)), headers };
};

test("a file is given whole or in part, with its type and length", async () => {
  const whole = await read(PLACE);
  assert.deepEqual(
    [whole?.status, whole?.body, whole?.headers["content-length"], whole?.headers["content-type"]],
    [200, "0123456789", "10", "audio/wav"],
  );
  const part = await read(PLACE, "bytes=2-4");
  assert.deepEqual([part?.status, part?.body, part?.headers["content-range"]], [206, "234", "bytes 2-4/10"]);
  const behind = await read(PLACE, "bytes=10-");
  assert.deepEqual([behind?.status, behind?.body, behind?.headers["content-range"]], [416, null, "bytes */10"]);
});

test("HEAD opens nothing to send, and a part of what has changed since is the whole", async () => {
  const head = await folder.open(PLACE, asked(undefined, { method: "HEAD" }));
  assert.deepEqual([head?.status, head?.body, head?.headers["content-length"]], [200, null, "10"]);
  const etag = head?.headers.etag ?? "";
  assert.equal((await folder.open(PLACE, asked("bytes=0-1", { method: "HEAD", ifRange: etag })))?.status, 206);
  assert.equal((await folder.open(PLACE, asked("bytes=0-1", { method: "HEAD", ifRange: '"old"' })))?.status, 200);
});

test("nothing outside the folder is opened: not by climbing, not by a link to a file, not by a link to a folder", async () => {
  await symlink(join(root, "secret.wav"), join(monitor, "link.wav"));
  await symlink(root, join(monitor, "up"));
  for (const place of ["../secret.wav", "2026/../../secret.wav", "link.wav", "up/secret.wav", "notes.txt", "a\0.wav"])
    assert.equal(await read(place), null, place);
  await symlink("2026/11/22/a-1700000100.10.wav", join(monitor, "inside.wav"));
  assert.equal((await read("inside.wav"))?.body, "0123456789");
});

test("a link with an audio name to what is no recording leads nowhere, and neither do folders and pipes", async () => {
  await symlink(join(monitor, "notes.txt"), join(monitor, "notes.wav"));
  await mkdir(join(monitor, "folder.wav"));
  execFileSync("mkfifo", [join(monitor, "pipe.wav")]);
  for (const place of ["notes.wav", "folder.wav", "pipe.wav"]) assert.equal(await read(place), null, place);
});

test("a file is found by its name, or by the call's unique id in it", async () => {
  assert.equal((await folder.find(["gone.wav", PLACE]))?.sizeBytes, 10);
  assert.equal((await folder.findByUniqueId("2026/11/22", "1700000100.10"))?.place, PLACE);
  assert.equal(await folder.findByUniqueId("2026/11/22", "1700000100.1"), null);
  assert.equal(await folder.findByUniqueId("2026/11/23", "1700000100.10"), null);
  await writeFile(join(monitor, "in-1700000200.1.wav"), "flat");
  assert.equal((await folder.findByUniqueId("2026/11/23", "1700000200.1"))?.place, "in-1700000200.1.wav");
  assert.equal(await folder.findByUniqueId("2026/11/22", "1700000200.1"), null, "that day has a folder");
});

test("a folder that the operator has not allowed is not read, even through a link that begins in an allowed one", async () => {
  await mkdir(join(root, "allowed"));
  await symlink(monitor, join(root, "allowed", "pbx"));
  for (const roots of [[], [join(root, "allowed")], [join(root, "nowhere")]]) {
    const other = createRecordingFolder(join(root, "allowed", "pbx"), roots);
    await assert.rejects(
      other.find([PLACE]),
      (error) => error instanceof AppError && /ENLACE_RECORDING_FOLDERS/.test(error.message),
    );
  }
  await assert.rejects(createRecordingFolder(join(root, "gone"), [root]).find([PLACE]), /mounted/);
});
