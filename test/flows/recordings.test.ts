// A recording is told of once it is complete, and heard by right or by link; nothing else of the machine is.
import assert from "node:assert/strict";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ApiClient, Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST, startTestEnlace } from "../harness.ts";

const root = await mkdtemp(join(tmpdir(), "enlace-recordings-"));
after(() => rm(root, { recursive: true, force: true }));
const monitor = join(root, "monitor");
const day = join(monitor, "2025", "08", "02");
await mkdir(day, { recursive: true });
const PUBLIC = "https://enlace.example.test";
const enlace = await startTestEnlace({
  clockFactor: FAST,
  env: { ENLACE_RECORDING_FOLDERS: root, ENLACE_PUBLIC_URL: PUBLIC },
});
const { api } = enlace;
const AUDIO = "0123456789".repeat(10);

await api.post("/api/v1/pbxs", {
  ...{ name: "centralita1", host: "192.0.2.1", username: "enlace", secret: "never used", enabled: false },
  recordings: { folder: monitor },
});
await eventually(async () => assert.ok((await api.get("/api/v1/pbxs")).body.items[0].recordings));
await api.put("/api/v1/extensions/1001", {});

let calls = 0;
/** A call that ended and of whose recording nobody told; as Asterisk would, its file ends in its unique id. */
async function postCall(more: object = {}): Promise<{ uuid: string; file: string }> {
  const uuid = `17000001${String(++calls).padStart(2, "0")}.7`;
  const { recording_url: _, ...call } = DOCUMENTED_CALL;
  const { status, body } = await enlace.postCall({ ...call, call_uuid: uuid, ...more });
  assert.equal(status, 202, JSON.stringify(body));
  return { uuid, file: join(day, `in-900112233-34123456789-20250802-160000-${uuid}.wav`) };
}
const load = async (uuid: string): Promise<Json> => (await api.get(`/api/v1/calls?call_uuid=${uuid}`)).body.items[0];
const inCrm = (uuid: string): Json =>
  enlace.crm.records("PBXManager").find(({ fields }) => fields.sourceuuid === uuid)?.fields;
const withRecording = (uuid: string): Promise<Json> =>
  eventually(async () => {
    const call = await load(uuid);
    assert.ok(call.recording, "it has a recording");
    return call;
  });
async function recorded(): Promise<{ call: Json; uuid: string; file: string }> {
  const { uuid, file } = await postCall();
  await writeFile(file, AUDIO);
  return { call: await withRecording(uuid), uuid, file };
}
const linkInCrm = (uuid: string): Promise<string> =>
  eventually(() => {
    const link = inCrm(uuid)?.recordingurl;
    assert.match(link ?? "", /\/r\//);
    return link;
  });
const fetchOwn = (url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(url.replace(PUBLIC, enlace.url), init);
const tokenOf = async (username: string, role: string): Promise<ApiClient> => {
  const made = await api.post("/api/v1/users", { username, role, password: ADMIN_PASSWORD });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return enlace.logIn(username, ADMIN_PASSWORD);
};

test("a file that grows is left alone; once it is complete the call learns of it, and the CRM is told once more", async () => {
  const { uuid, file } = await postCall();
  const seen = "select size_bytes as size from recordings r join calls c on c.id = r.call_id where c.call_uuid = $1";
  await writeFile(file, AUDIO);
  for (let parts = 1; parts <= 3; parts++) {
    await eventually(async () => assert.equal((await enlace.rows(seen, [uuid]))[0].size, String(parts * AUDIO.length)));
    assert.equal((await load(uuid)).recording, null, "not while it grows");
    await appendFile(file, AUDIO);
  }
  const call = await withRecording(uuid);
  assert.equal(call.recording.url, `${PUBLIC}/api/v1/calls/${call.id}/recording`);
  assert.equal(call.revision, 2);
  const link = await linkInCrm(uuid);
  assert.ok(link.startsWith(`${PUBLIC}/r/`) && link.length <= 120, link);
  const answer = await fetchOwn(link);
  assert.equal(await answer.text(), AUDIO.repeat(4));
  assert.equal(enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === uuid).length, 1);
});

test("by right, a recording is played from wherever one likes", async () => {
  const { call } = await recorded();
  const path = `/api/v1/calls/${call.id}/recording`;
  const whole = await api.get(path);
  assert.deepEqual([whole.status, whole.body], [200, AUDIO]);
  const header = (name: string) => whole.headers.get(name);
  assert.deepEqual(
    [header("content-type"), header("content-length"), header("accept-ranges"), header("cache-control")],
    ["audio/wav", "100", "bytes", "no-store"],
  );
  assert.equal(header("content-disposition"), `inline; filename="recording-${call.call_uuid}.wav"`);
  assert.match((await api.get(`${path}?download=1`)).headers.get("content-disposition") ?? "", /^attachment;/);
});

test("a part, the end, behind the end, and the head alone are answered as HTTP wants it, without a credential by link", async () => {
  const { uuid } = await recorded();
  const link = await linkInCrm(uuid);
  const ask = async (range: string | undefined, method = "GET") => {
    const answer = await fetchOwn(link, { method, headers: range === undefined ? {} : { range } });
    return [
      answer.status,
      answer.headers.get("content-range"),
      answer.headers.get("content-length"),
      await answer.text(),
    ];
  };
  assert.deepEqual(await ask("bytes=8-11"), [206, "bytes 8-11/100", "4", "8901"]);
  assert.deepEqual(await ask("bytes=-3"), [206, "bytes 97-99/100", "3", "789"]);
  assert.deepEqual((await ask("bytes=100-")).slice(0, 2), [416, "bytes */100"]);
  assert.deepEqual(await ask(undefined, "HEAD"), [200, null, "100", ""]);
  assert.deepEqual(await ask("bytes=0-9", "HEAD"), [206, "bytes 0-9/100", "10", ""]);
  const answer = await fetchOwn(link);
  assert.equal(answer.headers.get("cross-origin-resource-policy"), "cross-origin", "a CRM's page may play it");
  assert.match(
    answer.headers.get("content-security-policy") ?? "",
    /media-src 'self'/,
    "and so may a browser's own page",
  );
  await answer.body?.cancel();
});

test("supervisors hear any call, agents their own, viewers none, keys by their scope, strangers nothing", async () => {
  const { call } = await recorded();
  const path = `/api/v1/calls/${call.id}/recording`;
  assert.equal((await (await tokenOf("sara", "supervisor")).get(path)).status, 200);
  assert.equal((await (await tokenOf("victor", "viewer")).get(path)).status, 403);
  const ana = await tokenOf("ana", "agent");
  assert.equal((await ana.get(path)).status, 403);
  const { body } = await api.get("/api/v1/users");
  const user_id = body.items.find(({ username }: Json) => username === "ana").id;
  await api.put("/api/v1/extensions/1001", { user_id });
  assert.equal((await ana.get(path)).status, 200);
  for (const [scope, status] of [
    ["calls:read", 403],
    ["recordings:read", 200],
  ] as const) {
    const { key } = (await api.post("/api/v1/api-keys", { name: scope, scopes: [scope] })).body;
    assert.equal((await enlace.as({ "x-api-key": key }).get(path)).status, status, scope);
  }
  assert.equal((await enlace.as({}).get(path)).status, 401);
  const admin = { username: "stranger", password: ADMIN_PASSWORD };
  const tenant = { number: "2", name: "Two", time_zone: "America/Lima", country: "PE", language: "es", admin };
  assert.equal((await api.post("/api/v1/tenants", tenant)).status, 201);
  const stranger = await enlace.logIn("stranger", ADMIN_PASSWORD);
  assert.equal((await stranger.get(path)).status, 404);
  assert.equal((await stranger.post(`${path}/link`, {})).status, 404);
  const folder = { name: "p", host: "192.0.2.1", username: "u", secret: "s", recordings: { folder: monitor } };
  const refused = await stranger.post("/api/v1/pbxs", folder);
  assert.equal(refused.status, 403, "a tenant's administrator names no folder of the machine");
});

test("a link is shown once, ends when it was said to, and is revoked with all others of the call", async () => {
  const { call, uuid } = await recorded();
  const path = `/api/v1/calls/${call.id}/recording`;
  const make = async (): Promise<Json> => (await api.post(`${path}/link`, { expires_in_hours: 2 })).body;
  const [first, second] = [await make(), await make()];
  assert.notEqual(first.url, second.url);
  assert.equal((await fetchOwn(first.url)).status, 200);
  const stored = JSON.stringify(await enlace.rows("select * from recording_links"));
  assert.ok(!stored.includes(first.url.slice(-24)), "its token is kept nowhere");
  await enlace.rows("update recording_links set expires_at = created_at where id = $1", [first.id]);
  assert.equal((await fetchOwn(first.url)).status, 404);
  assert.equal((await fetchOwn(second.url)).status, 200);
  const crm = await linkInCrm(uuid);
  assert.equal((await api.delete(`${path}/links`)).status, 204);
  for (const url of [second.url, crm, `${PUBLIC}/r/${"A".repeat(24)}`, `${PUBLIC}/r/x`]) {
    const answer = await fetchOwn(url);
    assert.equal(answer.status, 404, url);
    await answer.body?.cancel();
  }
  await api.post(`/api/v1/deliveries/${call.deliveries[0].id}/replay`);
  const { status } = await enlace.postCall({
    ...DOCUMENTED_CALL,
    recording_url: undefined,
    call_uuid: uuid,
    agent_ext: "1002",
  });
  assert.equal(status, 202);
  await eventually(() => assert.notEqual(inCrm(uuid).recordingurl, crm, "the CRM gets another one"));
});

test("who listened is in the log of changes, once for each listening", async () => {
  const { call, uuid } = await recorded();
  const path = `/api/v1/calls/${call.id}/recording`;
  for (let time = 0; time < 3; time++) await api.get(path);
  const link = await linkInCrm(uuid);
  for (const range of ["bytes=0-9", "bytes=10-19"]) await (await fetchOwn(link, { headers: { range } })).text();
  const { items } = (await api.get("/api/v1/audit")).body;
  const heard = items.filter(
    ({ action, target }: Json) => action === "recording.listen" && target === `call:${call.id}`,
  );
  assert.deepEqual(heard.map(({ actor }: Json) => actor.split(":")[0]).sort(), ["link", "user"]);
});

test("a link of the file system that leaves the folder leads nowhere", async () => {
  await writeFile(join(root, "secret.wav"), AUDIO);
  const { uuid, file } = await postCall();
  await symlink(join(root, "secret.wav"), file);
  const other = await recorded();
  assert.equal((await load(uuid)).recording, null);
  await rm(other.file);
  await symlink(join(root, "secret.wav"), other.file);
  assert.equal((await api.get(`/api/v1/calls/${other.call.id}/recording`)).status, 404);
});

test("what an event told stays as it is in the CRM when people can open it, else it becomes a link through Enlace", async (t) => {
  const bytes = Buffer.from(AUDIO);
  const pbx = createServer((request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    if (request.url !== "/monitor/a.mp3") return response.writeHead(200, { "content-type": "text/html" }).end("log in");
    if (first === undefined)
      return response.writeHead(200, { "content-type": "audio/mpeg", "content-length": 100 }).end(bytes);
    const part = bytes.subarray(Number(first), Number(last) + 1);
    return response
      .writeHead(206, {
        "content-type": "audio/mpeg",
        "content-range": `bytes ${first}-${last}/100`,
        "content-length": part.length,
      })
      .end(part);
  }).listen(0, "127.0.0.1");
  await once(pbx, "listening");
  t.after(() => {
    pbx.closeAllConnections();
    pbx.close();
  });
  const told = `http://127.0.0.1:${(pbx.address() as AddressInfo).port}/monitor`;

  const open = await postCall({ recording_url: "https://pbx.example.com/recordings/1.mp3" });
  const inside = await postCall({ recording_url: `${told}/a.mp3` });
  const link = await linkInCrm(inside.uuid);
  const part = await fetchOwn(link, { headers: { range: "bytes=2-5" } });
  assert.deepEqual([part.status, part.headers.get("content-type"), await part.text()], [206, "audio/mpeg", "2345"]);
  await eventually(() => assert.equal(inCrm(open.uuid)?.recordingurl, "https://pbx.example.com/recordings/1.mp3"));

  const page = await postCall({ recording_url: `${told}/admin` });
  const answer = await api.get(`/api/v1/calls/${(await load(page.uuid)).id}/recording`);
  assert.equal(answer.status, 503);
  assert.ok(!JSON.stringify(answer.body).includes("log in"), "a page is not passed on");

  const settings = { crm_link: "enlace", keep_copies: false, retention_days: 730 };
  assert.equal((await api.put("/api/v1/recording-settings", settings)).status, 200);
  await linkInCrm((await postCall({ recording_url: "https://pbx.example.com/recordings/2.mp3" })).uuid);
});

test("a copy is kept when the tenant wants it, and is heard when the PBX has deleted its own", async () => {
  const settings = { crm_link: "told", keep_copies: true, retention_days: 730 };
  assert.equal((await api.put("/api/v1/recording-settings", settings)).status, 200);
  const { call, file } = await recorded();
  await rm(file);
  assert.equal((await api.get(`/api/v1/calls/${call.id}/recording`)).body, AUDIO);
  const { body } = await api.get("/api/v1/recording-settings");
  assert.deepEqual(body, settings);
});

test("past the tenant's time nobody hears a recording any more, by right or by link", async () => {
  const { call, uuid } = await recorded();
  const link = await linkInCrm(uuid);
  await api.put("/api/v1/recording-settings", { crm_link: "told", keep_copies: false, retention_days: 30 });
  const { status, body } = await api.get(`/api/v1/calls/${call.id}/recording`);
  assert.deepEqual([status, body.detail], [404, "The recording of this call is past its time."]);
  assert.equal((await fetchOwn(link)).status, 404);
  assert.equal((await api.post(`/api/v1/calls/${call.id}/recording/link`, {})).status, 404);
});
