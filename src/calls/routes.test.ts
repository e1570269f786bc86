import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../test/database.ts";
import { createTestServer, toKey, toPerson } from "../../test/http-fixture.ts";
import { reduceCall } from "../core/call.ts";
import type { CallFact } from "../core/call-fact.ts";
import { toCallRow } from "../core/call-row.ts";
import { type RowId, toTenantId } from "../core/ids.ts";
import { parsePartyNumber } from "../core/phone-number.ts";
import { registerCallRoutes } from "./routes.ts";
import { loadCallSubjects } from "./store.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const database = await createTestDatabase(NOW);
const query = (text: string, values: unknown[] = []) => database.pool.query(text, values);

const app = await createTestServer({
  ana: toPerson(),
  eve: toPerson({ tenantId: toTenantId(2) }),
  sofia: toPerson({ role: "supervisor" }),
  agent: toPerson({ role: "agent" }),
  viewer: toPerson({ role: "viewer" }),
  reader: toKey(["calls:read"]),
  stranger: toKey(["users:read"]),
});
const OWN_PROJECT = "7" as RowId;
registerCallRoutes(app, {
  ...{ database, loadTenant: async () => ({ country: "ES" }) },
  listOwnProjects: async ({ role }) => (role === "supervisor" ? [OWN_PROJECT] : null),
});

await query(
  `insert into tenants (number, name, time_zone, country, language, is_default, created_at, updated_at)
  values ('100', 'One', 'UTC', 'ES', 'es', true, $1, $1), ('200', 'Two', 'UTC', 'ES', 'es', false, $1, $1)`,
  [NOW],
);
await query(
  `insert into connections (tenant_id, connector, name, settings, created_at, updated_at)
  values (1, 'vtiger', 'crm', '{}', $1, $1), (1, 'webhook', 'hook', '{}', $1, $1)`,
  [NOW],
);

async function get(path: string, who = "ana") {
  const answer = await app.inject({ url: `/api/v1/calls${path}`, headers: { authorization: `Bearer ${who}` } });
  return { status: answer.statusCode, body: answer.json() };
}
const uuids = async (path: string, who?: string): Promise<string[]> => {
  const { status, body } = await get(path, who);
  assert.equal(status, 200, JSON.stringify(body));
  return body.items.map((item: { call_uuid: string }) => item.call_uuid);
};

let told = 0;
const minute = (n: number): Date => new Date(NOW.getTime() + n * 60_000);

/** Puts a call into the store as `accept` does. */
async function putCall(uuid: string, fact: Partial<CallFact> = {}, tenantId = 1): Promise<RowId> {
  const whole: CallFact = { key: `k${told++}`, source: "webhook", at: fact.startedAt ?? NOW, ...fact };
  const row = {
    tenant_id: tenantId,
    call_uuid: uuid,
    revision: 1,
    ...toCallRow(reduceCall([whole])),
    created_at: NOW,
    updated_at: NOW,
  };
  const names = Object.keys(row);
  const { rows } = await query(
    `insert into calls (${names.join(", ")}) values (${names.map((_, n) => `$${n + 1}`).join(", ")}) returning id`,
    Object.values(row),
  );
  await query(
    `insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $3)`,
    [tenantId, rows[0].id, NOW, whole.key, whole.source, whole.at, whole, { call_uuid: uuid }],
  );
  return rows[0].id;
}

interface Put {
  connection?: number;
  state?: string;
  remote?: unknown;
  reason?: string;
}
async function putDelivery(
  call: RowId,
  { connection = 1, state = "delivered", remote = null, reason }: Put,
): Promise<RowId> {
  const { rows } = await query(
    `insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision,
       delivered_revision, due_at, remote, reason, reason_words, last_attempt_at, created_at, updated_at)
     values (1, $1, 'call', $2, $3, 'record', $4, 1, 1, $3, $5, $6, $7, $3, $3, $3) returning id`,
    [
      connection,
      call,
      NOW,
      state,
      remote,
      reason,
      reason && { text: reason, code: "crm.noField", values: { field: "cf_1" } },
    ],
  );
  return rows[0].id;
}

const customer = parsePartyNumber("+34600000001", "ES");
const answered = await putCall("answered", {
  status: "answered",
  direction: "inbound",
  from: customer,
  to: parsePartyNumber("1001", "ES"),
  startedAt: minute(0),
  answeredAt: minute(1),
  endedAt: minute(3),
  agentExtension: "1001",
  trunk: "trunk-a",
  pbx: "pbx-a",
  recordingUrl: "https://pbx.example.test/1.mp3",
});
await putDelivery(answered, {
  remote: { id: "24x6", url: "https://crm.example.test/24x6", refs: { contact: "12x9", contact_name: "Ana" } },
});
await putDelivery(answered, { connection: 2, state: "dead", reason: "no such field" });
const missed = await putCall("missed", {
  status: "missed",
  direction: "inbound",
  from: customer,
  startedAt: minute(5),
  source: "ami",
});
await putDelivery(missed, { state: "pending" });
await putCall("outbound", {
  status: "busy",
  direction: "outbound",
  from: parsePartyNumber("1002", "ES"),
  to: customer,
  startedAt: minute(9),
});
await putCall("ringing", { status: "ringing", from: parsePartyNumber("anonymous", "ES"), startedAt: minute(10) });
await putCall("theirs", { status: "answered", from: customer, startedAt: minute(11) }, 2);

test("a call shows everything by the names scripts rely on", async () => {
  const { body } = await get("?call_uuid=answered");
  assert.equal(body.next_cursor, null);
  const [item] = body.items;
  assert.deepEqual(item, {
    id: answered,
    call_uuid: "answered",
    revision: 1,
    direction: "inbound",
    from: "+34600000001",
    to: "1001",
    outcome: "answered",
    agent_extension: "1001",
    trunk: "trunk-a",
    pbx: "pbx-a",
    started_at: minute(0).toISOString(),
    answered_at: minute(1).toISOString(),
    ended_at: minute(3).toISOString(),
    ring_seconds: 60,
    talk_seconds: 120,
    hold_seconds: null,
    queue: null,
    hangup_cause: null,
    project: null,
    campaign_id: null,
    contact: { id: "12x9", name: "Ana", connection_id: "1", connector: "vtiger" },
    recording: { url: "https://pbx.example.test/1.mp3" },
    source: "webhook",
    deliveries: [
      {
        id: item.deliveries[0].id,
        connection_id: "1",
        connection: "crm",
        connector: "vtiger",
        state: "delivered",
        remote_id: "24x6",
        url: "https://crm.example.test/24x6",
        ...{ review: null, review_code: null, review_values: null },
        ...{ reason: null, reason_code: null, reason_values: null },
        last_attempt_at: NOW.toISOString(),
      },
      {
        id: item.deliveries[1].id,
        connection_id: "2",
        connection: "hook",
        connector: "webhook",
        state: "dead",
        remote_id: null,
        url: null,
        ...{ review: null, review_code: null, review_values: null },
        ...{ reason: "no such field", reason_code: "crm.noField", reason_values: { field: "cf_1" } },
        last_attempt_at: NOW.toISOString(),
      },
    ],
  });
});

test("what nobody knows is null, and the best source is named", async () => {
  const [item] = (await get("?call_uuid=missed")).body.items;
  assert.deepEqual(
    [item.contact, item.recording, item.answered_at, item.agent_extension, item.to, item.talk_seconds, item.source],
    [null, null, null, null, null, 0, "ami"],
  );
});

test("calls come newest first, and every filter narrows them down", async () => {
  assert.deepEqual(await uuids(""), ["ringing", "outbound", "missed", "answered"]);
  assert.deepEqual(await uuids("?direction=outbound"), ["outbound"]);
  assert.deepEqual(await uuids("?outcome=missed"), ["missed"]);
  assert.deepEqual(await uuids("?outcome=in_progress"), ["ringing"]);
  assert.deepEqual(await uuids("?extension=1001"), ["answered"]);
  assert.deepEqual(await uuids(`?since=${minute(5).toISOString()}&until=${minute(9).toISOString()}`), ["missed"]);
  assert.deepEqual(await uuids("?since=2026-03-10T13:05:00%2B01:00&direction=inbound"), ["ringing", "missed"]);
  assert.deepEqual(await uuids("?delivery_state=dead"), ["answered"]);
  assert.deepEqual(await uuids("?delivery_state=pending"), ["missed"]);
  assert.deepEqual(await uuids("?connection_id=2"), ["answered"]);
  assert.deepEqual(await uuids("?connection_id=2&delivery_state=delivered"), []);
  assert.deepEqual(await uuids("?call_uuid=nothing"), []);
});

test("a number is found at either end, however it is written", async () => {
  for (const number of ["+34600000001", "600 00 00 01", "0034600000001", "600-000-001"]) {
    assert.deepEqual(await uuids(`?number=${encodeURIComponent(number)}`), ["outbound", "missed", "answered"], number);
  }
  assert.deepEqual(await uuids("?number=1002"), ["outbound"]);
  assert.deepEqual(await uuids("?number=600000001&outcome=busy"), ["outbound"]);
  assert.deepEqual(await uuids("?number=600000009"), []);
});

test("pages follow each other without a gap or a repetition, also where calls began in the same instant", async () => {
  for (let n = 0; n < 7; n++)
    await putCall(`tie-${n}`, {
      startedAt: minute(60),
      from: customer,
      to: n % 2 ? customer : extension,
      status: "busy",
    });
  for (const filter of ["", "&number=600000001"]) {
    const whole = await uuids(`?limit=200${filter}`);
    const paged: string[] = [];
    for (let cursor = ""; ; ) {
      const { body } = await get(`?limit=3${filter}${cursor}`);
      paged.push(...body.items.map((item: { call_uuid: string }) => item.call_uuid));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    assert.deepEqual(paged, whole);
    assert.equal(new Set(whole).size, whole.length);
  }
  await query("delete from calls where call_uuid like 'tie-%'");
});
const extension = parsePartyNumber("1001", "ES");

test("a query that makes no sense is refused and named", async () => {
  const refusedBy = async (path: string): Promise<unknown> => {
    const { status, body } = await get(path);
    assert.equal(status, 422, path);
    return body.errors[0].path;
  };
  assert.equal(await refusedBy("?outcome=fine"), "outcome");
  assert.equal(await refusedBy("?since=yesterday"), "since");
  assert.equal(await refusedBy("?limit=0"), "limit");
  assert.equal(await refusedBy("?limit=201"), "limit");
  assert.equal(await refusedBy("?cursor=nonsense"), "cursor");
  assert.equal(await refusedBy("?delivery_state=gone"), "delivery_state");
  assert.equal(await refusedBy("?connection_id=x"), "connection_id");
  assert.equal(
    await refusedBy(`?cursor=${Buffer.from('{"at":"2026-01-01T00:00:00Z","id":"1; drop"}').toString("base64url")}`),
    "cursor",
  );
});

test("one call shows its timeline: facts as told and every attempt", async () => {
  await query(
    `insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
     values (1, $1, $2, 'early', 'ami', $3, $4, $5, $2), (1, $1, $2, 'big', 'ami', $3, $6, $7, $2)`,
    [
      answered,
      NOW,
      minute(-1),
      { key: "early", source: "ami", at: minute(-1), status: "ringing", talkSeconds: 3 },
      { Event: "Newchannel" },
      { key: "big", source: "ami", at: minute(-1) },
      { big: "x".repeat(9_000) },
    ],
  );
  const [delivery] = (await get(`/${answered}`)).body.deliveries;
  await query(
    `insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, revision, outcome, reason, exchanges)
     values (1, $1, 1, $2, 15, 1, 'retry', 'HTTP 503', '[]'), (1, $1, 2, $3, 20, 1, 'delivered', null, '[]')`,
    [delivery.id, minute(4), minute(5)],
  );
  const { status, body } = await get(`/${answered}`);
  assert.equal(status, 200);
  assert.equal(body.call_uuid, "answered");
  const story = body.timeline.map(({ kind, text }: { kind: string; text: string }) => `${kind}: ${text}`);
  assert.deepEqual(story.slice(0, 2).sort(), ["fact: nothing but its existence", "fact: ringing; talked 3 s"]);
  assert.deepEqual(story.slice(2), [
    "fact: answered; inbound; from +34600000001; to 1001; agent 1001; recording",
    "attempt: crm: retry (attempt 1, 15 ms): HTTP 503",
    "attempt: crm: delivered (attempt 2, 20 ms)",
  ]);
  const raws = body.timeline.map((entry: { raw: unknown }) => JSON.stringify(entry.raw)).sort();
  assert.deepEqual(
    raws,
    ["null", "null", "null", '{"Event":"Newchannel"}', '{"call_uuid":"answered"}'],
    "large raws are left out",
  );
  assert.deepEqual(body.timeline.at(-1), {
    at: minute(5).toISOString(),
    kind: "attempt",
    text: "crm: delivered (attempt 2, 20 ms)",
    ...{ text_code: null, text_values: null },
    source: null,
    received_at: null,
    raw: null,
    delivery_id: delivery.id,
    connection: "crm",
    outcome: "delivered",
    duration_ms: 20,
    number: 2,
    ...{ reason: null, reason_code: null, reason_values: null },
  });
});

test("a call of another tenant does not exist", async () => {
  assert.deepEqual(await uuids("", "eve"), ["theirs"]);
  const [{ id }] = (await query("select id from calls where call_uuid = 'theirs'")).rows;
  assert.equal((await get(`/${id}`)).status, 404);
  assert.equal((await get(`/${id}`, "eve")).status, 200);
  assert.equal((await get("/999999")).status, 404);
  assert.equal((await get("/abc")).status, 422);
  assert.deepEqual(await uuids("?number=600000001", "eve"), ["theirs"]);
});

test("every role of the tenant and a key with the scope may read; nobody else", async () => {
  for (const who of ["ana", "agent", "viewer", "reader"]) assert.equal((await get("", who)).status, 200, who);
  assert.equal((await get("", "stranger")).status, 403);
  assert.equal((await get("", "nobody")).status, 401);
  assert.equal((await get(`/${answered}`, "stranger")).status, 403);
});

test("delivery gets the calls it asks for as they are, and none that are gone or another tenant's", async () => {
  const refs = [
    { tenantId: 1, callId: answered },
    { tenantId: 2, callId: missed },
    { tenantId: 1, callId: "999999" },
  ];
  const subjects = await loadCallSubjects(database.sql, refs);
  assert.equal(subjects.length, 1);
  const [subject] = subjects;
  assert.deepEqual(
    [subject?.tenantId, subject?.callId, subject?.callUuid, subject?.revision],
    [1, answered, "answered", 1],
  );
  assert.deepEqual(subject?.call.from, customer);
  assert.equal(subject?.call.talkSeconds, 120);
  assert.deepEqual(await loadCallSubjects(database.sql, []), []);
});

const toStory = (projectId: string, campaignId?: string): Partial<CallFact> => ({
  ...{ source: "dialer", status: "answered", direction: "outbound", startedAt: minute(-500), endedAt: minute(-499) },
  details: {
    dialer: {
      ...{
        attemptId: `d${projectId}`,
        projectId,
        project: `Project ${projectId}`,
        disposition: "answered",
        attempt: 1,
      },
      ...(campaignId && { campaignId }),
    },
  },
});

test("a call of the dialer says its project and campaign, and is found by them", async () => {
  await putCall("dialed-7", toStory("7", "70"));
  const foreign = await putCall("dialed-8", toStory("8"));
  assert.deepEqual(await uuids("?project_id=7"), ["dialed-7"]);
  assert.deepEqual(await uuids("?campaign_id=70"), ["dialed-7"]);
  assert.deepEqual(await uuids("?campaign_id=71"), []);
  const { body } = await get(`/${foreign}`);
  assert.deepEqual([body.project, body.campaign_id], [{ id: "8", name: "Project 8" }, null]);
});

test("a supervisor sees calls of their own projects and of none, and no other; the tenant's others see all", async () => {
  const seen = await uuids("?limit=200", "sofia");
  assert.ok(seen.includes("dialed-7") && seen.includes("answered") && !seen.includes("dialed-8"));
  assert.deepEqual(await uuids("?project_id=8", "sofia"), []);
  assert.deepEqual(await uuids("?project_id=8", "viewer"), ["dialed-8"]);
  const [{ id } = assert.fail()] = (await get("?project_id=8")).body.items;
  assert.equal((await get(`/${id}`, "sofia")).status, 404);
  assert.equal((await get(`/${id}`, "viewer")).status, 200);
});

test("the state of a connection is asked for in a person's words", async () => {
  const given = async (uuid: string, delivery: Put): Promise<void> =>
    void (await putDelivery(await putCall(uuid, { startedAt: minute(-600) }), delivery));
  const range = `since=${minute(-601).toISOString()}&until=${minute(-599).toISOString()}`;
  await given("linked", { remote: { id: "1", refs: { contact: "12x1" } } });
  await given("unlinked", { remote: { id: "2", refs: {} } });
  await given("bare", { remote: null });
  await given("on-its-way", { state: "leased" });
  await given("given-up", { state: "discarded" });
  await given("in-vain", { state: "dead" });
  const of = async (state: string) => (await uuids(`?${range}&connection_state=${state}`)).sort();
  assert.deepEqual(await of("delivered"), ["bare", "linked", "unlinked"]);
  assert.deepEqual(await of("not_linked"), ["bare", "unlinked"]);
  assert.deepEqual(await of("waiting"), ["on-its-way"]);
  assert.deepEqual(await of("failed"), ["given-up", "in-vain"]);
  assert.deepEqual(await uuids(`?${range}&connection_state=failed&connection_id=2`), []);
  assert.deepEqual(await uuids(`?${range}&connection_state=delivered&delivery_state=dead`), []);
});
