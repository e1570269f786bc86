// The file with a PBX's trunks, where things go wrong: no folder, a PBX that is away, somebody who may not.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { FAST, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: FAST, env: { ENLACE_API_RATE: "1000000" } });
const { api } = enlace;
const folder = mkdtempSync(join(tmpdir(), "enlace-trunks-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const pbx = { name: "main", host: "192.0.2.1", username: "enlace", secret: "x", enabled: false };
const { id } = (await api.post("/api/v1/pbxs", pbx)).body;
const path = `/api/v1/pbxs/${id}/trunk-file`;
const account = { host: "sip.example.test" };

const createTrunk = async (name: string): Promise<Json> => {
  const { status, body } = await api.post("/api/v1/trunks", { name, account });
  assert.equal(status, 201, JSON.stringify(body));
  return body;
};

test("without a folder nothing is written, and a trunk is made all the same", async () => {
  await createTrunk("early");
  assert.deepEqual([(await api.get(path)).body.state, (await api.get(path)).body.folder], ["none", null]);
});

test("a folder that is none, or no plain path, is refused", async () => {
  for (const wrong of ["/nowhere/at/all", "relative", "/etc/../etc", "/etc\n"]) {
    const { status } = await api.put(path, { folder: wrong });
    assert.equal(status, 422, wrong);
  }
  assert.equal((await api.get(path)).body.state, "none");
});

test("only an operator names a folder of the machine", async () => {
  const user = { username: "ana", role: "admin", password: ADMIN_PASSWORD };
  await api.post("/api/v1/users", user);
  const admin = await enlace.logIn("ana", ADMIN_PASSWORD);
  assert.equal((await admin.put(path, { folder })).status, 403);
});

test("a PBX that is away has its change due, with the reason, and trunks are in the file already", async () => {
  const { body } = await api.put(path, { folder });
  assert.deepEqual([body.state, body.file], ["due", `enlace-trunks-${id}.conf`]);
  assert.match(body.problem, /No process listens to this PBX/);
  assert.equal(body.problem_code, "telephony.notListened");
  assert.match(readFileSync(join(folder, body.file), "utf8"), /\[early\]/);
});

test("a PBX that watches the folder itself needs no reload, and a change that failed is tried again", async () => {
  const watched = await api.put(path, { folder, reload: "pbx" });
  assert.deepEqual([watched.body.state, watched.body.problem], ["settled", null]);
  rmSync(folder, { recursive: true }); // a mount that is away for a while
  await createTrunk("late");
  const due = (await api.get(path)).body;
  assert.equal(due.state, "due");
  assert.match(due.problem, /ENOENT/);
  assert.deepEqual([due.problem_code, due.problem_values], ["dialer.trunkFileFailed", { error: due.problem }]);
  mkdirSync(folder);
  await eventually(async () => assert.equal((await api.get(path)).body.state, "settled"));
  assert.match(readFileSync(join(folder, due.file), "utf8"), /\[late\]/);
  assert.deepEqual(readdirSync(folder), [due.file], "nothing half-written is left");
});

test("another folder takes the file along, and none empties it", async () => {
  const other = mkdtempSync(join(tmpdir(), "enlace-trunks-"));
  after(() => rmSync(other, { recursive: true, force: true }));
  const moved = (await api.put(path, { folder: other, reload: "pbx" })).body;
  assert.match(readFileSync(join(other, moved.file), "utf8"), /\[early\]/);
  assert.ok(!readFileSync(join(folder, moved.file), "utf8").includes("["));
  assert.equal((await api.put(path, { folder: null })).body.state, "none");
  assert.ok(!readFileSync(join(other, moved.file), "utf8").includes("["));
});
