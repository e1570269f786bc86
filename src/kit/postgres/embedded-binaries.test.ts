import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { prepareBinaries } from "./embedded-binaries.ts";
import type { Place } from "./embedded-place.ts";

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };

function newFolder(mode = 0o755): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "enlace-binaries-")));
  after(() => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, mode);
  return folder;
}

/** A package as npm leaves it under --ignore-scripts: the library is there, its short name is not. */
function newPackage(mode = 0o755, target = "native/lib/libx.so"): string {
  const folder = newFolder(mode);
  mkdirSync(join(folder, "native/bin"), { recursive: true });
  mkdirSync(join(folder, "native/lib"));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ version: "17.1.0" }));
  writeFileSync(join(folder, "native/lib/libx.so.1"), "");
  writeFileSync(join(folder, "native/pg-symlinks.json"), JSON.stringify([{ source: "native/lib/libx.so.1", target }]));
  return folder;
}

const placeIn = (folder: string, account: Place["account"]): Place => ({
  folder,
  cluster: join(folder, "cluster"),
  run: join(folder, "run"),
  passwordFile: join(folder, "password"),
  logFile: join(folder, "server.log"),
  account,
});

test("links that an install without scripts left out are made, once", async () => {
  const folder = newPackage();
  for (let round = 0; round < 2; round++) {
    assert.equal(await prepareBinaries(placeIn(newFolder(), undefined), folder), join(folder, "native"));
    assert.equal(readlinkSync(join(folder, "native/lib/libx.so")), "libx.so.1");
  }
});

test("a list that leads out of the package is refused", async () => {
  const folder = newPackage(0o755, "../../outside.so");
  await assert.rejects(prepareBinaries(placeIn(newFolder(), undefined), folder), /leads out of it/);
});

test("binaries its account cannot reach are copied beside the cluster, replacing an older copy", {
  skip: !isRoot && "needs root",
}, async () => {
  const folder = newPackage(0o700);
  const place = placeIn(newFolder(), nobody);
  mkdirSync(join(place.folder, "binaries-16.0.0"));
  const binaries = await prepareBinaries(place, folder);
  assert.equal(binaries, join(place.folder, "binaries-17.1.0/native"));
  assert.equal(readlinkSync(join(binaries, "lib/libx.so")), "libx.so.1");
  assert.deepEqual(readdirSync(place.folder), ["binaries-17.1.0"]);
  assert.equal(await prepareBinaries(place, folder), binaries);
});

test("a read-only install is copied and completed there", {
  skip: !isRoot && "needs root to become somebody else",
}, () => {
  const folder = newPackage();
  const place = placeIn(newFolder(0o777), undefined);
  const script = `import { prepareBinaries } from ${JSON.stringify(join(import.meta.dirname, "embedded-binaries.ts"))};
    console.log(await prepareBinaries(${JSON.stringify(place)}, ${JSON.stringify(folder)}))`;
  const args = ["--input-type=module", "-e", script];
  const printed = execFileSync(process.execPath, args, { ...nobody, cwd: tmpdir(), encoding: "utf8" }).trim();
  assert.equal(printed, join(place.folder, "binaries-17.1.0/native"));
  assert.ok(existsSync(join(printed, "lib/libx.so")));
  assert.ok(!existsSync(join(folder, "native/lib/libx.so")));
});
