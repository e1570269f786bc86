// People steer calls on a PBX: every order reaches it once, from whichever process, and only from those who may.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { type FakeAction, type FakeFields, startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import type { ApiClient, Json } from "../api-client.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startFakeAmi();
/** What the PBX says to an action, by name; anything it is not told of is done. */
const answers = new Map<string, FakeFields | "silence">();
/** What it says once it has read the keys that these actions press. */
const SIGNS: Readonly<Record<string, string>> = { Atxfer: "Hold", CancelAtxfer: "Unhold" };
pbx.onAction = (action) => {
  const name = action.get("Action") ?? "";
  const answer = answers.get(name);
  if (["Challenge", "Login", "Ping", "CoreShowChannels"].includes(name)) return false;
  if (answer !== "silence") action.answer(answer ?? { Response: "Success", Message: "done" });
  const sign = SIGNS[name];
  if (sign !== undefined) pbx.event({ Event: sign, Uniqueid: action.get("Channel") ?? "" });
  return true;
};

const AMI = { AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" };
const enlace = await startTestEnlace({ env: AMI });
after(() => pbx.stop()); // Enlace ends before it
const { api } = enlace;
/** A second process on the same database: it answers requests and listens to no PBX. */
const front = await startTestEnlace({ database: enlace.database, env: { ENLACE_ROLES: "api" } });

const last = (name: string): FakeAction | undefined => pbx.actions.findLast((each) => each.get("Action") === name);
const read = (action: FakeAction | undefined, ...names: string[]) => names.map((name) => action?.get(name));
const count = (name: string): number => pbx.actions.filter((each) => each.get("Action") === name).length;

const find = <T>(look: () => Promise<T | undefined>): Promise<T> =>
  eventually(async () => {
    const found = await look();
    assert.ok(found, "it never came");
    return found;
  });

async function createUser(username: string, role: string): Promise<{ id: string; client: ApiClient }> {
  const { status, body } = await api.post("/api/v1/users", { username, role, password: ADMIN_PASSWORD });
  assert.equal(status, 201, JSON.stringify(body));
  return { id: body.id, client: await enlace.logIn(username, ADMIN_PASSWORD) };
}

const ana = await createUser("ana", "agent");
const bruno = await createUser("bruno", "agent");
const sofia = await createUser("sofia", "supervisor");
const victor = await createUser("victor", "viewer");
const phones = { 101: ana.id, 102: bruno.id, 109: sofia.id };
await Promise.all(
  Object.entries(phones).map(async ([number, user_id]) =>
    assert.equal((await api.put(`/api/v1/extensions/${number}`, { user_id })).status, 200),
  ),
);
for (const extension of Object.keys(phones))
  await find(async () => {
    const { status } = await api.post("/api/v1/calls/originate", { extension, number: "+34600000099" });
    return status === 202 || undefined; // until the PBX knows it
  });
const [stored] = await find(async () => {
  const { items } = (await api.get("/api/v1/pbxs")).body;
  return items[0]?.status.state === "ready" ? items : undefined;
});

/** A customer talks with extension 101. Returns the call's id and how it ends. */
let calls = 0;
async function talk(): Promise<{
  id: string;
  uuid: string;
  customer: string;
  agent: string;
  phone: string;
  bridge: string;
  end(): void;
}> {
  const uuid = `77.${++calls}`;
  const [customer, agent] = [uuid, `${uuid}1`];
  const trunk = { Channel: `PJSIP/trunk-0000f${calls}`, Uniqueid: customer, Linkedid: uuid };
  const phone = { Channel: `PJSIP/101-0000e${calls}`, Uniqueid: agent, Linkedid: uuid };
  pbx.event({ Event: "Newchannel", ...trunk, ChannelState: "4", CallerIDNum: "600000009", Exten: "0009001" });
  pbx.event({ Event: "Newchannel", ...phone, ChannelState: "0" });
  pbx.event({ Event: "DialBegin", DestUniqueid: agent, DestLinkedid: uuid, DialString: "101" });
  for (const leg of [phone, trunk])
    pbx.event({ Event: "BridgeEnter", ...leg, BridgeUniqueid: `b${calls}`, BridgeType: "basic" });
  const call = await find(async () => {
    const [found] = (await api.get(`/api/v1/calls?call_uuid=${uuid}`)).body.items;
    return found?.answered_at && found.agent_extension ? found : undefined;
  });
  const end = (): void => {
    for (const leg of [phone, trunk]) pbx.event({ Event: "Hangup", ...leg, Cause: "16" });
  };
  return { id: call.id, uuid, customer, agent, phone: phone.Channel, bridge: `b${uuid.slice(3)}`, end };
}

const audited = async (action: string): Promise<Json> =>
  (await api.get(`/api/v1/audit?action=${action}`)).body.items[0];

test("the agent of a call hands it on, at once or after a word, to a colleague or outside", async () => {
  const call = await talk();
  const transfer = (body: object) => ana.client.post(`/api/v1/calls/${call.id}/transfer`, body);
  assert.equal((await transfer({ extension: "102" })).status, 204);
  const fields = ["Channel", "Exten", "Context"];
  assert.deepEqual(read(last("BlindTransfer"), ...fields), [call.agent, "102", "from-internal"]);
  assert.equal((await transfer({ number: "+34 600 000 012", kind: "attended" })).status, 204);
  assert.deepEqual(read(last("Atxfer"), ...fields), [call.agent, "600000012", "from-internal"]);
  assert.equal((await audited("call.transfer")).actor, `user:${ana.id}`);
  for (const [body, path] of [
    [{ extension: "199" }, "extension"],
    [{ number: "12" }, "number"],
    [{}, "extension"],
    [{ extension: "102", number: "+34600000012" }, "extension"],
    [{ extension: "102,1)" }, "extension"],
  ] as const) {
    const { status, body: refused } = await transfer(body);
    assert.deepEqual([status, refused.errors[0].path], [422, path], JSON.stringify(body));
  }
  assert.equal(count("BlindTransfer") + count("Atxfer"), 2);
  call.end();
});

test("an agent who consults a colleague goes back to the customer; one who talks with the customer has nowhere to go back to", async () => {
  const call = await talk();
  const cancel = () => ana.client.post(`/api/v1/calls/${call.id}/transfer/cancel`);
  assert.equal((await cancel()).status, 409);
  assert.equal(count("CancelAtxfer"), 0);
  pbx.event({
    Event: "BridgeLeave",
    Channel: call.phone,
    Uniqueid: call.agent,
    Linkedid: call.uuid,
    BridgeUniqueid: call.bridge,
  });
  await find(async () => (await cancel()).status === 204 || undefined); // once the PBX's word is heard
  assert.deepEqual(read(last("CancelAtxfer"), "Channel"), [call.agent]);
  assert.equal((await audited("call.cancel_transfer")).actor, `user:${ana.id}`);
  assert.equal((await bruno.client.post(`/api/v1/calls/${call.id}/transfer/cancel`)).status, 403);
  call.end();
});

test("a call is parked where the PBX says, and the agent's phone is told", async () => {
  const call = await talk();
  answers.set("Getvar", { Response: "Success", Variable: "CHANNEL(name)", Value: "PJSIP/101-0000e2" });
  const parked = ana.client.post(`/api/v1/calls/${call.id}/park`, { lot: "sales" });
  const action = await pbx.next("Park");
  pbx.event({ Event: "ParkedCall", ParkeeUniqueid: call.customer, ParkingSpace: "701", Parkinglot: "sales" });
  assert.deepEqual((await parked).body, { space: "701", lot: "sales" });
  assert.deepEqual(read(action, "Channel", "TimeoutChannel", "Parkinglot"), [
    call.customer,
    "PJSIP/101-0000e2",
    "sales",
  ]);
  call.end();
});

test("keys are pressed one by one, in order, and the log of changes does not keep them", async () => {
  const call = await talk();
  assert.equal((await ana.client.post(`/api/v1/calls/${call.id}/dtmf`, { digits: "12#" })).status, 204);
  const pressed = pbx.actions.filter((each) => each.get("Action") === "PlayDTMF");
  assert.deepEqual(
    pressed.map((each) => read(each, "Channel", "Digit")),
    ["1", "2", "#"].map((digit) => [call.customer, digit]),
  );
  assert.deepEqual((await audited("call.dtmf")).detail, { to: "customer", keys: 3 });
  assert.equal((await ana.client.post(`/api/v1/calls/${call.id}/dtmf`, { digits: "1w2" })).status, 422);
  call.end();
});

test("a recording has a name of ours, is told as part of the call, and is stopped by its own id", async () => {
  const call = await talk();
  const record = (action: string) => ana.client.post(`/api/v1/calls/${call.id}/recording`, { action });
  answers.set("MixMonitor", { Response: "Success", MixMonitorID: "0x7f01" });
  const { status, body } = await record("start");
  assert.equal(status, 200, JSON.stringify(body));
  assert.match(body.file, /^enlace-\d{8}-\d{6}-77\.\d+\.wav$/);
  assert.deepEqual(read(last("MixMonitor"), "Channel", "File"), [call.customer, body.file]);
  assert.equal((await record("start")).status, 409, "it is recorded already");
  assert.deepEqual((await record("pause")).body, body);
  assert.deepEqual(read(last("MixMonitorMute"), "Direction", "State"), ["both", "1"]);
  await record("resume");
  assert.equal(last("MixMonitorMute")?.get("State"), "0");
  assert.deepEqual((await record("stop")).body, body);
  assert.deepEqual(read(last("StopMixMonitor"), "Channel", "MixMonitorID"), [call.customer, "0x7f01"]);
  const { details } = (await api.get(`/api/v1/calls/${call.id}`)).body;
  assert.equal(details.recordings.length, 1);
  assert.equal(details.recordings[0].file, body.file);
  answers.set("StopMixMonitor", { Response: "Error", Message: "Could not stop monitoring channel" });
  answers.set("Hangup", { Response: "Error", Message: "No such channel" });
  assert.equal((await record("stop")).status, 409, "it is not recorded any more");
  answers.delete("Hangup");
  call.end();
});

test("without the right to record, a channel of its own listens and writes; without that too, the page that mends it is named", async () => {
  const call = await talk();
  const record = (action: string) => ana.client.post(`/api/v1/calls/${call.id}/recording`, { action });
  answers.set("MixMonitor", { Response: "Error", Message: "Permission denied" });
  answers.set("Originate", { Response: "Error", Message: "Extension does not exist." });
  const refused = await record("start");
  assert.equal(refused.status, 409);
  assert.match(refused.body.detail, /enlace-record.*docs\/commands\.md/);
  answers.delete("Originate");
  const started = record("start");
  const action = await pbx.next("Originate");
  pbx.event({ Event: "OriginateResponse", ActionID: action.get("ActionID") ?? "", Response: "Success", Reason: "4" });
  const { body } = await started;
  assert.deepEqual(read(action, "Channel", "Exten", "ChannelId"), [
    "Local/listen@enlace-record/n",
    "write",
    `rec-${call.uuid}`,
  ]);
  assert.ok(action.lines.includes(`Variable: ENLACE_FILE=${body.file}`));
  assert.ok(action.lines.includes(`Variable: ENLACE_CHANNEL=${call.agent}`));
  await record("stop");
  assert.equal(last("Hangup")?.get("Channel"), `rec-${call.uuid}`);
  answers.delete("MixMonitor");
  call.end();
});

test("a supervisor listens, whispers or barges in from her own phone, and that is nobody's call", async () => {
  const call = await talk();
  const spy = (client: ApiClient, body: object) => client.post(`/api/v1/calls/${call.id}/spy`, body);
  for (const [mode, options] of [
    ["listen", "quE"],
    ["whisper", "quEw"],
    ["barge", "quEB"],
  ]) {
    assert.equal((await spy(sofia.client, { extension: "109", mode })).status, 204);
    const fields = read(last("Originate"), "Channel", "Application", "Data");
    assert.deepEqual(fields, ["PJSIP/109", "ChanSpy", `${call.agent},${options}`]);
  }
  assert.deepEqual((await audited("call.spy")).detail.mode, "barge");
  assert.equal((await spy(sofia.client, { extension: "101" })).status, 403, "a phone that is not hers");
  assert.equal((await spy(ana.client, { extension: "101" })).status, 403, "an agent");
  const { key } = (await api.post("/api/v1/api-keys", { name: "program", scopes: ["calls:write"] })).body;
  assert.equal((await spy(enlace.as({ "x-api-key": key }), { extension: "109" })).status, 403, "a program");
  const id = last("Originate")?.get("ChannelId") ?? "";
  const phone = { Channel: "PJSIP/109-0000d1", Uniqueid: id, Linkedid: id };
  pbx.event({ Event: "Newchannel", ...phone, ChannelState: "0", CallerIDNum: "101" });
  pbx.event({ Event: "DialBegin", DestUniqueid: id, DestLinkedid: id, DialString: "109" });
  pbx.event({ Event: "Hangup", ...phone, Cause: "16" });
  const next = await talk(); // what was said before it has been heard
  assert.deepEqual((await api.get(`/api/v1/calls?call_uuid=${id}`)).body.items, []);
  for (const { end } of [call, next]) end();
});

test("agents steer the calls they are part of and no others; viewers none", async () => {
  const call = await talk();
  const orders: [string, object][] = [
    ["hangup", {}],
    ["transfer", { extension: "102" }],
    ["transfer/cancel", {}],
    ["park", {}],
    ["dtmf", { digits: "1" }],
    ["recording", { action: "start" }],
  ];
  const before = pbx.actions.length;
  for (const [order, body] of orders) {
    for (const { client } of [bruno, victor])
      assert.equal((await client.post(`/api/v1/calls/${call.id}/${order}`, body)).status, 403, order);
  }
  assert.equal((await ana.client.post(`/api/v1/calls/${call.id}/redirect`, { extension: "101" })).status, 403);
  const asked = pbx.actions.slice(before).map((each) => each.get("Action"));
  assert.deepEqual(
    asked.filter((name) => name !== "Ping"),
    [],
  );
  assert.equal((await sofia.client.post(`/api/v1/calls/${call.id}/redirect`, { extension: "102" })).status, 204);
  assert.deepEqual(read(last("Redirect"), "Channel", "Exten"), [call.customer, "102"]);
  assert.equal((await ana.client.post(`/api/v1/calls/${call.id}/hangup`)).status, 204);
  call.end();
  await find(async () => ((await api.get(`/api/v1/calls/${call.id}`)).body.ended_at ? true : undefined));
  assert.equal((await ana.client.post(`/api/v1/calls/${call.id}/hangup`)).status, 404);
});

test("a program that gives orders like mad is slowed down", async () => {
  const { key } = (await api.post("/api/v1/api-keys", { name: "mad", scopes: ["calls:write"] })).body;
  const call = await talk();
  call.end();
  await find(async () => ((await api.get(`/api/v1/calls/${call.id}`)).body.ended_at ? true : undefined));
  const mad = enlace.as({ "x-api-key": key });
  const statuses: number[] = [];
  for (let orders = 0; orders < 121; orders++)
    statuses.push((await mad.post(`/api/v1/calls/${call.id}/hangup`)).status);
  assert.deepEqual([new Set(statuses.slice(0, 120)), statuses[120]], [new Set([404]), 429]);
});

test("a process that listens to no PBX has the other one carry out its orders, refusals included", async () => {
  const call = await talk();
  const sofiaThere = await front.logIn("sofia", ADMIN_PASSWORD);
  assert.equal((await sofiaThere.post(`/api/v1/calls/${call.id}/transfer`, { extension: "102" })).status, 204);
  assert.equal(last("BlindTransfer")?.get("Channel"), call.agent);
  answers.set("BlindTransfer", { Response: "Error", Message: "No such feature" });
  const refused = await front.api.post(`/api/v1/calls/${call.id}/transfer`, { extension: "102" });
  assert.deepEqual([refused.status, refused.body.detail], [409, "The PBX says: No such feature"]);
  answers.delete("BlindTransfer");
  const placed = await front.api.post("/api/v1/calls/originate", { extension: "101", number: "+34600000011" });
  assert.equal(placed.status, 202, JSON.stringify(placed.body));
  assert.equal(last("Originate")?.get("ChannelId"), placed.body.call_uuid);
  assert.deepEqual(await front.rows("select * from pbx_commands"), [], "nothing of it stays");
  call.end();
});

test("ten orders given at once to two processes are each carried out once", async () => {
  const before = count("Originate");
  const placed = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      (index % 2 === 0 ? front : enlace).api.post("/api/v1/calls/originate", {
        extension: "101",
        number: `+3460000010${index}`,
      }),
    ),
  );
  assert.deepEqual(
    placed.map(({ status }) => status),
    Array(10).fill(202),
  );
  const ids = pbx.actions.filter((each) => each.get("Action") === "Originate").slice(before);
  assert.deepEqual(ids.map((each) => each.get("ChannelId")).sort(), placed.map(({ body }) => body.call_uuid).sort());
});

test("the same click sent twice is one call, also when the second reaches another process", async () => {
  const { key } = (await api.post("/api/v1/api-keys", { name: "clicks", scopes: ["calls:write"] })).body;
  const before = count("Originate");
  const headers = { "x-api-key": key, "idempotency-key": "click-1" };
  const click = (on: typeof enlace, number = "+34600000011") =>
    on.as(headers).post("/api/v1/calls/originate", { extension: "101", number });
  const [first, second] = [await click(enlace), await click(front)];
  assert.match(first.body.call_uuid, /^c[0-9a-f]{24}$/);
  assert.deepEqual([first.status, second.body], [202, first.body]);
  assert.equal(count("Originate"), before + 1);
  const other = enlace.as({ ...headers, "idempotency-key": "click-2" });
  assert.notEqual(
    (await other.post("/api/v1/calls/originate", { extension: "101", number: "+34600000011" })).body.call_uuid,
    first.body.call_uuid,
  );
});

test("a client of the older control service clicks as it always did", async () => {
  const { key } = (await api.post("/api/v1/api-keys", { name: "older", scopes: ["calls:write"] })).body;
  const { key: reader } = (await api.post("/api/v1/api-keys", { name: "reader", scopes: ["calls:read"] })).body;
  const click = (query: Record<string, string>) =>
    enlace.as({}).get(`/api/makecallexternal?${new URLSearchParams(query)}`);
  const good = { code: "101", phone: "+34600000011", clientId: key };
  const { status, body, headers } = await click(good);
  assert.equal(status, 200, JSON.stringify(body));
  const { response_time_ms, call_uuid, ...rest } = body;
  assert.deepEqual(rest, {
    ...{ success: true, message: "Call initiated", enterprise: "Enlace", enterprise_number: "1" },
    ...{ from_ext: "101", to_phone: "+34600000011", host_ip: "127.0.0.1", display_name: "+34600000011" },
  });
  assert.ok(Number.isInteger(response_time_ms));
  assert.deepEqual(read(last("Originate"), "Channel", "Exten", "ChannelId"), ["PJSIP/101", "600000011", call_uuid]);
  assert.equal(headers.get("cache-control"), "no-store");
  const plain = await enlace.as({}).get(`/api/makecallexternal?code=101&phone=+34600000011&clientId=${key}`);
  assert.equal(plain.status, 200, "a plus sign that nobody encoded");
  for (const [query, expected, detail] of [
    [{ ...good, phone: "" }, 400, "code, phone and clientId are required"],
    [{ ...good, clientId: "1001" }, 401, "Invalid clientId"],
    [{ ...good, clientId: reader }, 401, "Invalid clientId"],
    [{ ...good, code: "199" }, 400, "extension: is not known; see GET /api/v1/extensions"],
    [{ ...good, code: "101@x" }, 400, "extension: is not known; see GET /api/v1/extensions"],
    [{ ...good, phone: "600'||1" }, 400, "number: is not a phone number"],
  ] as const) {
    const refused = await click(query);
    assert.deepEqual([refused.status, refused.body.detail], [expected, detail], JSON.stringify(query));
  }
  answers.set("Originate", { Response: "Error", Message: "Permission denied" });
  const failed = await click(good);
  assert.deepEqual([failed.status, failed.body.success], [500, false]);
  answers.delete("Originate");
  const statuses = await Promise.all(
    Array.from({ length: 20 }, async () => (await click({ ...good, code: "199" })).status),
  );
  assert.ok(statuses.includes(429), "twenty a minute");
});

test("the id of a click is the call's in the log and in the CRM", async () => {
  const placed = await api.post("/api/v1/calls/originate", { extension: "101", number: "+34600000017" });
  const id = placed.body.call_uuid;
  const phone = { Channel: "PJSIP/101-0000c1", Uniqueid: id, Linkedid: id };
  const trunk = { Channel: "PJSIP/trunk-0000c2", Uniqueid: "90.2", Linkedid: id };
  pbx.event({ Event: "Newchannel", ...phone, ChannelState: "0", CallerIDNum: "600000017" });
  pbx.event({ Event: "Newchannel", ...trunk, ChannelState: "0" });
  pbx.event({ Event: "DialBegin", DestUniqueid: "90.2", DestLinkedid: id, DialString: "600000017@trunk" });
  for (const leg of [phone, trunk])
    pbx.event({ Event: "BridgeEnter", ...leg, BridgeUniqueid: "bc", BridgeType: "basic" });
  for (const leg of [phone, trunk]) pbx.event({ Event: "Hangup", ...leg, Cause: "16" });
  const call = await find(async () => {
    const [found] = (await api.get(`/api/v1/calls?call_uuid=${id}`)).body.items;
    return found?.deliveries[0]?.state === "delivered" && found.ended_at ? found : undefined;
  });
  const { direction, outcome, agent_extension, to } = call;
  assert.deepEqual([direction, outcome, agent_extension, to], ["outbound", "answered", "101", "+34600000017"]);
  // Each process brings a CRM; the connection follows the environment of the last one that started.
  const records = [enlace, front]
    .flatMap(({ crm }) => crm.records("PBXManager"))
    .filter(({ fields }) => fields.sourceuuid === id);
  assert.equal(records.length, 1);
});

test("a number on the do-not-call list is not clicked by mistake: a supervisor says why, and the log of changes keeps it", async () => {
  const number = "+34600000666";
  const listed = await api.post("/api/v1/suppressions", { number, scope: "global", reason: "asked by letter" });
  assert.equal(listed.status, 201, JSON.stringify(listed.body));
  const asked = count("Originate");
  const click = (who: ApiClient, body: Json) =>
    who.post("/api/v1/calls/originate", { extension: "101", number, ...body });
  const refused = await click(ana.client, {});
  assert.equal(refused.status, 403);
  assert.match(refused.body.detail, /do-not-call list/);
  assert.equal((await click(ana.client, { despite_suppression: "I want to" })).status, 403);
  assert.equal(count("Originate"), asked);
  const why = "asked us to call back today";
  assert.equal((await click(sofia.client, { extension: "109", despite_suppression: why })).status, 202);
  assert.equal(count("Originate"), asked + 1);
  const { items } = (await api.get("/api/v1/audit?action=call.originate")).body;
  assert.equal(items[0].detail.despite_suppression, why);
});

test("where a policy's hours hold for people too, a click outside them needs a supervisor who says why", async () => {
  const closed = Object.fromEntries(
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].map((day) => [day, []]),
  );
  const made = await api.post("/api/v1/dialer/policies", {
    ...{
      name: "By hand too",
      template: "zz-service",
      pack: { windows: closed, holds_by_hand: true, countries: ["ES"] },
    },
  });
  assert.deepEqual([made.status, made.body.pack.holds_by_hand], [201, true], JSON.stringify(made.body));
  const click = (who: ApiClient, body: Json = {}) =>
    who.post("/api/v1/calls/originate", { extension: "101", number: "+34600000667", ...body });
  const asked = count("Originate");
  assert.equal((await click(ana.client)).status, 202, "nobody has acknowledged it");
  const path = `/api/v1/dialer/policies/${made.body.id}`;
  await api.post(`${path}/acknowledge`, { version: 1, name: "Ana Counsel", reviewed: true });
  const refused = await click(ana.client, { number: "+34600000668" });
  assert.equal(refused.status, 403);
  assert.match(refused.body.detail, /not the hour to call \+34600000668 by the policy By hand too/);
  assert.equal((await click(ana.client, { despite_suppression: "I want to" })).status, 403);
  assert.equal((await click(ana.client, { number: "+573000000001" })).status, 202, "it is no number of that country");
  const why = "agreed upon for this evening";
  const placed = await click(sofia.client, { extension: "109", number: "+34600000669", despite_suppression: why });
  assert.equal(placed.status, 202);
  assert.equal(count("Originate"), asked + 3);
  assert.equal((await api.delete(path)).status, 204);
});

test("where the AMI user may not originate, a click goes by call file, into a folder that operators alone name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "enlace-spool-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const path = `/api/v1/pbxs/${stored.id}/call-files`;
  const tenant = { number: "other", name: "Other", time_zone: "America/Lima", country: "PE", language: "es" };
  const admin = { username: "other-admin", password: ADMIN_PASSWORD };
  assert.equal((await api.post("/api/v1/tenants", { ...tenant, admin })).status, 201);
  const stranger = await enlace.logIn(admin.username, ADMIN_PASSWORD);
  assert.equal((await stranger.put(path, { folder })).status, 403);
  assert.equal((await api.put(path, { folder: "/var/../etc" })).status, 422);
  assert.match((await api.put(path, { folder })).body.problem, /ENOENT/);
  for (const name of ["outgoing", "tmp"]) await mkdir(join(folder, name));
  const loggedIn = count("Login");
  assert.deepEqual((await api.get(path)).body, { folder, problem: null });
  await find(async () => count("Login") > loggedIn || undefined); // connected to anew, with the folder
  await find(async () => ((await api.get("/api/v1/pbxs")).body.items[0].status.state === "ready" ? true : undefined));
  answers.set("Originate", { Response: "Error", Message: "Permission denied" });
  const placed = api.post("/api/v1/calls/originate", { extension: "101", number: "+34600000011" });
  const [name] = await find(async () => {
    const files = await readdir(join(folder, "outgoing"));
    return files.length > 0 ? files : undefined;
  });
  const text = await readFile(join(folder, "outgoing", name ?? ""), "utf8");
  const account = /^Account: (\S+)$/m.exec(text)?.[1] ?? "";
  assert.match(text, /^Channel: PJSIP\/101$/m);
  assert.match(text, /^Extension: 600000011$/m);
  pbx.event({ Event: "NewAccountCode", Uniqueid: "88.1", Linkedid: "88.1", AccountCode: account });
  assert.deepEqual([(await placed).status, (await placed).body.call_uuid], [202, "88.1"]);
  answers.delete("Originate");
});

test("a PBX that is silent is answered for in time, and the order is not given twice", async () => {
  answers.set("Hangup", "silence");
  const call = await talk();
  const before = count("Hangup");
  const quick = await startTestEnlace({ database: enlace.database, env: { ENLACE_ROLES: "api" }, clockFactor: 20 });
  const { status, body } = await quick.api.post(`/api/v1/calls/${call.id}/hangup`);
  assert.equal(status, 503);
  assert.match(body.detail, /no answer came in time/);
  assert.equal(count("Hangup"), before + 1);
  answers.delete("Hangup");
  call.end();
});

test("an order that nobody takes is refused in time, and nobody carries it out later", async () => {
  const quick = await startTestEnlace({ database: enlace.database, env: { ENLACE_ROLES: "api" }, clockFactor: 20 });
  await enlace.stop();
  const before = count("Originate");
  const refused = await quick.api.post("/api/v1/calls/originate", { extension: "101", number: "+34600000011" });
  assert.equal(refused.status, 503);
  assert.match(refused.body.detail, /No process listens to this PBX\. Nothing was done/);
  const heir = await startTestEnlace({ database: enlace.database, env: { ENLACE_ROLES: "api,telephony" } });
  await find(async () =>
    (await heir.api.get("/api/v1/pbxs")).body.items[0].status.state === "ready" ? true : undefined,
  );
  assert.deepEqual(await heir.rows("select * from pbx_commands"), []);
  assert.equal(count("Originate"), before);
});
