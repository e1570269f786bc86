// A caller is known before the phone is picked up: the dialplan asks, and is told who it is and whose phone shall ring.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { callAgi, ENVIRONMENT, toEnvironmentBytes } from "../../src/telephony/agi/fake-agi-caller.ts";
import { startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import type { Json } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { findFreePort } from "../free-port.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const TOKEN = "the event token of the first PBX";
const LINE = "0009001";
const NOTHING = '{"Name":"","DialPlan":null}';
const pbx = await startFakeAmi();
pbx.onAction = (action) => {
  const isMove = action.get("Action") === "Redirect";
  if (isMove) action.answer({ Response: "Success", Message: "Redirect successful" });
  return isMove;
};
const agiPort = await findFreePort();
const enlace = await startTestEnlace({
  env: {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
    ...{ PBX_TOKEN: TOKEN, ENLACE_AGI_PORT: String(agiPort), ENLACE_AGI_ALLOW: "127.0.0.1" },
  },
});
after(() => pbx.stop()); // Enlace ends before it
const { api, crm } = enlace;

/** A line that routes by `line`, every setting else as given. */
async function set(line: object, more: object = {}): Promise<void> {
  const settings = { internal_ids: { "102": 7 }, lines: { [`gsm:${LINE}`]: line }, ...more };
  const { status, body } = await api.put("/api/v1/smart-redirect", settings);
  assert.equal(status, 200, JSON.stringify(body));
}

/** What the macro on the PBX gets to read. */
async function ask(phone: string, more: object = {}, headers: object = { token: TOKEN }) {
  const response = await fetch(`${enlace.url}/api/callevent/getcustomerdata`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: JSON.stringify({ UniqueId: "u.1", Phone: phone, TrunkId: LINE, LoadDialPlan: "true", ...more }),
  });
  return { status: response.status, text: await response.text() };
}
const read = async (phone: string, more: object = {}): Promise<string> => (await ask(phone, more)).text;

let calls = 0;
async function talk(number: string, extension: string): Promise<void> {
  const call = { ...DOCUMENTED_CALL, call_uuid: `talk-${++calls}`, from: number, agent_ext: extension };
  const { status } = await enlace.postCall({ ...call, start_time: `2025-08-02T13:${10 + calls}:00Z` });
  assert.equal(status, 202);
}
const queries = (): number => crm.operations.filter((name) => name === "query").length;
const simulate = async (phone: string): Promise<Json> =>
  (await api.post("/api/v1/smart-redirect/test", { phone, trunk: LINE })).body;

for (const number of ["101", "102", "103", "1001"])
  assert.equal((await api.put(`/api/v1/extensions/${number}`, {})).status, 200);

test("until somebody says what is wanted, every call is left alone", async () => {
  assert.deepEqual(await ask("+34600000001"), { status: 200, text: NOTHING });
  const { body } = await api.get("/api/v1/smart-redirect");
  assert.deepEqual([body.mode, body.lines, body.default_line], ["routing+name", {}, null]);
});

test("who talked with the number last is called, in exactly the bytes the older macro reads", async () => {
  await talk("+34600000001", "101");
  await talk("+34600000001", "102");
  await set({ algorithm: "last_call" });
  assert.equal(await read("+34600000001"), '{"Name":"","DialPlan":"mngr7_0009001_1"}');
  assert.equal(await read("600000001"), '{"Name":"","DialPlan":"mngr7_0009001_1"}');
  await set({ algorithm: "first_call" });
  assert.equal(await read("+34600000001"), '{"Name":"","DialPlan":"mngr101_0009001_1"}');
  await set({ algorithm: "first_call" }, { mode: "off" });
  assert.equal(await read("+34600000001"), NOTHING);
  await set({ enabled: false });
  assert.equal(await read("+34600000001"), NOTHING);
});

test("a name has its parts in order and nothing in it that would break the macro", async () => {
  crm.addContact({ firstname: 'Ann, "the"', lastname: "Test\\", phone: "600 000 002" });
  const names = { send_line_name: true, line_name: "Line A", line_name_order: 2, customer_name_order: 1 };
  await set(names, { mode: "name-only" });
  assert.equal(await read("+34600000002"), '{"Name":"Ann the Test | Line A","DialPlan":null}');
  await set(names);
  assert.equal(
    await read("+34600000002", { LoadDialPlan: "false" }),
    '{"Name":"Ann the Test | Line A","DialPlan":null}',
  );
});

test("without the token of a PBX nothing is told, in a body the macro passes over", async () => {
  for (const headers of [{}, { token: "" }, { token: "somebody else's" }, { token: `${TOKEN} ` }]) {
    const { status, text } = await ask("+34600000001", {}, headers);
    if (status !== 200) assert.deepEqual([status, text], [401, NOTHING]);
    else assert.equal(headers.token?.trim(), TOKEN, "blanks around a header are no part of it");
  }
  const odd = await fetch(`${enlace.url}/api/callevent/getcustomerdata`, {
    ...{ method: "POST", headers: { token: TOKEN }, body: "[1]" },
  });
  assert.deepEqual([odd.status, await odd.text()], [422, NOTHING]);
});

test("the CRM's responsible person takes the call, asked once for many calls of one number", async () => {
  crm.addContact({ firstname: "Bea", lastname: "Owned", mobile: "600000003", assigned_user_id: "19x6" });
  await set({ algorithm: "crm" });
  const before = queries();
  const answers = await Promise.all(Array.from({ length: 20 }, () => read("+34600000003")));
  assert.deepEqual(new Set(answers), new Set(['{"Name":"Bea Owned","DialPlan":"mngr1001_0009001_1"}']));
  assert.ok(queries() - before <= 2, `${queries() - before} questions: one for the contact, one for its owner`);
});

test("a CRM slower than the budget is not waited for, and what it says later serves the next call", async () => {
  crm.addContact({ firstname: "Cid", lastname: "Late", mobile: "600000004", assigned_user_id: "19x6" });
  await talk("+34600000004", "103");
  crm.faults.add({ kind: "slow", operation: "query", delayMs: 1_200, times: 20 }); // deliveries ask too
  assert.equal(
    await read("+34600000004"),
    '{"Name":"","DialPlan":"mngr103_0009001_1"}',
    "waiting it would know the name",
  );
  crm.faults.clear();
  await eventually(async () =>
    assert.equal(await read("+34600000004"), '{"Name":"Cid Late","DialPlan":"mngr1001_0009001_1"}'),
  );
});

test("a CRM that is down leaves the call log to decide, and is asked again as soon as it is back", async () => {
  crm.addContact({ firstname: "Dan", lastname: "Back", mobile: "600000005", assigned_user_id: "19x6" });
  await talk("+34600000005", "103");
  crm.faults.add({ kind: "html502", times: 2 });
  assert.equal(await read("+34600000005"), '{"Name":"","DialPlan":"mngr103_0009001_1"}');
  crm.faults.clear();
  assert.equal(await read("+34600000005"), '{"Name":"Dan Back","DialPlan":"mngr1001_0009001_1"}');
});

test("an extension that is removed is passed over from the next call on", async () => {
  await talk("+34600000006", "101");
  await talk("+34600000006", "103");
  await set({ algorithm: "last_call", fallback: "600" });
  assert.match(await read("+34600000006"), /mngr103_/);
  assert.equal((await api.delete("/api/v1/extensions/103")).status, 204);
  await eventually(async () => assert.match(await read("+34600000006"), /mngr101_/));
  assert.match(await read("+34600000099"), /mngr600_/, "nobody has talked with this one");
  await api.put("/api/v1/extensions/103", {});
});

test("a simulated call says step by step what would happen, and leaves no trace", async () => {
  await set({ algorithm: "crm" });
  crm.addContact({ firstname: "Eva", lastname: "Owned", mobile: "600000008", assigned_user_id: "19x6" });
  const told = await simulate("600 000 008");
  assert.deepEqual([told.reason, told.extension, told.name], ["responsible", "1001", "Eva Owned"]);
  assert.deepEqual(
    told.steps.map(({ step }: Json) => step),
    ["settings", "line", "number", "customer", "responsible"],
  );
  await read("+34600000009"); // a real one, after it
  const listOf = async (phone: string) => (await api.get(`/api/v1/smart-redirect/decisions?phone=${phone}`)).body.items;
  await eventually(async () => assert.equal((await listOf("600000009")).length, 1));
  assert.deepEqual(await listOf("600000008"), []);
});

test("every decision is kept with its reason and found by its number", async () => {
  const [newest] = await eventually(async () => {
    const { items } = (await api.get("/api/v1/smart-redirect/decisions?phone=600000005")).body;
    assert.equal(items.length, 2);
    return items;
  });
  assert.deepEqual(
    [newest.phone, newest.reason, newest.extension, newest.source, newest.unique_id],
    ["+34600000005", "responsible", "1001", "getcustomerdata", "u.1"],
  );
  const { items } = (await api.get("/api/v1/smart-redirect/decisions?reason=last_call&limit=2")).body;
  assert.ok(items.every(({ reason }: Json) => reason === "last_call"));
});

test("what is not understood is refused by name, and every change is in the audit log", async () => {
  for (const [settings, path] of [
    [{ dial_plan: "always-the-same" }, "dial_plan"],
    [{ dial_plan: "a,1)&Dial(b" }, "dial_plan"],
    [{ lines: { "0009001": {} } }, "lines.0009001"],
    [{ connection_id: "999999" }, "connection_id"],
    [{ mode: "sometimes" }, "mode"],
  ] as const) {
    const { status, body } = await api.put("/api/v1/smart-redirect", settings);
    assert.deepEqual([status, body.errors?.[0]?.path], [422, path], JSON.stringify(settings));
  }
  const { items } = (await api.get("/api/v1/audit?action=smart_redirect.update")).body;
  assert.deepEqual(items.at(-1).detail.changed, ["internal_ids", "lines"]);
});

test("a change is known to another process in less than two seconds", async () => {
  const other = await startTestEnlace({
    ...{ database: enlace.database, env: { ENLACE_ROLES: "api" }, crmUrl: () => crm.url },
  });
  const ask2 = async () => (await other.api.post("/api/v1/smart-redirect/test", { phone: "1", trunk: LINE })).body.mode;
  assert.equal(await ask2(), "routing+name");
  await set({}, { mode: "name-only" });
  await eventually(async () => assert.equal(await ask2(), "name-only"), { timeoutMs: 2_000 });
  await other.stop();
});

test("a ringing call is sent to the person responsible, once, and one that is taken is left alone", async () => {
  await set({ algorithm: "crm" });
  const leg = { Channel: "PJSIP/trunk-000000a1", Uniqueid: "7.1", Linkedid: "7.1" };
  const phone = { Channel: "PJSIP/101-000000a2", Uniqueid: "7.2", Linkedid: "7.1" };
  await eventually(async () => {
    const [{ status }] = (await api.get("/api/v1/pbxs")).body.items;
    assert.equal(status.state, "ready");
  });
  pbx.event({ Event: "Newchannel", ...leg, ChannelState: "4", CallerIDNum: "600000003", Exten: LINE });
  pbx.event({ Event: "Newchannel", ...phone, ChannelState: "0" });
  pbx.event({ Event: "DialBegin", DestUniqueid: "7.2", DestLinkedid: "7.1", DialString: "101" });
  const client = enlace.as({ token: TOKEN });
  const moved = await eventually(async () => {
    const answer = await client.post("/api/smart-redirect", { unique_id: "7.1", trunk: LINE });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return answer.body;
  });
  assert.deepEqual(moved, { redirected: true, extension: "1001", name: "Bea Owned", reason: "responsible" });
  const moves = pbx.actions.filter((each) => each.get("Action") === "Redirect");
  assert.deepEqual(
    moves.map((each) => ["Channel", "Context", "Exten", "Priority"].map((name) => each.get(name))),
    [["7.1", "from-internal", "1001", "1"]],
  );
  for (const id of [phone, leg]) pbx.event({ Event: "Hangup", ...id, Cause: "16" });
  await eventually(async () => {
    const { status } = await client.post("/api/smart-redirect", { unique_id: "7.1", trunk: LINE });
    assert.equal(status, 404, "it is over");
  });
  assert.equal((await enlace.as({}).post("/api/smart-redirect", { unique_id: "7.1" })).status, 401);
});

test("a dialplan without CURL asks over FastAGI and finds the answer in its variables", async () => {
  const environment = { ...ENVIRONMENT, agi_network_script: `redirect?trunk=${LINE}`, agi_callerid: "600000003" };
  const caller = await callAgi(agiPort, () => "200 result=1", toEnvironmentBytes(environment));
  await caller.ended;
  assert.deepEqual(caller.commands, [
    'SET VARIABLE "ENLACE_NAME" "Bea Owned"',
    'SET VARIABLE "ENLACE_EXTENSION" "1001"',
    'SET VARIABLE "ENLACE_DIALPLAN" "mngr1001_0009001_1"',
    'SET VARIABLE "ENLACE_REASON" "responsible"',
  ]);
  const hidden = { ...ENVIRONMENT, agi_network_script: "redirect", agi_callerid: "unknown", agi_arg_1: LINE };
  const other = await callAgi(agiPort, () => "200 result=1", toEnvironmentBytes(hidden));
  await other.ended;
  assert.equal(other.commands.at(-1), 'SET VARIABLE "ENLACE_REASON" "no_number"');
});

test("caches and decisions are figures for Prometheus", async () => {
  const { body } = await enlace.as({}).get("/metrics");
  assert.match(body, /enlace_cache_hits\{cache="smart_redirect"\} [1-9]/);
  assert.match(body, /enlace_cache_hits\{cache="known_callers"\} [1-9]/);
  assert.match(body, /enlace_redirect_decisions_total\{source="agi",reason="no_number"\} 1/);
});
