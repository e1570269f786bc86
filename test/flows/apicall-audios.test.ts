// The older dialer's audios: converted as they are uploaded, heard by a link that ends, kept while a project plays them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000" } });
const { api } = enlace;
const OLDER = "/apicall/api/v1";
const credentials = { username: "admin", password: ADMIN_PASSWORD };
const { token } = (await enlace.as({}).post(`${OLDER}/login`, credentials)).body;
const folder = await mkdtemp(join(tmpdir(), "enlace-audio-"));
after(() => rm(folder, { recursive: true, force: true }));
const skip = spawnSync("sox", ["--version"]).error !== undefined && "sox is not here";

/** A second of a tone, stereo at 44.1 kHz. */
function makeTone(name: string): Buffer {
  const path = join(folder, name);
  const { status, stderr } = spawnSync("sox", ["-n", "-r", "44100", "-c", "2", path, "synth", "1", "sine", "440"]);
  assert.equal(status, 0, String(stderr));
  return readFileSync(path);
}

async function upload(
  name: string,
  content: Uint8Array<ArrayBuffer>,
  by = token,
): Promise<{ status: number; body: Json; text: string }> {
  const form = new FormData();
  form.set("audio", new Blob([content]), name);
  const headers = { authorization: `Bearer ${by}` };
  const response = await fetch(`${enlace.url}${OLDER}/audios/upload`, { method: "POST", headers, body: form });
  const text = await response.text();
  return { status: response.status, text, body: text.startsWith("{") ? JSON.parse(text) : {} };
}

const fetchAs = (path: string, headers: Record<string, string> = {}) =>
  fetch(`${enlace.url}${path}`, { headers, redirect: "manual" });

test("D.A 17: an upload becomes a WAVE of 8 kHz, mono, 16 bit, with a plain name", { skip }, async () => {
  const { status, body, text } = await upload("My File!.wav", new Uint8Array(makeTone("tone.wav")));
  assert.equal(status, 200, text);
  const { original_size, final_size, ...rest } = body;
  const path = { filename: "my_file_.wav", path: "apicall/my_file_.wav" };
  assert.deepEqual(rest, { success: true, ...path, converted: true });
  assert.ok(original_size > final_size && final_size > 16_000);
  const [listed] = (await api.get(`${OLDER}/audios`)).body;
  assert.deepEqual([listed.name, listed.size], ["my_file_.wav", final_size]);
});

test("D.A 20: a sound is heard by the link that its stream leads to, without a token", { skip }, async () => {
  const path = `${OLDER}/audios/stream?name=my_file_.wav`;
  assert.equal((await fetchAs(path)).status, 401);
  const redirect = await fetchAs(path, { authorization: `Bearer ${token}` });
  assert.equal(redirect.status, 302);
  const link = new URL(redirect.headers.get("location") ?? "");
  const sound = Buffer.from(await (await fetchAs(link.pathname)).arrayBuffer());
  assert.deepEqual([sound.readUInt16LE(22), sound.readUInt32LE(24), sound.readUInt16LE(34)], [1, 8000, 16]);
  assert.equal((await fetchAs(`${link.pathname}x`)).status, 404, "a link that was changed is none");
});

test("D.A 19: what a project plays is not deleted, and a name is no path", { skip }, async () => {
  const made = await api.post(`${OLDER}/proyectos`, { id: 100, nombre: "Suena", audio: "my_file_.wav" });
  assert.equal(made.body.audio, "my_file_.wav", JSON.stringify(made.body));
  const shown = (await api.get(`${OLDER}/proyectos/audio?proyecto_id=100`)).body;
  assert.deepEqual(shown, { proyecto_id: 100, proyecto_name: "Suena", audio: "my_file_.wav" });
  const remove = (name: string) => api.delete(`${OLDER}/audios/delete?name=${name}`);
  assert.equal((await remove("../x")).status, 400);
  assert.equal((await remove("my_file_.wav")).status, 409);
  const changed = { proyecto_id: 100, audio: "nada.wav" };
  assert.equal((await api.put(`${OLDER}/proyectos/audio`, changed)).status, 400);
  await api.put(`${OLDER}/proyectos`, { id: 100, audio: "" });
  assert.equal((await remove("my_file_.wav")).status, 200);
  assert.equal((await remove("my_file_.wav")).status, 404);
});

test("D.A 18: what is no sound is refused, and so is who may not upload", { skip }, async () => {
  assert.equal((await upload("tool.exe", new Uint8Array(100))).status, 400);
  const large = await upload("large.wav", new Uint8Array(51 * 1024 ** 2));
  assert.ok([400, 413].includes(large.status), large.text);
  await api.post(`${OLDER}/users`, { username: "vera", password: ADMIN_PASSWORD, role: "viewer" });
  const login = await enlace.as({}).post(`${OLDER}/login`, { username: "vera", password: ADMIN_PASSWORD });
  assert.equal((await upload("tone.wav", new Uint8Array(100), login.body.token)).status, 403);
});
