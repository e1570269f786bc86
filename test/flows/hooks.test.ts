// A PBX without AMI posts what happens: one call each in the log, one record in the CRM, and nobody else's calls touched.
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadSequence } from "../../src/intake/hooks/fake-deliveries.ts";
import { toSignature } from "../../src/intake/signature.ts";
import type { Json } from "../api-client.ts";
import { ADMIN_PASSWORD, WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const TOKEN = "unit-token-A";
const enlace = await startTestEnlace({ env: { PBX_TOKEN: TOKEN, PBX_TIMEZONE: "Europe/Madrid" } });
const { api } = enlace;
const anybody = enlace.as({});

/** Seconds since 1970 at which a fixture's call began. */
const BEGUN = 1_700_000_100;
const withToken = (fields: object, token = TOKEN): object => ({ Token: token, ...fields });

/** Posts a sequence as its PBX would, each event with the time at which it happened. */
async function post(sequence: string, token = TOKEN): Promise<void> {
  for (const { type, fields, seconds } of loadSequence(sequence)) {
    const { status, body } = await anybody.post(`/${type}`, withToken({ ...fields, SentAt: BEGUN + seconds }, token));
    assert.equal(status, 202, JSON.stringify(body));
  }
}

const callsOf = async (client = api, query = ""): Promise<Json[]> =>
  (await client.get(`/api/v1/calls${query}`)).body.items;
const find = (uuid: string, isReady: (call: Json) => boolean, client = api): Promise<Json> =>
  eventually(async () => {
    const [call] = await callsOf(client, `?call_uuid=${uuid}`);
    assert.ok(call && isReady(call), JSON.stringify(call));
    return call;
  });
const eventsOf = (uid: string) =>
  enlace.rows("select type, state, body from hook_events where unique_id = $1 order by id", [uid]);
const countEvents = async () => Number((await enlace.rows("select count(*) from hook_events"))[0]?.count);

test("the environment's token makes a PBX that only posts events, and nobody connects to it", async () => {
  const { items } = (await api.get("/api/v1/pbxs")).body;
  assert.deepEqual(
    items.map(({ host, secret, posts_events, origin, time_zone }: Json) => [
      host,
      secret,
      posts_events,
      origin,
      time_zone,
    ]),
    [[null, null, true, "environment", "Europe/Madrid"]],
  );
  assert.match((await anybody.get("/ready")).body.checks.pbx.detail, /0 of 0/);
  assert.equal((await api.post(`/api/v1/pbxs/${items[0].id}/check`)).status, 409);
  assert.ok(!JSON.stringify(await enlace.rows("select * from pbx_tokens")).includes(TOKEN));
});

test("an answered call is one call in the log and one record in the CRM", async () => {
  await post("s01"); // 1, 9
  const call = await find(
    "1700000100.10",
    ({ outcome, deliveries }) => outcome === "answered" && deliveries[0]?.state === "delivered",
  );
  const { direction, from, agent_extension, trunk, started_at, ended_at, ring_seconds, talk_seconds, source, pbx } =
    call;
  assert.deepEqual(
    { direction, from, agent_extension, trunk, started_at, ended_at, ring_seconds, talk_seconds, source, pbx },
    {
      ...{
        direction: "inbound",
        from: "+10000000001",
        agent_extension: "102",
        trunk: "0009001",
        source: "hook",
        pbx: "PBX",
      },
      // 7: 23:15:00 of Madrid's winter
      ...{
        started_at: "2023-11-14T22:15:00.000Z",
        ended_at: "2023-11-14T22:15:40.000Z",
        ring_seconds: 5,
        talk_seconds: 35,
      },
    },
  );
  const records = enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === "1700000100.10");
  assert.equal(records.length, 1);
});

test("the token may stand in the header alone; a wrong one gets 401 and leaves nothing", async () => {
  const event = { UniqueId: "1700000200.1", Phone: "34600000011", CallType: 0, Trunk: "0009001" };
  const before = await countEvents();
  for (const client of [anybody, enlace.as({ token: "unit-token-X" })]) {
    const { status, body } = await client.post("/start", event); // 1
    assert.deepEqual([status, body.code], [401, "unauthenticated"]);
  }
  assert.equal((await anybody.post("/start", withToken(event, "unit-token-X"))).status, 401);
  assert.equal(await countEvents(), before);
  const accepted = await enlace.as({ token: TOKEN }).post("/start", event);
  assert.deepEqual([accepted.status, accepted.body], [202, { status: "ok", message: "Event queued for processing" }]);
  const [stored] = await eventsOf("1700000200.1");
  assert.deepEqual(stored?.body, event);
});

test("who signs, too, must sign well", async () => {
  const event = JSON.stringify({ UniqueId: "1700000210.1", Phone: "34600000018", CallType: 0 });
  const send = async (signature: string) => {
    const headers = { token: TOKEN, "content-type": "application/json", "x-signature": signature };
    return (await fetch(`${enlace.url}/start`, { method: "POST", headers, body: event })).status;
  };
  assert.equal(await send("0".repeat(64)), 401);
  assert.deepEqual(await eventsOf("1700000210.1"), []);
  assert.equal(await send(toSignature(event, WEBHOOK_SECRET)), 202);
});

test("a token in the body is not kept with it", async () => {
  await anybody.post("/start", withToken({ UniqueId: "1700000201.1", Phone: "34600000011", CallType: 0 }));
  assert.deepEqual((await eventsOf("1700000201.1"))[0]?.body, {
    UniqueId: "1700000201.1",
    Phone: "34600000011",
    CallType: 0,
  });
});

test("what cannot be read is refused by name, and kept as it came", async () => {
  const known = enlace.as({ token: TOKEN });
  const before = await countEvents();
  for (const [path, body, status, field] of [
    ["/start", [1, 2], 422, ""], // 1
    ["/start", { Phone: "34600000011" }, 422, "UniqueId"],
    ["/dial", { UniqueId: "1700000202.1", Extensions: [{ a: 1 }] }, 422, "Extensions"],
    ["/hangup", { UniqueId: "1700000202.1", EndTime: "yesterday" }, 422, "EndTime"],
    ["/api/events", { event_type: "unheard_of", payload: {} }, 422, "event_type"],
    ["/api/events", { event_type: "dial", payload: "no" }, 422, "payload"],
  ] as const) {
    const answer = await known.post(path, body);
    assert.deepEqual([answer.status, answer.body.errors[0].path], [status, field], path);
  }
  assert.equal((await anybody.post("/start", [1, 2])).status, 422, "no token can be in a list");
  assert.equal(await countEvents(), before + 6);
  const [refused] = await enlace.rows(
    "select problem, body from hook_events where state = 'refused' and problem like 'EndTime%'",
  );
  assert.equal(refused?.body.EndTime, "yesterday");
});

test("a body beyond 64 KB is too large, and no JSON is no JSON", async () => {
  const big = withToken({ UniqueId: "1700000203.1", Phone: "1".repeat(70_000) });
  assert.equal((await anybody.post("/start", big)).status, 413);
  const headers = { token: TOKEN, "content-type": "application/json" };
  const broken = await fetch(`${enlace.url}/start`, { method: "POST", headers, body: "{" });
  assert.equal(broken.status, 400);
});

test("the same event again is a duplicate and has no second effect, however it is spaced", async () => {
  const event = { UniqueId: "1700000204.1", Phone: "34600000012", CallType: 0, Trunk: "0009001" };
  assert.equal((await anybody.post("/start", withToken(event))).status, 202); // 2
  const { revision } = await find("1700000204.1", () => true);
  const turned = Object.fromEntries(Object.entries(event).reverse());
  const again = await anybody.post("/start", { ...turned, Token: TOKEN });
  assert.deepEqual([again.status, again.body], [200, { status: "duplicate" }]);
  assert.equal((await find("1700000204.1", () => true)).revision, revision);
});

test("two bridges of one channel are two events", async () => {
  const event = { UniqueId: "1700000205.1", CallerIDNum: "101", ConnectedLineNum: "102" };
  for (const BridgeUniqueid of ["x1", "x2"])
    assert.equal((await anybody.post("/bridge", withToken({ ...event, BridgeUniqueid }))).status, 202); // 3
  assert.equal((await eventsOf("1700000205.1")).length, 2);
});

test("types as text or number mean the same, forms are taken, and an empty status is no answer", async () => {
  const end = { StartTime: "2025-08-02 14:00:00", EndTime: "2025-08-02 14:01:00" };
  const texts = {
    UniqueId: "1700000206.1",
    Phone: "34600000013",
    CallType: "0",
    CallStatus: "2",
    Extensions: ["102"],
    ...end,
  };
  const numbers = {
    UniqueId: "1700000206.2",
    Phone: 34600000013,
    CallType: 0,
    CallStatus: 2,
    Extensions: [102],
    ...end,
  };
  await anybody.post("/hangup", withToken(texts)); // 6
  await anybody.post("/hangup", withToken(numbers));
  const [one, other] = [await find("1700000206.1", () => true), await find("1700000206.2", () => true)];
  const same = ["direction", "from", "outcome", "agent_extension", "started_at", "talk_seconds"];
  assert.deepEqual(
    same.map((name) => one[name]),
    same.map((name) => other[name]),
  );
  assert.deepEqual([one.outcome, one.agent_extension, one.started_at], ["answered", "102", "2025-08-02T12:00:00.000Z"]);
  const form = new URLSearchParams({
    Token: TOKEN,
    UniqueId: "1700000206.3",
    Phone: "34600000013",
    CallType: "0",
    CallStatus: "",
  });
  form.append("Extensions", "");
  const { status } = await fetch(`${enlace.url}/hangup`, { method: "POST", body: form });
  assert.equal(status, 202);
  assert.equal((await find("1700000206.3", () => true)).outcome, "missed");
});

test("a hang-up without a start says when by its call record", async () => {
  const fields = {
    UniqueId: "77.1",
    Phone: "34600000014",
    CallType: 0,
    CallStatus: "0",
    StartTime: "",
    Extensions: [""],
  };
  await anybody.post(
    "/hangup",
    withToken({ ...fields, DateReceived: "2025-01-15 09:30:00", EndTime: "2025-01-15 09:30:20" }),
  ); // 8
  assert.equal((await find("77.1", () => true)).started_at, "2025-01-15T08:30:00.000Z");
});

test("one body for all events takes the same, and the tenant it names must be the token's", async () => {
  const { number } = (await api.get("/api/v1/tenants")).body.items[0];
  const payload = {
    UniqueId: "1700000207.1",
    Phone: "34600000015",
    CallType: 1,
    Extensions: ["101"],
    Trunk: "0009001",
  };
  const known = enlace.as({ token: TOKEN });
  assert.equal(
    (await known.post("/api/events", { enterprise_number: number, event_type: "dial", payload })).status,
    202,
  );
  const call = await find("1700000207.1", () => true);
  assert.deepEqual([call.direction, call.agent_extension], ["outbound", "101"]);
  assert.equal(
    (await known.post("/api/events", { enterprise_number: "9999", event_type: "dial", payload })).status,
    401,
  );
});

test("a call told by recovery alone is kept with its recording, as recovered", async () => {
  const payload = {
    ...{
      UniqueId: "1700000208.1",
      Phone: "34600000016",
      CallType: 0,
      CallStatus: "2",
      Extensions: ["101"],
      Trunk: "0009001",
    },
    ...{
      StartTime: "2025-03-01 10:00:00",
      EndTime: "2025-03-01 10:02:00",
      recording_url: "https://pbx.example.test/r/1.mp3",
    },
  };
  const known = enlace.as({ token: TOKEN });
  assert.equal((await known.post("/api/events", { event_type: "download", payload })).status, 202); // 59
  const call = await find("1700000208.1", () => true);
  assert.deepEqual([call.outcome, call.source, call.agent_extension], ["answered", "recovery", "101"]);
  assert.deepEqual(call.recording, { url: payload.recording_url });
});

test("calls between extensions are in the log and not in the CRM", async () => {
  await post("s08"); // 15
  const call = await find("1700000100.60", ({ ended_at }) => ended_at !== null);
  assert.deepEqual([call.direction, call.outcome, call.deliveries], ["internal", "answered", []]);
  const uuids = enlace.crm.records("PBXManager").map(({ fields }) => fields.sourceuuid);
  assert.ok(!uuids.includes("1700000100.60"));
});

test("a call that is passed on twice is one call of its last talker, and its consultations are no calls", async () => {
  const before = (await callsOf(api, "?limit=100")).length;
  await post("s11"); // 16
  const call = await find("1700000100.70", ({ ended_at }) => ended_at !== null);
  assert.deepEqual([call.direction, call.outcome, call.agent_extension], ["inbound", "answered", "104"]);
  assert.equal((await callsOf(api, "?limit=100")).length, before + 1);
});

test("the same unique id of two tenants is two calls, and a bridge without a channel is each one's own", async () => {
  const admin = { username: "admin-b", password: ADMIN_PASSWORD };
  const fields = { number: "9002", name: "Tenant B", time_zone: "America/Lima", country: "PE", language: "es", admin };
  assert.equal((await api.post("/api/v1/tenants", fields)).status, 201);
  const other = await enlace.logIn("admin-b", ADMIN_PASSWORD);
  const pbx = await other.post("/api/v1/pbxs", { name: "Lima", time_zone: "America/Lima" });
  assert.equal(pbx.status, 201, JSON.stringify(pbx.body));
  const { token } = (await other.post(`/api/v1/pbxs/${pbx.body.id}/event-token`, {})).body;
  const hangup = { UniqueId: "1700000100.10", Phone: "51900000001", CallType: 0, CallStatus: "0", Extensions: [""] };
  const times = { StartTime: "2025-08-02 14:00:00", EndTime: "2025-08-02 14:00:20" };
  await anybody.post("/hangup", withToken({ ...hangup, ...times }, token)); // 5, 7
  const theirs = await find("1700000100.10", () => true, other);
  assert.deepEqual([theirs.outcome, theirs.started_at], ["missed", "2025-08-02T19:00:00.000Z"]);
  assert.equal((await find("1700000100.10", () => true)).outcome, "answered");
  const bridge = { UniqueId: "", BridgeUniqueid: "same", BridgeTechnology: "simple_bridge" };
  for (const each of [TOKEN, token])
    assert.equal((await anybody.post("/bridge_create", withToken(bridge, each))).status, 202); // 4
  const rows = await enlace.rows(
    "select count(distinct tenant_id) as tenants from hook_events where body ->> 'BridgeUniqueid' = 'same'",
  );
  assert.equal(rows[0]?.tenants, "2");
});

test("a late event of a call that is over is kept and changes nothing", async () => {
  const { revision, outcome } = await find("1700000100.10", () => true);
  const late = {
    UniqueId: "1700000100.10",
    Phone: "10000000001",
    CallType: 0,
    Trunk: "0009001",
    Extensions: ["101", "104"],
  };
  assert.equal((await anybody.post("/dial", withToken({ ...late, SentAt: BEGUN + 1.5 }))).status, 202); // 22
  await eventually(async () => {
    const dials = await enlace.rows(
      "select state from hook_events where unique_id = '1700000100.10' and tenant_id = 1 and type = 'dial'",
    );
    assert.deepEqual(
      dials.map(({ state }) => state),
      ["told", "told"],
    );
  });
  const call = await find("1700000100.10", () => true);
  assert.equal(call.outcome, outcome);
  const signals = await enlace.rows(
    "select 1 from deliveries where subject_id = $1 and kind = 'signal' and sequence > $2",
    [call.id, revision],
  );
  assert.deepEqual(signals, []);
});

test("a rotated token lets the former one in for the overlap, and a revoked one nobody", async () => {
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  const path = `/api/v1/pbxs/${id}/event-token`;
  const event = (n: number) => ({ UniqueId: `1700000300.${n}`, Phone: "34600000017", CallType: 0 });
  const status = async (n: number, token: string) => (await anybody.post("/start", withToken(event(n), token))).status;
  const { token } = (await api.post(path, { overlap_seconds: 60 })).body;
  assert.deepEqual([await status(1, token), await status(2, TOKEN)], [202, 202]);
  const second = (await api.post(path, {})).body.token;
  assert.deepEqual([await status(3, token), await status(4, TOKEN), await status(5, second)], [401, 401, 202]);
  assert.equal((await api.delete(path)).status, 204);
  assert.equal(await status(6, second), 401);
  const { items } = (await api.get("/api/v1/audit")).body;
  assert.deepEqual(
    items.slice(0, 2).map(({ action }: Json) => action),
    ["pbx.event_token_revoke", "pbx.event_token"],
  );
  assert.ok(!JSON.stringify(items).includes(second));
});

test("two processes that share a PBX's events make one call of them", async () => {
  const other = await startTestEnlace({ database: enlace.database, env: { PBX_TOKEN: TOKEN, ENLACE_ROLES: "api" } });
  const [{ id }] = (await api.get("/api/v1/pbxs")).body.items;
  const { token } = (await api.post(`/api/v1/pbxs/${id}/event-token`, {})).body;
  const doors = [anybody, other.as({})];
  await Promise.all(
    loadSequence("s04").map(({ type, fields, seconds }, index) =>
      doors[index % 2]?.post(`/${type}`, withToken({ ...fields, SentAt: BEGUN + seconds }, token)),
    ),
  );
  const call = await find(
    "1700000100.30",
    ({ ended_at, agent_extension }) => ended_at !== null && agent_extension === "103",
  );
  assert.deepEqual([call.outcome, call.ring_seconds, call.talk_seconds], ["answered", 35, 25]);
  await other.stop();
});
