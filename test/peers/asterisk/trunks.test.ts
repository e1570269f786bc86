// Trunks that Enlace writes, as a real Asterisk reads them: there after they are made, gone after they are removed.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { systemClock } from "../../../src/kit/clock.ts";
import type { AmiMessage } from "../../../src/telephony/ami/message.ts";
import { AmiSession } from "../../../src/telephony/ami/session.ts";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by tests that are skipped without Asterisk.
const { pbx: asterisk } = (started ?? {}) as { pbx: Asterisk };
const enlace = (skip === false ? await startTestEnlace() : undefined) as TestEnlace;
const reloads: AmiMessage[] = [];
let pbxId = "";
let folder = "";

if (skip === false) {
  folder = join(asterisk.folder, "etc/asterisk/enlace");
  mkdirSync(folder);
  appendFileSync(join(asterisk.folder, "etc/asterisk/pjsip.conf"), "\n#include enlace/*.conf\n");
  pbxId = await addPbx("tester");
  await watchReloads();
}

/** A PBX of Enlace that listens as this user of manager.conf. */
async function addPbx(username: string): Promise<string> {
  const fields = { name: username, host: "127.0.0.1", port: asterisk.amiPort, username, secret: AMI_SECRET };
  const { status, body } = await enlace.api.post("/api/v1/pbxs", fields);
  assert.equal(status, 201, JSON.stringify(body));
  await eventually(async () => {
    const pbx = (await enlace.api.get(`/api/v1/pbxs/${body.id}`)).body;
    assert.equal(pbx.status.state, "ready");
  });
  return body.id;
}

async function watchReloads(): Promise<void> {
  const address = { host: "127.0.0.1", port: asterisk.amiPort, username: "tester", secret: AMI_SECRET };
  const onEvent = (message: AmiMessage): void => {
    if (message.get("Event") === "Reload" && message.get("Module") === "res_pjsip") reloads.push(message);
  };
  const hooks = { onEvent, onOversized: () => undefined, clock: systemClock };
  const session = await AmiSession.open({ address, eventClasses: "system", ...hooks }, new AbortController().signal);
  after(() => session.close(new Error("the tests are over")));
}

const setFolder = async (id: string, body: Json): Promise<Json> => {
  const answer = await enlace.api.put(`/api/v1/pbxs/${id}/trunk-file`, body);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};
const fileOf = (id = pbxId): string => readFileSync(join(folder, `enlace-trunks-${id}.conf`), "utf8");
const isKnown = async (name: string): Promise<boolean> =>
  /Contact:|Aor:/.test(await asterisk.cli(`pjsip show endpoint ${name}`));

async function createTrunk(fields: Json): Promise<Json> {
  const made = await enlace.api.post("/api/v1/trunks", { pbx_id: pbxId, ...fields });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body;
}

const NASTY = `${String.raw`a;b\;c;--d"e'f=>g,h$`}{i} #j`;

test("D.A 15: a trunk that is made is there at once, and one that is removed is gone, with one reload each", {
  skip,
}, async () => {
  assert.equal((await setFolder(pbxId, { folder })).state, "settled");
  await eventually(() => assert.equal(reloads.length, 1));
  const account = { host: "127.0.0.1", port: 5999, username: "enlace-user" };
  const trunk = await createTrunk({ name: "written", account, password: NASTY });
  assert.ok(await isKnown("written"));
  await eventually(() => assert.equal(reloads.length, 2, "one change, one reload"));
  const shown = await asterisk.cli("pjsip show auth written-auth");
  assert.ok(shown.includes(NASTY), `Asterisk read the password as it was given: ${shown}`);
  assert.match(await asterisk.cli("pjsip show aor written"), /sip:127\.0\.0\.1:5999/);
  assert.equal((await enlace.api.get(`/api/v1/pbxs/${pbxId}/trunk-file`)).body.state, "settled");

  assert.equal((await enlace.api.delete(`/api/v1/trunks/${trunk.id}`)).status, 204);
  assert.ok(!(await isKnown("written")));
  await eventually(() => assert.equal(reloads.length, 3));
  assert.ok(!fileOf().includes("["));
});

test("D.A 15: a trunk that is switched off has no section, and one without an account never had one", {
  skip,
}, async () => {
  const account = { host: "127.0.0.1", port: 5998 };
  const trunk = await createTrunk({ name: "switched", account });
  await createTrunk({ name: "of-the-pbx" });
  assert.ok(await isKnown("switched"));
  assert.ok(!fileOf().includes("of-the-pbx"));
  await enlace.api.patch(`/api/v1/trunks/${trunk.id}`, { enabled: false });
  assert.ok(!(await isKnown("switched")));
  assert.ok(!fileOf().includes("switched"));
});

test("a carrier that wants a login is registered at", { skip }, async () => {
  const account = { host: "127.0.0.1", port: 5997, username: "me", register: true };
  await createTrunk({ name: "registered", account, password: "secret" });
  const shown = await asterisk.cli("pjsip show registration registered-registration");
  assert.match(shown, /client_uri\s*: sip:me@127\.0\.0\.1:5997/);
});

test("the file is only for its owner and group, and nothing else is left in the folder", { skip }, () => {
  const names = readdirSync(folder);
  assert.deepEqual(names, [`enlace-trunks-${pbxId}.conf`]);
  assert.equal(statSync(join(folder, names[0] ?? "")).mode & 0o777, 0o640);
});

test("an AMI user that may not reload leaves the change due, and says so", { skip }, async () => {
  const weak = await addPbx("enlace");
  const own = await setFolder(weak, { folder });
  assert.deepEqual([own.state, own.problem], ["due", "The PBX says: Permission denied"]);
  const watched = await setFolder(weak, { folder, reload: "pbx" });
  assert.deepEqual([watched.state, watched.problem], ["settled", null]);
});
