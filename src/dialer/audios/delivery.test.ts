import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { toTenantId } from "../../core/ids.ts";
import { systemRandom as random } from "../../kit/random.ts";
import { createSoundDelivery } from "./delivery.ts";
import { createAudioLinks } from "./links.ts";
import type { SoundRef } from "./sound.ts";

const sound: SoundRef = { kind: "audio", tenantId: toTenantId(3), file: "0123456789abcdef0123456789abcdef" };

async function create() {
  const root = await mkdtemp(join(tmpdir(), "enlace-delivery-"));
  after(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, "pbxs", "lima");
  await mkdir(folder, { recursive: true });
  const path = join(root, "sound.wav");
  await writeFile(path, "RIFF", { mode: 0o600 });
  const clock = createManualClock();
  const links = createAudioLinks({ clock, secret: "a secret of at least 32 characters..", publicUrl: "http://e.test" });
  const folderRoots = [join(root, "pbxs")];
  const delivery = createSoundDelivery({ links, folderRoots, bytesMax: 1_000_000, clock, random });
  return {
    root,
    folder,
    path,
    clock,
    delivery,
    to: { delivery: "folder", folder, pbxFolder: "/sounds/enlace" } as const,
  };
}

test("a sound is copied whole into the PBX's folder, readable for Asterisk whatever our umask is", async () => {
  const { delivery, path, to, folder } = await create();
  const before = process.umask(0o077);
  after(() => process.umask(before));
  const played = await delivery.deliver(sound, path, to);
  assert.equal(played, `/sounds/enlace/audio/3/${sound.file}`);
  const copy = join(folder, "audio", "3", `${sound.file}.wav`);
  assert.equal(await readFile(copy, "utf8"), "RIFF");
  const modes = [copy, join(folder, "audio", "3"), join(folder, "audio")].map(
    async (one) => (await stat(one)).mode & 0o777,
  );
  assert.deepEqual(await Promise.all(modes), [0o644, 0o755, 0o755]);
});

test("a folder that went away, or is none of the allowed ones any more, gets nothing and is not made", async () => {
  const { delivery, path, to, folder, root } = await create();
  await rm(folder, { recursive: true });
  await assert.rejects(delivery.deliver(sound, path, to), { code: "unavailable", message: /is it mounted/ });
  await assert.rejects(stat(folder), { code: "ENOENT" });
  await mkdir(join(root, "elsewhere"));
  await symlink(join(root, "elsewhere"), folder);
  await assert.rejects(delivery.deliver(sound, path, to), { code: "forbidden" });
});

test("a folder that Enlace may not write to is refused", {
  skip: process.getuid?.() === 0 && "root may write anywhere",
}, async () => {
  const { delivery, folder } = await create();
  await chmod(folder, 0o555);
  await assert.rejects(delivery.checkFolder(folder), { code: "unavailable", message: /may not write/ });
});

test("over HTTP nothing is copied", async () => {
  const { delivery, path } = await create();
  const url = await delivery.deliver(sound, path, { delivery: "http", baseUrl: "http://10.0.0.5:8080" });
  assert.match(url, /^http:\/\/10\.0\.0\.5:8080\/a\/[\w-]+\.wav$/);
});
