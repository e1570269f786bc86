// The live view beside calls: who is at which phone, how full the trunks are, how far campaigns have come; each hears of it as it
// happens, and of what the role may see.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Json } from "../api-client.ts";
import { type Fate, startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { type Heard, hear, hearItem, listen as listenTo, logInToken, toBoard } from "../event-listener.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const pbx = await startDialPbx();
const { ami } = pbx;
const enlace = await startTestEnlace({
  env: { AMI_HOST: "127.0.0.1", AMI_PORT: String(ami.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
});
after(() => ami.stop()); // Enlace ends before it
const { api } = enlace;
const house = await createDialerFixture(enlace);
const listen = async (username?: string): Promise<Heard> => listenTo(enlace, await logInToken(enlace, username));

const made = async (path: string, body: object): Promise<Json> => {
  const answer = await api.post(path, body);
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return answer.body;
};
for (const [number, name] of [
  ["101", "Ana"],
  ["102", "Luis"],
])
  assert.equal((await api.put(`/api/v1/extensions/${number}`, { name })).status, 200);
const trunkId = await house.createTrunk("carrier", { channels_max: 30, per_second: 5 });
const trunks = [{ trunk_id: trunkId, weight: 1 }];
const project = await house.createProject("Reminders", { trunks });
const people = await house.createProject("Sales", { trunks, mode: "agents", agents: { extensions: ["101"] } });
const supervisor = await made("/api/v1/users", { username: "sonia", role: "supervisor", password: ADMIN_PASSWORD });
await made("/api/v1/users", { username: "carlos", role: "agent", password: ADMIN_PASSWORD });
const [{ name: pbxName }] = (await api.get("/api/v1/pbxs")).body.items;
const trunkKey = `${pbxName}/carrier`;

const ringing: Fate = { does: "ring" };

test("a phone that rings, talks with somebody, is paused and out of reach is told as it is", async () => {
  const heard = await listen();
  const { data } = await hear(heard, "agents", ({ items }) => items.length > 0);
  assert.deepEqual(
    data.items.map(({ extension, name }: Json) => [extension, name]),
    [
      ["101", "Ana"],
      ["102", "Luis"],
    ],
  );
  const channel = { Channel: "PJSIP/102-0000000a", Uniqueid: "desk.1", Linkedid: "desk.1", CallerIDNum: "102" };
  ami.channels = [{ ...channel, ChannelState: "5" }];
  ami.event({ Event: "Newchannel", ...channel, ChannelState: "0" });
  ami.event({ Event: "Newstate", ...channel, ChannelState: "5", ConnectedLineNum: "600000011" });
  const rings = await hearItem(heard, "agents", { key: "102", check: ({ state }) => state === "ringing" });
  assert.ok(rings.since !== null && rings.with !== null, JSON.stringify(rings));
  ami.event({ Event: "Newstate", ...channel, ChannelState: "6", ConnectedLineNum: "600000011" });
  await hearItem(heard, "agents", { key: "102", check: ({ state }) => state === "talking" });
  ami.channels = [];
  ami.event({ Event: "Hangup", ...channel, Cause: "16" });
  await hearItem(heard, "agents", {
    key: "102",
    check: ({ state, with: other }) => state === "free" && other === null,
  });
  ami.event({ Event: "QueueMemberPause", Queue: "sales", Interface: "PJSIP/102", Paused: "1", PausedReason: "lunch" });
  await hearItem(heard, "agents", {
    key: "102",
    check: ({ paused, pause_reason }) => paused && pause_reason === "lunch",
  });
  ami.event({ Event: "DeviceStateChange", Device: "PJSIP/102", State: "UNAVAILABLE" });
  await hearItem(heard, "agents", { key: "102", check: ({ state }) => state === "offline" });
  heard.leave();
});

test("who works for a campaign says whether the next person would be theirs", async () => {
  const heard = await listen();
  ami.event({ Event: "DeviceStateChange", Device: "PJSIP/101", State: "NOT_INUSE" });
  const ready = await hearItem(heard, "agents", { key: "101", check: ({ campaigns }) => campaigns?.ready === true });
  assert.deepEqual(ready.campaigns.projects, [{ id: people.id, name: "Sales" }]);
  ami.event({ Event: "DeviceStateChange", Device: "PJSIP/101", State: "UNAVAILABLE" });
  await hearItem(heard, "agents", { key: "101", check: ({ campaigns }) => campaigns?.ready === false });
  assert.equal(toBoard(heard, "agents").get("102")?.campaigns, null);
  heard.leave();
});

test("a trunk says how many calls are on it and how many fit; a campaign how far it has come, until it is over", async () => {
  const heard = await listen();
  const before = await hearItem(heard, "trunks", { key: trunkKey, check: () => true });
  const { id, calls, dialed, channels_max, per_second_max } = before;
  assert.deepEqual([id, calls, dialed, channels_max, per_second_max], [trunkId, 0, 0, 30, 5]);
  pbx.fateOf = () => ringing;
  const campaignId = await house.startCampaign(project.id, ["+34600000101", "+34600000102"]);
  await hearItem(heard, "trunks", {
    key: trunkKey,
    check: ({ dialed, breaker }) => dialed === 2 && breaker === "closed",
  });
  const campaign = await hearItem(heard, "campaigns", { key: campaignId, check: ({ dialing }) => dialing === 2 });
  assert.deepEqual(
    [campaign.project.name, campaign.state, campaign.contacts.total, campaign.called, campaign.abandonment],
    ["Reminders", "active", 2, 0, null],
  );
  for (const call of pbx.calls) call.answer();
  const countCalls = async (username: string): Promise<number> =>
    (await (await enlace.logIn(username, ADMIN_PASSWORD)).get("/api/v1/live")).body.calls.length;
  await eventually(async () => assert.equal(await countCalls("admin"), 2));
  assert.equal(await countCalls("sonia"), 0, "a supervisor of other projects");
  for (const call of pbx.calls) call.hangUp();
  await hearItem(heard, "trunks", { key: trunkKey, check: ({ calls, dialed }) => calls === 0 && dialed === 0 });
  await eventually(() => assert.equal(toBoard(heard, "campaigns").has(campaignId), false));
  heard.leave();
});

test("supervisors hear of their own projects, agents of neither trunks nor campaigns, another tenant of nothing", async () => {
  const campaignId = await house.startCampaign(people.id, ["+34600000103"]);
  const tenant = { number: "2", name: "Elsewhere", time_zone: "UTC", country: "ES", language: "en" };
  await made("/api/v1/tenants", { ...tenant, admin: { username: "elsewhere", password: ADMIN_PASSWORD } });
  const [sonia, carlos, stranger] = [await listen("sonia"), await listen("carlos"), await listen("elsewhere")];
  assert.deepEqual((await hear(sonia, "campaigns")).data.items, []);
  const ana = await hearItem(sonia, "agents", { key: "101", check: () => true });
  assert.deepEqual([ana.name, ana.campaigns], ["Ana", null]);
  for (const board of ["agents", "trunks", "campaigns", "lanes"])
    assert.deepEqual((await hear(stranger, board)).data.items, []);
  await hearItem(carlos, "agents", { key: "101", check: () => true });
  const assigned = await api.put(`/api/v1/projects/${people.id}/users`, { user_ids: [supervisor.id] });
  assert.equal(assigned.status, 200, JSON.stringify(assigned.body));
  const { project: seen, abandonment } = await hearItem(sonia, "campaigns", { key: campaignId, check: () => true });
  assert.deepEqual([seen.name, abandonment.live, abandonment.abandoned], ["Sales", 0, 0]);
  await hearItem(sonia, "agents", { key: "101", check: ({ campaigns }) => campaigns?.projects[0]?.name === "Sales" });
  const names = new Set(carlos.events.map(({ name }) => name.replace(".change", "")));
  assert.deepEqual(
    ["trunks", "campaigns", "lanes", "pbxs"].filter((board) => names.has(board)),
    [],
  );
  const once = (await (await enlace.logIn("carlos", ADMIN_PASSWORD)).get("/api/v1/live")).body;
  assert.deepEqual([once.trunks, once.campaigns, once.agents.length], [null, null, 2]);
  for (const heard of [sonia, carlos, stranger]) heard.leave();
});

test("the last hour is told as calls come, without being asked for", async () => {
  const heard = await listen("carlos");
  const sum = (counts: number[]): number => counts.reduce((total, one) => total + one, 0);
  const count = ({ answered, missed, other }: Json): number => sum([...answered, ...missed, ...other]);
  const before = await hearItem(heard, "activity", { key: "hour", check: () => true });
  const now = new Date().toISOString();
  await enlace.postCall({
    ...{ call_uuid: "hour-1", from: "+34600000010", to: "+34900112233", direction: "inbound", status: "completed" },
    ...{ start_time: now, end_time: now },
  });
  await hearItem(heard, "activity", { key: "hour", check: (item) => count(item) > count(before) });
  heard.leave();
});
