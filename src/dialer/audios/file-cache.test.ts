import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { systemRandom as random } from "../../kit/random.ts";
import { createFileCache } from "./file-cache.ts";

async function create(bytesMax = 300) {
  const folder = await mkdtemp(join(tmpdir(), "enlace-cache-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const clock = createManualClock();
  const cache = createFileCache({ folder, bytesMax, clock, random });
  let made = 0;
  const ensure = async (name: string) => {
    const path = await cache.ensure(name, async (draft) => {
      made++;
      await writeFile(draft, "x".repeat(100));
      await utimes(draft, clock.now(), clock.now());
    });
    assert.equal((await readFile(path)).length, 100);
  };
  const has = (name: string): boolean => existsSync(join(folder, `${name}.wav`));
  return { folder, clock, cache, ensure, has, made: () => made };
}

test("a file is made once, for all who ask at once and later", async () => {
  const { ensure, made, clock } = await create();
  await Promise.all([ensure("1/a"), ensure("1/a"), ensure("1/a")]);
  await clock.advance(60_000);
  await ensure("1/a");
  assert.equal(made(), 1);
});

test("what was not asked for the longest leaves when there is no room", async () => {
  const { ensure, has, clock } = await create();
  for (const name of ["a", "b", "c"]) await ensure(name);
  await clock.advance(599_999);
  await ensure("a");
  await clock.advance(1);
  await ensure("d");
  assert.deepEqual(["a", "b", "c", "d"].map(has), [true, false, true, true]);
});

test("what may be playing is not taken away: whoever comes then is refused, and leaves nothing behind", async () => {
  const { ensure, has, folder } = await create();
  for (const name of ["a", "b", "c"]) await ensure(name);
  await assert.rejects(ensure("d"), { code: "unavailable" });
  assert.deepEqual(["a", "b", "c", "d"].map(has), [true, true, true, false]);
  assert.equal((await readdir(folder)).length, 3);
});

test("a file that somebody took away is made again; a making that fails leaves nothing and may be tried again", async () => {
  const { ensure, made, clock, cache, folder } = await create();
  await ensure("a");
  await rm(join(folder, "a.wav"));
  await clock.advance(5_000);
  await ensure("a");
  assert.equal(made(), 2);
  const failing = cache.ensure("b", async (draft) => {
    await writeFile(draft, "half");
    throw new Error("no space left");
  });
  await assert.rejects(failing, /no space left/);
  assert.deepEqual(await readdir(folder), ["a.wav"]);
  await ensure("b");
});

test("another process finds what is there, counts it, and leaves alone what the first one uses", async () => {
  const { ensure, folder, clock, has } = await create();
  for (const name of ["a", "b", "c"]) {
    await ensure(name);
    await clock.advance(1);
  }
  const other = createFileCache({ folder, bytesMax: 300, clock, random });
  await clock.advance(600_000);
  await ensure("a"); // in the first process only
  await other.ensure("d", (draft) => writeFile(draft, "x".repeat(100)));
  assert.deepEqual(["a", "b", "c", "d"].map(has), [true, false, true, true]);
});
