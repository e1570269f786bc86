// A PBX tells of its calls over AMI, with no change of its dialplan: one call each in the log, one record in the CRM; and back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { type FakeFields, startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import type { ApiClient, Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const FIXTURES = join(import.meta.dirname, "../../src/telephony/tracker/fixtures");
const pbx = await startFakeAmi();
pbx.onAction = (action) => {
  const name = action.get("Action");
  if (name === "ListCommands")
    action.answer({ Response: "Success", Originate: "x", Hangup: "x", Status: "x", Command: "x" });
  else if (name === "Originate") action.answer({ Response: "Success", Message: "Originate successfully queued" });
  else if (name === "Hangup") action.answer({ Response: "Success", Message: "Channel Hungup" });
  else return false;
  return true;
};
const enlace = await startTestEnlace({
  env: { AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
});
after(() => pbx.stop()); // Enlace ends before it
const { api } = enlace;

/** What a real Asterisk said, see src/telephony/tracker/fixtures. */
function say(trace: string): void {
  for (const line of readFileSync(join(FIXTURES, `${trace}.jsonl`), "utf8")
    .trim()
    .split("\n")) {
    const { ms, ...fields } = JSON.parse(line);
    pbx.event(fields as FakeFields);
  }
}

async function put(number: string, body: object = {}): Promise<void> {
  const { status, body: answer } = await api.put(`/api/v1/extensions/${number}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
}

/** Waits for what `look` finds. */
const find = <T>(look: () => Promise<T | undefined>): Promise<T> =>
  eventually(async () => {
    const found = await look();
    assert.ok(found, "it never came");
    return found;
  });

const isReady = (count: number) =>
  find(async () => {
    const { items } = (await api.get("/api/v1/pbxs")).body;
    const ready = items.filter(({ status }: Json) => status.state === "ready");
    return ready.length === count ? items : undefined;
  });

test("the environment's PBX is connected to, and /ready says so", async () => {
  const [shown] = await isReady(1);
  assert.deepEqual([shown.origin, shown.secret, shown.port], ["environment", "••••", pbx.port]);
  assert.ok(!JSON.stringify(shown).includes("test-secret"));
  const { status, body } = await enlace.as({}).get("/ready");
  assert.equal(status, 200);
  assert.deepEqual(body.checks.pbx, { ok: true, detail: `1 of 1 owned; ready: ${shown.id}` });
});

test("a call that Asterisk tells of is one call in the log and one record in the CRM", async () => {
  say("attended");
  const call = await find(async () => {
    const [first] = (await api.get("/api/v1/calls?outcome=answered")).body.items;
    return first?.deliveries[0]?.state === "delivered" ? first : undefined;
  });
  const { direction, from, outcome, agent_extension, pbx: name, source } = call;
  assert.deepEqual(
    { direction, from, outcome, agent_extension, name, source },
    {
      ...{ direction: "inbound", from: "+34600000001", outcome: "answered" },
      ...{ agent_extension: "102", name: "PBX", source: "ami" },
    },
  );
  const records = enlace.crm.records("PBXManager");
  assert.deepEqual(
    records.map(({ fields }) => fields.sourceuuid),
    [call.call_uuid],
  );
});

test("the call tells what happened inside it, in lists and in the words of its timeline", async () => {
  const [{ id }] = (await api.get("/api/v1/calls?outcome=answered")).body.items;
  const { details, hold_seconds, hangup_cause, talk_seconds, timeline } = (await api.get(`/api/v1/calls/${id}`)).body;
  assert.deepEqual(
    details.rings.map(({ step, extension, result }: Json) => [step, extension, result]),
    [
      [1, "101", "answered"],
      [2, "102", "answered"],
    ],
  );
  assert.deepEqual(
    details.talks.map(({ extension }: Json) => extension),
    ["101", "102"],
  );
  assert.deepEqual(
    details.transfers.map(({ kind, from, to }: Json) => [kind, from, to]),
    [["attended", "101", "102"]],
  );
  assert.deepEqual([details.holds.length, typeof hold_seconds, hangup_cause], [1, "number", 16]);
  assert.ok(talk_seconds >= 0);
  const words = timeline.map(({ text }: Json) => text).join("\n");
  for (const part of ["101 rings", "talk with 101", "attended transfer from 101 to 102"])
    assert.ok(words.includes(part), `${part} in ${words}`);
});

test("a call between two extensions is in the log and not in the CRM", async () => {
  const before = enlace.crm.records("PBXManager").length;
  say("internal");
  const call = await find(async () => {
    const { items } = (await api.get("/api/v1/calls?direction=internal")).body;
    return items[0]?.ended_at ? items[0] : undefined;
  });
  assert.deepEqual(call.deliveries, []);
  assert.equal(enlace.crm.records("PBXManager").length, before);
});

/** Once the PBX knows the extension; until then it is refused by name. */
const click = (extension: string, number: string) =>
  eventually(async () => {
    const placed = await api.post("/api/v1/calls/originate", { extension, number });
    assert.equal(placed.status, 202, JSON.stringify(placed.body));
    return placed;
  });

test("the next call knows a phone that was given to an extension, and the AMI session stays as it is", async () => {
  const logins = () => pbx.actions.filter((action) => action.get("Action") === "Login").length;
  const before = logins();
  await put("205", { peers: ["sales-desk"] });
  await click("205", "+34 600 000 012");
  const trunk = { Channel: "PJSIP/trunk-000000e1", Uniqueid: "8.1", Linkedid: "8.1" };
  const phone = { Channel: "PJSIP/sales-desk-000000e2", Uniqueid: "8.2", Linkedid: "8.1" };
  pbx.event({ Event: "Newchannel", ...trunk, ChannelState: "4", CallerIDNum: "600000008", Exten: "0009001" });
  pbx.event({ Event: "Newchannel", ...phone, ChannelState: "0" });
  pbx.event({ Event: "DialBegin", DestUniqueid: "8.2", DestLinkedid: "8.1", DialString: "sales-desk" });
  for (const leg of [phone, trunk]) pbx.event({ Event: "BridgeEnter", ...leg, BridgeUniqueid: "sales" });
  for (const leg of [phone, trunk]) pbx.event({ Event: "Hangup", ...leg, Cause: "16" });
  const call = await find(async () => (await api.get("/api/v1/calls?call_uuid=8.1&outcome=answered")).body.items[0]);
  assert.deepEqual([call.direction, call.agent_extension], ["inbound", "205"]);
  assert.deepEqual([logins(), pbx.connections()], [before, 1], "one login, one connection");
});

test("click to call rings the extension under an id that is the call's", async () => {
  await put("101");
  const placed = await click("101", "+34 600 000 011");
  const action = pbx.actions.findLast((each) => each.get("Action") === "Originate");
  const fields = ["Channel", "Context", "Exten", "CallerID", "Async", "ChannelId"].map((name) => action?.get(name));
  assert.deepEqual(fields, ["PJSIP/101", "from-internal", "600000011", "600000011", "true", placed.body.call_uuid]);
  const { items } = (await api.get("/api/v1/audit")).body;
  assert.equal(items.find((each: Json) => each.action === "call.originate").detail.call_uuid, placed.body.call_uuid);
});

test("what cannot be dialled is refused by name: a stranger's extension, no number, a colleague's phone", async () => {
  const call = (client: ApiClient, extension: string, number: string) =>
    client.post("/api/v1/calls/originate", { extension, number });
  for (const [extension, number, path] of [
    ["199", "+34600000011", "extension"],
    ["101", "12", "number"],
  ] as const) {
    const { status, body } = await call(api, extension, number);
    assert.equal(status, 422, JSON.stringify(body));
    assert.equal(body.errors[0].path, path);
  }
  await api.post("/api/v1/users", { username: "ana", role: "agent", password: ADMIN_PASSWORD });
  const ana = await enlace.logIn("ana", ADMIN_PASSWORD);
  assert.equal((await call(ana, "101", "+34600000011")).status, 403);
});

test("a call that goes on is ended by its id; one that is over cannot be", async () => {
  const trunk = { Channel: "PJSIP/trunk-000000f1", Uniqueid: "9.1", Linkedid: "9.1" };
  const phone = { Channel: "PJSIP/101-000000f2", Uniqueid: "9.2", Linkedid: "9.1" };
  pbx.event({ Event: "Newchannel", ...trunk, ChannelState: "4", CallerIDNum: "600000009", Exten: "0009001" });
  pbx.event({ Event: "Newchannel", ...phone, ChannelState: "0" });
  pbx.event({ Event: "DialBegin", DestUniqueid: "9.2", DestLinkedid: "9.1", DialString: "101" });
  const call = await find(async () => (await api.get("/api/v1/calls?call_uuid=9.1")).body.items[0]);
  assert.equal(call.outcome, "in_progress");
  assert.equal((await api.post(`/api/v1/calls/${call.id}/hangup`)).status, 204);
  assert.equal(pbx.actions.findLast((each) => each.get("Action") === "Hangup")?.get("Channel"), "9.1");
  for (const leg of [phone, trunk]) pbx.event({ Event: "Hangup", ...leg, Cause: "16" });
  await find(async () => (await api.get("/api/v1/calls?call_uuid=9.1&outcome=missed")).body.items[0]);
  assert.equal((await api.post(`/api/v1/calls/${call.id}/hangup`)).status, 404);
});

test("a check says what the AMI user lacks and what it should not be allowed, with the line that mends it", async () => {
  const [{ id }] = await isReady(1);
  const { status, body } = await api.post(`/api/v1/pbxs/${id}/check`);
  assert.equal(status, 200);
  assert.equal(body.ok, true, "warnings alone");
  const found = new Map(body.findings.map(({ subject, level }: Json) => [subject, level]));
  assert.deepEqual(
    [found.get("login"), found.get("right:Redirect"), found.get("rights")],
    ["ok", "warning", "warning"],
  );
  assert.match(body.findings.find(({ subject }: Json) => subject === "rights").message, /Command/);
  assert.match(body.findings.find(({ subject }: Json) => subject === "rights").mend, /write = call,originate/);
});

test("a second PBX is listened to as soon as it is added, and let go when it is removed", async () => {
  const more = { name: "Branch", host: "127.0.0.1", port: pbx.port, username: "enlace", secret: "test-secret" };
  const { status, body } = await api.post("/api/v1/pbxs", more);
  assert.equal(status, 201, JSON.stringify(body));
  assert.equal(body.call_id_prefix, "Branch:", "its calls are told apart from the first one's");
  await isReady(2);
  assert.equal((await api.patch(`/api/v1/pbxs/${body.id}`, { secret: "wrong" })).status, 200);
  await isReady(1);
  const report = (await api.post(`/api/v1/pbxs/${body.id}/check`)).body;
  assert.deepEqual([report.ok, report.findings[0].subject], [false, "login"]);
  assert.equal((await api.delete(`/api/v1/pbxs/${body.id}`)).status, 204);
  assert.equal((await isReady(1)).length, 1);
});

test("a caller who clicks like mad is slowed down", async () => {
  const clickOnce = async () =>
    (await api.post("/api/v1/calls/originate", { extension: "199", number: "+34600000011" })).status;
  const statuses: number[] = [];
  for (let clicks = 0; clicks < 31; clicks++) statuses.push(await clickOnce());
  assert.deepEqual([...new Set(statuses)], [422, 429]);
});

test("a process that does not own the PBX has it asked by the one that does, and takes over when that one ends", async () => {
  const other = await startTestEnlace({ database: enlace.database, env: { ENLACE_ROLES: "api,telephony" } });
  const load = async () => (await other.api.get("/api/v1/pbxs")).body.items[0];
  assert.equal((await load()).status.owned_here, false);
  const placed = await other.api.post("/api/v1/calls/originate", { extension: "101", number: "+34600000011" });
  assert.equal(placed.status, 202, JSON.stringify(placed.body));
  const action = pbx.actions.findLast((each) => each.get("Action") === "Originate");
  assert.equal(action?.get("ChannelId"), placed.body.call_uuid);
  await enlace.stop();
  await find(async () => (await load()).status.state === "ready" || undefined);
});
