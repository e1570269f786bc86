// What Enlace has to say is heard on a real Asterisk: from a folder that both see, and fetched by HTTP through res_http_media_cache.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import { createAdminister } from "../../../src/app/dialer-projects.ts";
import type { RowId } from "../../../src/core/ids.ts";
import { toTenantId } from "../../../src/core/ids.ts";
import { createAudios } from "../../../src/dialer/audios/audios.ts";
import { systemClock as clock } from "../../../src/kit/clock.ts";
import { systemRandom as random } from "../../../src/kit/random.ts";
import { createAgiServer } from "../../../src/telephony/agi/server.ts";
import type { Json } from "../../api-client.ts";
import { silentLog } from "../../database.ts";
import { startTestEnlace } from "../../harness.ts";
import { speechIsMissing } from "../sound-programs.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { connect, isReady } from "./world.ts";

const started = speechIsMissing || (await startAsterisks());
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const tenantId = toTenantId(1);
const PLAYED_MS_MAX = 60_000;
const SECRET = "a secret for flows, at least 32 characters";

async function open() {
  const root = await mkdtemp(join(tmpdir(), "enlace-sounds-"));
  after(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, "audios");
  const shared = join(asterisk.folder, "var", "lib", "asterisk", "sounds", "enlace");
  await mkdir(shared, { recursive: true });
  const enlace = await startTestEnlace({
    env: { ENLACE_AUDIO_FOLDER: folder, ENLACE_SOUND_FOLDERS: asterisk.folder, ENLACE_SECRET: SECRET },
  });
  const audios = createAudios({
    ...{ clock, random, folder, database: enlace.database, log: silentLog, secret: SECRET, publicUrl: enlace.url },
    listener: { on: () => () => undefined },
    soundFolders: [asterisk.folder],
    cacheBytesMax: 100 * 1024 ** 2,
    administer: createAdminister({ database: enlace.database, clock }),
  });
  const tone = join(root, "tone.wav");
  await promisify(execFile)("sox", ["-q", "-n", "-r", "44100", "-c", "2", tone, "synth", "2", "sine", "440"]);
  const { body: key } = await enlace.api.post("/api/v1/api-keys", { name: "uploads", scopes: ["dialer:write"] });
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(await readFile(tone))]), "tone.wav");
  const headers = { "x-api-key": key.key };
  const answer = await fetch(`${enlace.url}/api/v1/audios`, { method: "POST", body: form, headers });
  const audio = (await answer.json()) as Json;
  assert.equal(answer.status, 201, JSON.stringify(audio));
  return { enlace, audios, audio, shared };
}

const sayings = (audio: Json) =>
  [
    { audioId: audio.id as RowId },
    { prompt: "notice", language: "ru" },
    { text: "Hola {{nombre}}", variables: { nombre: "ANA" }, language: "es" },
  ] as const;

/** Has a channel of Asterisk play each; resolves with how many samples of each were heard, -1 for one that cannot be played. */
async function play(sounds: readonly string[]): Promise<number[]> {
  const done = Promise.withResolvers<number[]>();
  const server = createAgiServer({
    ...{ host: "127.0.0.1", port: asterisk.agiPort, allow: ["127.0.0.1"], clock, log: silentLog },
    onCall: async (agi) => {
      const heard: number[] = [];
      await agi.answer();
      for (const sound of sounds) {
        const reply = await agi.command("STREAM FILE", [sound, ""], PLAYED_MS_MAX);
        heard.push(Number(/endpos=(\d+)/.exec(reply.text)?.[1]) || -1);
      }
      done.resolve(heard);
    },
  });
  await server.start();
  try {
    const tester = connect(asterisk, "tester");
    await isReady(tester);
    const call = { Channel: "Local/wait-40@far", Context: "enlace-agi", Exten: "s", Priority: 1, Async: true };
    await tester.send({ name: "Originate", fields: { ...call, Timeout: 8_000 } });
    return await done.promise;
  } finally {
    await server.stop();
  }
}

test("an upload, a prompt and a spoken text are heard from a folder, and by HTTP", {
  skip,
  timeout: 120_000,
}, async () => {
  const { enlace, audios, audio, shared } = await open();
  const makePbx = async (name: string, sounds: object): Promise<RowId> => {
    const { body } = await enlace.api.post("/api/v1/pbxs", { name });
    const set = await enlace.api.put(`/api/v1/pbxs/${body.id}/sounds`, sounds);
    assert.equal(set.status, 200, JSON.stringify(set.body));
    return body.id;
  };
  const near = await makePbx("near", { delivery: "folder", folder: shared });
  const far = await makePbx("far", { delivery: "http", base_url: enlace.url });
  const toPlayables = (pbxId: RowId): Promise<string[]> =>
    Promise.all(sayings(audio).map((sound) => audios.toPlayable({ ...sound, tenantId, pbxId })));
  const [fromFolder, byHttp] = [await toPlayables(near), await toPlayables(far)];
  for (const path of fromFolder) {
    assert.match(path, /^\/var\/lib\/asterisk\/sounds\/enlace\/(audio|prompt|speech)\/[0-9a-f/]+$/);
    assert.equal((await stat(join(asterisk.folder, `${path}.wav`))).mode & 0o777, 0o644, "Asterisk may read it");
  }
  for (const url of byHttp) assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/a\/[\w-]{58}\.wav$/);

  const missing = `${shared}/audio/1/00000000000000000000000000000000`.slice(asterisk.folder.length);
  const heard = await play([...fromFolder, missing]);
  assert.ok(Math.abs((heard[0] ?? 0) - 16_000) <= 320, `two seconds: ${heard}`);
  assert.ok((heard[1] ?? 0) > 8_000 && (heard[2] ?? 0) > 4_000, `prompt and text: ${heard}`);
  assert.equal(heard[3], -1, "what is not there is not heard");
  const again = await play([...byHttp, `${enlace.url}/a/${"A".repeat(58)}.wav`]);
  assert.deepEqual(again, heard, "by HTTP the same samples, and nothing for a link that opens nothing");
});
