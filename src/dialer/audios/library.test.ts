import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { toTenantId } from "../../core/ids.ts";
import { systemRandom as random } from "../../kit/random.ts";
import { type AddedSound, createAudioLibrary, parseEnding, toAudioName } from "./library.ts";
import { toWav } from "./wav.ts";

const tenantId = toTenantId(5);

/** Its converter takes files of our own form and nothing else. */
async function create() {
  const folder = await mkdtemp(join(tmpdir(), "enlace-library-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const clock = createManualClock();
  const known = new Set<string>();
  const library = createAudioLibrary({
    ...{ folder, clock, random },
    convert: ({ from, to }) => copyFile(from, to),
    listKnown: async (files) => new Set(files.filter((file) => known.has(file))),
  });
  const add = async (bytes: Buffer, isWhole = true): Promise<AddedSound> => {
    const added = await library.add(tenantId, {
      fileName: "a.wav",
      body: Readable.from([bytes]),
      isWhole: () => isWhole,
    });
    await utimes(library.toPath(added.sound), clock.now(), clock.now());
    return added;
  };
  const incoming = (): Promise<string[]> => readdir(join(folder, "incoming"));
  return { folder, clock, known, library, add, incoming };
}

const second = toWav(Buffer.alloc(16_000));

test("names are those of the older dialer, and only the endings that are taken are taken off", () => {
  assert.deepEqual(
    ["My File!.mp3", "ÑANDÚ.WAV", "a.b.ogg", "notes.txt", ".wav", "", "x".repeat(300)].map(toAudioName),
    ["my_file_", "_and_", "a_b", "notes_txt", "_wav", "audio", "x".repeat(100)],
  );
  assert.equal(parseEnding("A.MP3"), "mp3");
  for (const name of ["a.exe", "mp3", "a.mp3.exe", ""])
    assert.throws(() => parseEnding(name), { code: "invalid_field" });
});

test("what is cut at its largest size, empty, silent or an hour too long leaves nothing behind", async () => {
  const { add, incoming, folder } = await create();
  await assert.rejects(add(second, false), { code: "payload_too_large" });
  await assert.rejects(add(Buffer.alloc(0)), { code: "invalid_field", message: /is empty/ });
  await assert.rejects(add(toWav(Buffer.alloc(0))), { code: "invalid_field", message: /no sound/ });
  await assert.rejects(add(toWav(Buffer.alloc(3_601 * 16_000))), {
    code: "invalid_field",
    message: /longer than an hour/,
  });
  await assert.rejects(add(Buffer.alloc(100)), /another form/);
  assert.deepEqual(await incoming(), []);
  assert.equal(existsSync(join(folder, "audio")), false);
});

test("what nobody knows any more is removed after an hour, and what an upload left behind too; the rest stays", async () => {
  const { add, known, library, clock, folder, incoming } = await create();
  const [kept, replaced] = [await add(second), await add(second)];
  known.add(kept.sound.file);
  const left = join(folder, "incoming", "0123.mp3");
  await mkdir(join(folder, "incoming"), { recursive: true });
  await writeFile(left, "half");
  await utimes(left, clock.now(), clock.now());
  await clock.advance(3_000_000);
  await library.letGo(replaced.sound);
  await clock.advance(700_000);
  await library.sweep();
  const isThere = ({ sound }: AddedSound): boolean => existsSync(library.toPath(sound));
  assert.deepEqual([isThere(kept), isThere(replaced)], [true, true], "calls may be about to play it");
  assert.deepEqual(await incoming(), []);
  await clock.advance(3_000_000);
  await library.sweep();
  assert.deepEqual([isThere(kept), isThere(replaced)], [true, false]);
});
