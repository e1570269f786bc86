// A PBX on this host whose AMI user may not originate: the dialer's calls go by call files, and are followed all the same.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { eventually } from "../eventually.ts";
import { FAST, startTestEnlace } from "../harness.ts";

const pbx = await startFakeAmi();
pbx.onAction = (action) => {
  if (action.get("Action") !== "Originate") return false;
  action.answer({ Response: "Error", Message: "Permission denied" });
  return true;
};
const folder = await mkdtemp(join(tmpdir(), "enlace-spool-"));
for (const name of ["outgoing", "tmp"]) await mkdir(join(folder, name));
const AMI = { AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" };
const enlace = await startTestEnlace({ env: AMI, clockFactor: FAST });
after(async () => {
  await pbx.stop();
  await rm(folder, { recursive: true, force: true });
});
const { api } = enlace;
const house = await createDialerFixture(enlace);

async function takeFile(): Promise<string> {
  const name = await eventually(async () => {
    const [first] = await readdir(join(folder, "outgoing"));
    assert.ok(first, "no file came");
    return first;
  });
  const text = await readFile(join(folder, "outgoing", name), "utf8");
  await rm(join(folder, "outgoing", name)); // as Asterisk does with what it has taken
  return text;
}

test("D.A 28: a call goes by a file with its attempt in a variable, and its channel's end is its own", async () => {
  const logins = pbx.actions.filter((action) => action.get("Action") === "Login").length;
  assert.equal((await api.put(`/api/v1/pbxs/${house.pbxId}/call-files`, { folder })).status, 200);
  await eventually(() => {
    assert.ok(pbx.actions.filter((action) => action.get("Action") === "Login").length > logins);
  });
  await eventually(async () => assert.equal((await api.get("/api/v1/pbxs")).body.items[0].status.state, "ready"));
  const trunk_id = await house.createTrunk("carrier");
  const { id } = await house.createProject("By file", { trunks: [{ trunk_id }], retry: { attempts_max: 1 } });
  const { attempt_id } = await house.dial(id, "+34600000001");
  const text = await takeFile();
  const [channel, context, ...rest] = text.trimEnd().split("\n");
  assert.deepEqual([channel, context], ["Channel: PJSIP/34600000001@carrier", "Context: enlace-ivr"]);
  assert.deepEqual(
    rest.filter((line) => !line.startsWith("Setvar: ")).map((line) => line.split(":")[0]),
    [...["Extension", "Priority", "MaxRetries", "RetryTime", "WaitTime", "CallerID", "Account"]],
  );
  const variables = rest.filter((line) => line.startsWith("Setvar: ")).map((line) => line.slice("Setvar: ".length));
  assert.deepEqual(variables, [`ENLACE_ATTEMPT=${attempt_id}`, `ENLACE_PROJECT=${id}`]);
  assert.ok(rest.includes("MaxRetries: 0"), "Enlace tries again, by the project's rules; Asterisk does not");
  assert.deepEqual(await readdir(join(folder, "tmp")), [], "it came by rename");

  const leg = { Channel: "PJSIP/carrier-1", Uniqueid: "99.1", Linkedid: "99.1", AccountCode: attempt_id };
  pbx.event({ Event: "Newchannel", ...leg, ChannelState: "0" });
  pbx.event({ Event: "Newstate", ...leg, ChannelState: "6", ChannelStateDesc: "Up" });
  await eventually(async () => assert.equal((await house.attempt(attempt_id)).state, "talking"));
  await eventually(async () => {
    const [call] = (await api.get("/api/v1/calls?call_uuid=99.1")).body.items;
    assert.deepEqual([call?.project, call?.to, call?.ended_at], [{ id, name: "By file" }, "+34600000001", null]);
  });
  pbx.event({ Event: "Hangup", ...leg, ChannelState: "6", Cause: "16" });
  const ended = await house.ended(attempt_id);
  assert.deepEqual([ended.disposition, ended.disposition_source], ["answered", "hangup"]);
  await eventually(async () => {
    const [call] = (await api.get("/api/v1/calls?call_uuid=99.1")).body.items;
    const { details } = (await api.get(`/api/v1/calls/${call.id}`)).body;
    assert.equal(details.dialer?.attempt_id, attempt_id);
  });
});

test("D.A 31: a file that cannot be written is a failure of ours; the slot is free, and the call is tried again", async () => {
  const trunk_id = await house.createTrunk("narrow", { channels_max: 1 });
  const retry = { attempts_max: 2, after_seconds: 30, by_disposition: { failed: { after_seconds: 30 } } };
  const { id } = await house.createProject("Without a spool", { trunks: [{ trunk_id }], retry });
  await rm(folder, { recursive: true });
  const { attempt_id } = await house.dial(id, "+34600000002");
  const ended = await house.ended(attempt_id);
  assert.deepEqual([ended.disposition, ended.disposition_source], ["failed", "originate"]);
  const again = await eventually(async () => {
    const [found] = (await house.attempts(`project_id=${id}`)).filter(({ first_id }) => first_id === attempt_id);
    assert.ok(found, "it is not in the queue again");
    return found;
  });
  for (const name of ["outgoing", "tmp"]) await mkdir(join(folder, name), { recursive: true });
  assert.match(await takeFile(), new RegExp(`^Setvar: ENLACE_ATTEMPT=${again.id}$`, "m"));
});
