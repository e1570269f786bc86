// One call of which several sources tell, each by a name of its own: AMI, posted events, the signed webhook. It is one call.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startFakeAmi } from "../../src/telephony/ami/fake-ami.ts";
import type { Json } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const TOKEN = "unit-token-A";
const pbx = await startFakeAmi();
const enlace = await startTestEnlace({
  env: {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
    ENLACE_API_RATE: "1000000",
    ...{ PBX_TOKEN: TOKEN, PBX_TIMEZONE: "Europe/Madrid" },
  },
});
after(() => pbx.stop()); // Enlace ends before it
const { api } = enlace;
const known = enlace.as({ token: TOKEN });

await eventually(async () => {
  const { items } = (await api.get("/api/v1/pbxs")).body;
  assert.equal(items[0].status.state, "ready");
});

const fromOf = (call: number): string => `6000000${call}`;
const uid = (call: number, leg: number): string => `17000${call}00.${leg}`;

/** AMI tells of an incoming call: of the trunk's channel, then of the phone that it rings. */
function ring(call: number): void {
  const [trunk, phone] = [uid(call, 1), uid(call, 2)];
  const channel = { Channel: `PJSIP/trunk-${call}`, Uniqueid: trunk, Linkedid: trunk };
  pbx.event({ Event: "Newchannel", ...channel, ChannelState: "4", CallerIDNum: fromOf(call), Exten: "0009001" });
  pbx.event({ Event: "Newchannel", Channel: `PJSIP/101-${call}`, Uniqueid: phone, Linkedid: trunk, ChannelState: "0" });
  pbx.event({ Event: "DialBegin", Uniqueid: trunk, DestUniqueid: phone, DestLinkedid: trunk, DialString: "101" });
}

function hangUp(call: number): void {
  const [trunk, phone] = [uid(call, 1), uid(call, 2)];
  pbx.event({ Event: "Hangup", Channel: `PJSIP/101-${call}`, Uniqueid: phone, Linkedid: trunk, Cause: "16" });
  pbx.event({ Event: "Hangup", Channel: `PJSIP/trunk-${call}`, Uniqueid: trunk, Linkedid: trunk, Cause: "16" });
}

const callsOf = async (): Promise<Json[]> => (await api.get("/api/v1/calls?limit=100")).body.items;
const oneCall = (n: number, sources: string[], isReady: (call: Json) => boolean = () => true): Promise<Json> =>
  eventually(async () => {
    const found = (await callsOf()).filter(({ from }) => from === `+34${fromOf(n)}`);
    assert.equal(found.length, 1, JSON.stringify(found.map(({ call_uuid }) => call_uuid)));
    const rows = await enlace.rows("select sources from calls where id = $1", [found[0]?.id]);
    assert.deepEqual(rows[0]?.sources, sources);
    assert.ok(isReady(found[0] as Json), JSON.stringify(found[0]));
    return found[0] as Json;
  });
const webhook = (n: number, fields: object) =>
  enlace.postCall({ from: fromOf(n), direction: "inbound", pbx_system: "PBX", ...fields });

test("AMI and posted events of one channel are one call", async () => {
  ring(31);
  const start = { UniqueId: uid(31, 1), Phone: fromOf(31), CallType: 0, Trunk: "0009001" };
  assert.equal((await known.post("/start", start)).status, 202);
  await known.post("/dial", { ...start, Extensions: ["101"] });
  hangUp(31);
  await known.post("/hangup", {
    ...start,
    CallStatus: "0",
    Extensions: [""],
    recording_url: "https://pbx.example.test/31.mp3",
  });
  const call = await oneCall(
    31,
    ["ami", "hook"],
    ({ outcome, recording }) => outcome === "missed" && recording !== null,
  );
  assert.equal(call.call_uuid, uid(31, 1));
});

test("a webhook that names a channel joins the call that AMI told of", async () => {
  ring(32);
  await oneCall(32, ["ami"], ({ call_uuid }) => call_uuid === uid(32, 1));
  await eventually(async () => {
    const [name] = await enlace.rows("select call_uuid from call_aliases where alias = $1", [uid(32, 2)]);
    assert.equal(name?.call_uuid, uid(32, 1));
  });
  const { body } = await webhook(32, { call_uuid: "uuid-32", uniqueid: uid(32, 2), status: "in-progress" });
  assert.equal(body.call_uuid, "uuid-32", "it is answered in its own words");
  const call = await oneCall(32, ["ami", "webhook"]);
  assert.deepEqual([call.call_uuid, call.id], [uid(32, 1), body.call_id]);
  await webhook(32, { call_uuid: "uuid-32", status: "missed", end_time: new Date().toISOString() });
  await oneCall(32, ["ami", "webhook"], ({ outcome }) => outcome === "missed");
  hangUp(32);
});

test("AMI joins the call that a webhook told of before it", async () => {
  await webhook(33, { call_uuid: "uuid-33", linkedid: uid(33, 1), status: "ringing" });
  ring(33);
  const call = await oneCall(33, ["ami", "webhook"]);
  assert.equal(call.call_uuid, "uuid-33");
  hangUp(33);
  await oneCall(33, ["ami", "webhook"], ({ outcome }) => outcome === "missed");
});

test("posted events join the call that a webhook told of before them", async () => {
  await webhook(34, { call_uuid: "uuid-34", unique_id: uid(34, 1), status: "ringing" });
  await known.post("/hangup", {
    UniqueId: uid(34, 1),
    Phone: fromOf(34),
    CallType: 0,
    CallStatus: "2",
    Extensions: ["101"],
  });
  const call = await oneCall(34, ["hook", "webhook"], ({ outcome }) => outcome === "answered");
  assert.deepEqual([call.call_uuid, call.agent_extension], ["uuid-34", "101"]);
});

test("two calls that turn out to be one after both were told are merged, with every fact of both", async () => {
  await webhook(35, { call_uuid: "uuid-35", uniqueid: uid(35, 2), status: "ringing", trunk: "told by the webhook" });
  const trunk = { Channel: "PJSIP/trunk-35", Uniqueid: uid(35, 1), Linkedid: uid(35, 1) };
  pbx.event({ Event: "Newchannel", ...trunk, ChannelState: "4", CallerIDNum: fromOf(35), Exten: "0009001" });
  await eventually(async () =>
    assert.equal((await callsOf()).filter(({ from }) => from === `+34${fromOf(35)}`).length, 2),
  );
  ring(35);
  const call = await oneCall(35, ["ami", "webhook"]);
  assert.equal(call.call_uuid, "uuid-35");
  const { timeline } = (await api.get(`/api/v1/calls/${call.id}`)).body;
  assert.ok(timeline.filter(({ kind }: Json) => kind === "fact").length >= 3);
  hangUp(35);
  await oneCall(35, ["ami", "webhook"], ({ outcome }) => outcome === "missed");
  const twins = await enlace.rows("select 1 from calls where call_uuid = $1", [uid(35, 1)]);
  assert.deepEqual(twins, []);
});
