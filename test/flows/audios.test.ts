// What the dialer plays: uploaded, converted, listened to by link, refused while in use, brought to a PBX. Needs sox and espeak-ng.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { promisify } from "node:util";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { FAST, startTestEnlace } from "../harness.ts";
import { soxIsMissing, speechIsMissing } from "../peers/sound-programs.ts";

const run = promisify(execFile);
const root = await mkdtemp(join(tmpdir(), "enlace-audios-"));
after(() => rm(root, { recursive: true, force: true }));
const allowed = join(root, "pbxs");
const audioFolder = join(root, "audios");
await mkdir(join(allowed, "pbx1"), { recursive: true });
const enlace = await startTestEnlace({
  env: {
    ENLACE_AUDIO_FOLDER: audioFolder,
    ENLACE_SOUND_FOLDERS: allowed,
    ENLACE_PUBLIC_URL: "https://enlace.example.test",
  },
});
const { api } = enlace;
const skip = soxIsMissing;

/** A tone as sox writes it, with its own rate, channels and form. */
async function makeTone(name: string, seconds = 1): Promise<Buffer> {
  const path = join(root, name);
  await run("sox", ["-q", "-n", "-r", "44100", "-c", "2", path, "synth", String(seconds), "sine", "440"]);
  return readFile(path);
}

async function upload(bytes: Buffer, fileName: string, fields: Record<string, string> = {}, key = adminKey) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set("file", new Blob([new Uint8Array(bytes)]), fileName);
  const answer = await fetch(`${enlace.url}/api/v1/audios`, {
    method: "POST",
    body: form,
    headers: { "x-api-key": key },
  });
  return { status: answer.status, body: (await answer.json()) as Json };
}
const makeKey = async (scopes: string[]): Promise<string> =>
  (await api.post("/api/v1/api-keys", { name: scopes.join(" "), scopes })).body.key;
const adminKey = await makeKey(["dialer:read", "dialer:write"]);
const fetchLink = (url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> =>
  fetch(url.replace("https://enlace.example.test", enlace.url), { headers, method });
const listFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test("D.A 17: My File!.mp3 becomes my_file_: 8 kHz, mono, 16 bit, with its sizes and its length", {
  skip,
}, async () => {
  const bytes = await makeTone("a.mp3", 2);
  const { status, body } = await upload(bytes, "My File!.mp3");
  assert.equal(status, 201, JSON.stringify(body));
  assert.deepEqual([body.name, body.original_name, body.original_bytes], ["my_file_", "My File!.mp3", bytes.length]);
  assert.ok(Math.abs(body.duration_seconds - 2) < 0.1, `${body.duration_seconds} s`);
  const [file] = await listFiles(join(audioFolder, "audio"));
  const path = join(audioFolder, "audio", "1", file ?? "");
  assert.equal((await stat(path)).size, body.size_bytes);
  const { stdout } = await run("soxi", [path]);
  assert.match(stdout, /Channels +: 1\nSample Rate +: 8000\nPrecision +: 16-bit/);
  const peak = (await run("sox", [path, "-n", "stat"])).stderr;
  assert.match(peak, /Rough +frequency: +4[34]\d/, "it is the tone that was sent");
  assert.deepEqual(await listFiles(join(audioFolder, "incoming")), []);
});

test("every form that is promised is taken; what only says that it is one is refused in a sentence", {
  skip,
}, async () => {
  const forms: Record<string, string[]> = {
    ...{ wav: [], ogg: [], flac: [], gsm: ["-r", "8000", "-c", "1"] },
    ...{ ul: ["-r", "8000", "-c", "1"], al: ["-r", "8000", "-c", "1"] },
    sln: ["-t", "raw", "-r", "8000", "-c", "1", "-b", "16", "-e", "signed"],
  };
  for (const [form, options] of Object.entries(forms)) {
    const path = join(root, `tone.${form}`);
    await run("sox", ["-q", "-n", "-r", "8000", "-c", "1", ...options, path, "synth", "1", "sine", "440"]);
    const ending = { ul: "ulaw", al: "alaw" }[form] ?? form;
    const { status, body } = await upload(await readFile(path), `tone.${ending}`, { name: `tone ${form}` });
    assert.equal(status, 201, `${ending}: ${JSON.stringify(body)}`);
    assert.ok(Math.abs(body.duration_seconds - 1) < 0.05, `${ending}: ${body.duration_seconds} s`);
  }
  const before = (await listFiles(join(audioFolder, "audio"))).length;
  for (const [name, bytes, said] of [
    ["text.wav", Buffer.from("this is no sound"), /no sound that sox can read/],
    ["empty.mp3", Buffer.alloc(0), /is empty/],
    ["silent.ulaw", Buffer.alloc(0), /is empty/],
    ["program.exe", Buffer.from("MZ"), /must end in one of wav, gsm/],
    ["none", Buffer.from("MZ"), /must end in one of/],
  ] as const) {
    const { status, body } = await upload(bytes, name);
    assert.equal(status, 422, `${name}: ${JSON.stringify(body)}`);
    assert.match(body.detail, said);
    assert.doesNotMatch(body.detail, /\/(tmp|incoming)/, "no path of this machine");
  }
  assert.equal((await listFiles(join(audioFolder, "audio"))).length, before);
  assert.deepEqual(await listFiles(join(audioFolder, "incoming")), []);
});

test("D.A 18: 51 MB is too large, and leaves nothing behind", { skip }, async () => {
  const { status, body } = await upload(Buffer.alloc(51 * 1024 ** 2, 0x7f), "large.ulaw");
  assert.deepEqual([status, body.code], [413, "payload_too_large"]);
  assert.deepEqual(await listFiles(join(audioFolder, "incoming")), []);
});

test("only administrators upload and delete; supervisors and viewers listen, agents do not; keys by their scope", {
  skip,
}, async () => {
  const { body } = await upload(await makeTone("roles.wav"), "roles.wav");
  const statusOf = async (role: string): Promise<number[]> => {
    await api.post("/api/v1/users", { username: role, role, password: ADMIN_PASSWORD });
    const client = await enlace.logIn(role, ADMIN_PASSWORD);
    const asked = [client.get("/api/v1/audios"), client.get(`/api/v1/audios/${body.id}/link`)];
    const changed = [client.delete("/api/v1/audios/999"), client.post("/api/v1/audios", {})];
    return (await Promise.all([...asked, ...changed])).map(({ status }) => status);
  };
  assert.deepEqual(await statusOf("supervisor"), [200, 200, 403, 403]);
  assert.deepEqual(await statusOf("viewer"), [200, 200, 403, 403]);
  assert.deepEqual(await statusOf("agent"), [403, 403, 403, 403]);
  assert.equal((await upload(Buffer.from("x"), "x.wav", {}, await makeKey(["dialer:read"]))).status, 403);
});

test("a link plays without a credential, from wherever one likes, and ends", { skip }, async () => {
  const { body } = await upload(await makeTone("link.wav"), "link.wav");
  const { url } = (await api.get(`/api/v1/audios/${body.id}/link`)).body;
  const whole = await fetchLink(url);
  const bytes = Buffer.from(await whole.arrayBuffer());
  assert.deepEqual(
    [whole.status, whole.headers.get("content-type"), bytes.length],
    [200, "audio/wav", body.size_bytes],
  );
  assert.equal(bytes.toString("latin1", 0, 4), "RIFF");
  const part = await fetchLink(url, { range: "bytes=0-3" });
  assert.deepEqual([part.status, await part.text()], [206, "RIFF"]);
  assert.equal(part.headers.get("content-range"), `bytes 0-3/${body.size_bytes}`);
  assert.equal((await fetchLink(url, { range: `bytes=${body.size_bytes}-` })).status, 416);
  assert.equal((await fetchLink(url, { range: "bytes=0-3", "if-range": '"other"' })).status, 200);
  const head = await fetchLink(url, {}, "HEAD");
  assert.deepEqual([head.status, head.headers.get("content-length")], [200, String(body.size_bytes)]);
  assert.equal((await fetchLink(`${enlace.url}/a/${"A".repeat(58)}.wav`)).status, 404);
  assert.equal((await api.delete(`/api/v1/audios/${body.id}`)).status, 204);
  assert.equal((await fetchLink(url)).status, 404, "a deleted one is not played by a link that is good");
});

test("D.A 20: a link that has ended answers 403", { skip }, async () => {
  const fast = await startTestEnlace({
    database: enlace.database,
    clockFactor: FAST * 100,
    env: { ENLACE_AUDIO_FOLDER: audioFolder },
  });
  const { body } = await fast.api.get("/api/v1/audio-prompts");
  const { url, expires_at } = body.items[0];
  const address = url.replace(/^https?:\/\/[^/]+/, fast.url);
  await eventually(async () => assert.equal((await fetch(address)).status, 403, `ends at ${expires_at}`));
});

test("a name is there once: a second upload is refused, or replaces it for every project that plays it", {
  skip,
}, async () => {
  const first = await upload(await makeTone("one.wav", 1), "twice.wav");
  const again = await upload(await makeTone("two.wav", 2), "TWICE.wav");
  assert.deepEqual([again.status, again.body.code], [409, "conflict"]);
  const replaced = await upload(await makeTone("two.wav", 2), "two.wav", { name: "twice", replace: "true" });
  assert.equal(replaced.status, 201);
  assert.equal(replaced.body.id, first.body.id);
  assert.ok(replaced.body.duration_seconds > 1.9);
  assert.equal(
    (await api.get("/api/v1/audios?limit=200")).body.items.filter(({ name }: Json) => name === "twice").length,
    1,
  );
});

test("while a project plays it, in whatever place, an audio cannot be deleted; nor can a project play one of another tenant", {
  skip,
}, async () => {
  const { body: audio } = await upload(await makeTone("used.wav"), "used.wav");
  for (const ivr of [{ audio_id: audio.id }, { machine_audio_id: audio.id }, { prompts: { notice: audio.id } }]) {
    const made = await api.post("/api/v1/projects", { name: "Reminders", ivr });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const refused = await api.delete(`/api/v1/audios/${audio.id}`);
    assert.deepEqual([refused.status, refused.body.code], [409, "conflict"]);
    assert.match(refused.body.detail, /Reminders/);
    assert.equal((await api.delete(`/api/v1/projects/${made.body.id}`)).status, 204);
  }
  assert.equal((await api.delete(`/api/v1/audios/${audio.id}`)).status, 204);
  const unknown = await api.post("/api/v1/projects", { name: "Ghost", ivr: { audio_id: audio.id } });
  assert.equal(unknown.status, 422, JSON.stringify(unknown.body));
});

test("the built-in prompts are there in three languages and can be heard", async () => {
  const { status, body } = await api.get("/api/v1/audio-prompts");
  assert.equal(status, 200);
  assert.equal(body.items.length, 18);
  for (const { url } of body.items) {
    const answer = await fetchLink(url);
    assert.equal((await answer.arrayBuffer()).byteLength, Number(answer.headers.get("content-length")));
    assert.equal(answer.status, 200);
  }
});

test("a text is spoken with its variables, once for all who hear the same", { skip: speechIsMissing }, async () => {
  const said = { text: "Hola {{nombre}}, debe {{saldo}} euros.", language: "es" };
  const ask = (nombre: string) => api.post("/api/v1/speech", { ...said, variables: { nombre, saldo: "1.234,50" } });
  const { status, body } = await ask("ANA");
  assert.equal(status, 200, JSON.stringify(body));
  assert.equal(body.text, "Hola Ana, debe 1234,50 euros.");
  const sound = Buffer.from(await (await fetchLink(body.url)).arrayBuffer());
  assert.ok(sound.length > 2 * 16_000 && sound.length < 10 * 16_000, `${sound.length} bytes`);
  await ask("Ana");
  assert.equal((await listFiles(join(audioFolder, "speech"))).length, 1);
  assert.equal((await ask("Luis")).status, 200);
  assert.equal((await listFiles(join(audioFolder, "speech"))).length, 2);
  const none = await api.post("/api/v1/speech", { text: "{{nombre}}", language: "es" });
  assert.deepEqual([none.status, none.body.code], [409, "conflict"]);
  const option = await api.post("/api/v1/speech", { text: "--path=/etc -w /tmp/x", language: "en" });
  assert.equal(option.status, 200, "a text that looks like an option is spoken");
});

test("a PBX's folder of sounds must be one that the operator allows, and there", async () => {
  const { id } = (await api.post("/api/v1/pbxs", { name: "of folders" })).body;
  const path = `/api/v1/pbxs/${id}/sounds`;
  assert.deepEqual((await api.get(path)).body, { delivery: "http", folder: null, pbx_folder: null, base_url: null });
  await symlink(root, join(allowed, "way-out"));
  for (const [folder, status] of [
    [join(allowed, "pbx1"), 200],
    [root, 403],
    [join(allowed, "way-out"), 403],
    [join(allowed, "missing"), 503],
    [`${allowed}/../audios`, 422],
    ["relative", 422],
  ] as const)
    assert.equal((await api.put(path, { delivery: "folder", folder })).status, status, folder);
  const { body } = await api.get(path);
  assert.deepEqual([body.folder, body.pbx_folder], [join(allowed, "pbx1"), "/var/lib/asterisk/sounds/enlace"]);
  for (const base_url of ["ftp://10.0.0.5", "http://a:b@10.0.0.5", "javascript:1"])
    assert.equal((await api.put(path, { delivery: "http", base_url })).status, 422, base_url);
  assert.equal(
    (await api.put(path, { delivery: "http", base_url: "http://10.0.0.5:8080/" })).body.base_url,
    "http://10.0.0.5:8080",
  );
  assert.equal((await api.get("/api/v1/pbxs/999/sounds")).status, 404);
});
