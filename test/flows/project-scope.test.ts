// A supervisor of one project, on every operation of the API document: what belongs to another project is not seen and not touched.
// New operations are in it by themselves.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { ApiClient, Json } from "../api-client.ts";
import { startDialPbx } from "../dial-pbx.ts";
import { createDialerFixture } from "../dialer-fixture.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { hear, listen, logInToken } from "../event-listener.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

/** Collections that the whole tenant shares: its lines, systems and rules are nobody's project. */
const SHARED = ["audios", "connections", "dialer", "pbxs", "sessions", "trunks"];
const NOBODYS_ID = "999999999";

const pbx = await startDialPbx();
const enlace = await startTestEnlace({
  env: {
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.ami.port), AMI_USERNAME: "enlace", AMI_SECRET: "test-secret" },
    ENLACE_API_RATE: "1000000",
  },
});
after(() => pbx.ami.stop()); // Enlace ends before it
const { api } = enlace;
const house = await createDialerFixture(enlace);

const made = async (path: string, body: object): Promise<Json> => {
  const answer = await api.post(path, body);
  assert.ok([200, 201].includes(answer.status), `${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
};
const createUser = async (username: string, role: string): Promise<{ id: string; client: ApiClient }> => {
  const { id } = await made("/api/v1/users", { username, role, password: ADMIN_PASSWORD });
  return { id, client: await enlace.logIn(username, ADMIN_PASSWORD) };
};
const operations = await loadOperations();
/** Numbers ending in 2 ring and are answered by the test; the others talk for a moment. */
pbx.fateOf = (number) => (number.endsWith("2") ? { does: "ring" } : { does: "answer", talkMs: 20 });
const trunkId = await house.createTrunk("carrier");
const own = await createThings("Ours", "+3460000020");
const foreign = await createThings("Theirs", "+3460000030");
await enlace.postCall({
  ...{ call_uuid: "of-no-project", from: "+34600000401", to: "+34900112233", direction: "inbound", status: "missed" },
  ...{ start_time: new Date().toISOString(), end_time: new Date().toISOString() },
});
const sonia = await createUser("sonia", "supervisor");
const assigned = await api.put(`/api/v1/projects/${own.ids.projects}/users`, { user_ids: [sonia.id] });
assert.equal(assigned.status, 200, JSON.stringify(assigned.body));
const supervisor = sonia.client;
const { client: viewer } = await createUser("victor", "viewer");

interface Operation {
  name: string;
  method: string;
  path: string;
  roles: readonly string[];
}

async function loadOperations(): Promise<Operation[]> {
  const { paths } = (await enlace.as({}).get("/openapi.json")).body;
  const found = Object.entries(paths as Json).flatMap(([path, methods]) =>
    Object.entries(methods as Json).map(([verb, operation]) => ({
      ...{ name: `${verb.toUpperCase()} ${path}`, method: verb.toUpperCase(), path },
      access: (operation as Json)["x-enlace-access"],
    })),
  );
  return found.flatMap(({ access, ...operation }) =>
    access.public || access.operator_only ? [] : [{ ...operation, roles: access.roles }],
  );
}

interface Things {
  name: string;
  /** How every number of it begins. */
  numbers: string;
  /** By the collection it is in. */
  ids: Record<string, string>;
  /** The call that goes on. */
  liveCallId: string;
  /** They end the names of their calls. */
  attemptIds: readonly string[];
}

/** A project with one thing of every kind: a campaign with a contact, a call that is over and one that goes on, a dead letter … */
async function createThings(name: string, numbers: string): Promise<Things> {
  const { id: projects } = await house.createProject(name, { trunks: [{ trunk_id: trunkId, weight: 1 }] });
  const campaigns = (await made("/api/v1/campaigns", { project_id: projects, name: `${name} to call` })).id;
  await made(`/api/v1/campaigns/${campaigns}/contacts`, { number: `${numbers}3` });
  const imports = (await importList(campaigns, `${numbers}4\nnobody\n`)).id;
  const entry = { number: `${numbers}5`, scope: "project", project_id: projects, reason: name };
  const { suppression } = await made("/api/v1/suppressions", entry);
  await made(`/api/v1/projects/${projects}/caller-ids`, { number: `${numbers}6` });
  const holidays = { holidays: [{ on: "2030-05-01", name }] };
  assert.equal((await api.put(`/api/v1/holidays?project_id=${projects}`, holidays)).status, 200);
  const { attempt_id: attempts } = await house.dial(projects, `${numbers}1`);
  const { attempt_id: going } = await house.dial(projects, `${numbers}2`);
  const calls = await endedCallOf(attempts);
  const deliveries = await deadLetterOf(calls);
  await eventually(() =>
    (pbx.calls.find(({ number }) => number.endsWith(`${numbers.slice(-8)}2`)) ?? assert.fail()).answer(),
  );
  const liveCallId = await callOf(going, ({ answered_at }) => answered_at !== null);
  const ids = { projects, campaigns, imports, attempts, calls, deliveries, suppressions: suppression.id };
  return { name, numbers, ids, liveCallId, attemptIds: [attempts, going] };
}

async function importList(campaignId: string, lines: string): Promise<Json> {
  const { key } = await made("/api/v1/api-keys", { name: `list of ${campaignId}`, scopes: ["dialer:write"] });
  const url = `${enlace.url}/api/v1/campaigns/${campaignId}/import?wait_seconds=25`;
  const headers = { "x-api-key": key, "content-type": "text/csv" };
  const answer = await fetch(url, { method: "POST", headers, body: lines });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

function callOf(attemptId: string, check: (call: Json) => boolean): Promise<string> {
  return eventually(async () => {
    const items: Json[] = (await api.get("/api/v1/calls?limit=200")).body.items;
    const found = items.find((call) => call.call_uuid.endsWith(attemptId) && check(call));
    return found?.id ?? assert.fail(`${attemptId}: ${JSON.stringify(items)}`);
  });
}

/** Once the PBX and the dialer have both told of its end: nothing changes it any more. */
function endedCallOf(attemptId: string): Promise<string> {
  return eventually(async () => {
    const [row] = await enlace.rows<{ id: string }>(
      `select c.id from calls c join facts f on f.tenant_id = c.tenant_id and f.call_id = c.id
        where c.call_uuid like '%' || $1 and c.project_id is not null
        group by c.id having bool_or(f.source = 'ami' and f.fact ->> 'endedAt' is not null)`,
      [attemptId],
    );
    return row?.id ?? assert.fail(`${attemptId} goes on`);
  });
}

/** Its record arrived as the call is now, and is then said to have not. */
function deadLetterOf(callId: string): Promise<string> {
  return eventually(async () => {
    const [row] = await enlace.rows<{ id: string }>(
      `update deliveries d set state = 'dead', reason = 'the CRM would not' from calls c
        where c.id = d.subject_id and d.subject_id = $1 and d.delivered_revision = c.revision returning d.id`,
      [callId],
    );
    return row?.id ?? assert.fail("nothing was delivered");
  });
}

const may = ({ roles }: Operation, ...held: string[]): boolean => held.some((role) => roles.includes(role));
const maySupervise = (operation: Operation): boolean => may(operation, "supervisor", "agent", "viewer");

/** What some lists want to be asked, and what asks for the foreign project in so many words. */
const QUESTIONS: Readonly<Record<string, (things: Things) => string[]>> = {
  "/api/v1/attempts": ({ ids }) => ["", `?project_id=${ids.projects}`, `?campaign_id=${ids.campaigns}`],
  "/api/v1/calls": ({ ids, numbers }) => [
    ...["?limit=200", `?project_id=${ids.projects}`, `?number=${encodeURIComponent(`${numbers}1`)}`],
    ...["?connection_state=failed", "?delivery_state=dead", "?outcome=in_progress"],
  ],
  "/api/v1/calls/statistics/export": () => ["?format=csv"],
  "/api/v1/campaigns": ({ ids }) => ["", `?project_id=${ids.projects}`],
  "/api/v1/deliveries": ({ ids }) => ["?limit=200", "?state=dead", `?call_id=${ids.calls}`],
  "/api/v1/deliveries/preview": ({ ids }) => ["?deed=replay", `?deed=replay&call_id=${ids.calls}`],
  "/api/v1/deliveries/search": ({ numbers }) => [`?q=${encodeURIComponent(`${numbers}1`)}`, "?q=would"],
  "/api/v1/dialer/why": ({ ids, numbers }) => {
    const number = `?number=${encodeURIComponent(`${numbers}1`)}`;
    return [number, `${number}&project_id=${ids.projects}`, `${number}&campaign_id=${ids.campaigns}`];
  },
  "/api/v1/holidays": ({ ids }) => ["", `?project_id=${ids.projects}`],
  "/api/v1/suppressions": ({ ids }) => ["", `?scope=project&project_id=${ids.projects}`],
};

/** Everything that shows one of them: its names, its numbers, and where an id is told for what it is, its ids. */
function traces(text: string, { name, numbers, ids, attemptIds }: Things): boolean {
  const told = { project_id: ids.projects, campaign_id: ids.campaigns, call_id: ids.calls };
  return (
    text.includes(name) ||
    text.includes(numbers.slice(3)) ||
    attemptIds.some((id) => text.includes(id)) ||
    Object.entries(told).some(([field, id]) => text.includes(`"${field}":"${id}"`))
  );
}

/** The answer, without the number that was asked about where it is only repeated. */
async function textOf(client: ApiClient, address: string): Promise<string> {
  const { body } = await client.get(address);
  if (typeof body === "string") return body;
  return JSON.stringify(address.startsWith("/api/v1/dialer/why") ? { ...body, number: null } : body);
}

test("no list, count or search shows a supervisor what is another project's, however it is asked for", async () => {
  const lists = operations.filter(
    (operation) => operation.method === "GET" && !operation.path.includes("{") && maySupervise(operation),
  );
  const showing: string[] = [];
  for (const operation of lists) {
    const { path } = operation;
    const ask = QUESTIONS[path] ?? (() => [""]);
    for (const [at, question] of ask(foreign).entries()) {
      const address = `${path}${question}`;
      assert.ok(!traces(await textOf(supervisor, address), foreign), `${address} shows a supervisor ${foreign.name}`);
      if (!traces(await textOf(api, address), foreign)) continue;
      showing.push(path);
      const same = `${path}${ask(own)[at]}`;
      assert.ok(traces(await textOf(supervisor, same), own), `${same} hides a supervisor's own`);
      if (may(operation, "viewer")) assert.ok(traces(await textOf(viewer, address), foreign), `${address}: a viewer`);
    }
  }
  const shown = ["attempts", "calls", "campaigns", "deliveries", "projects", "suppressions"];
  for (const name of shown) assert.ok(showing.includes(`/api/v1/${name}`), `${name}: nothing to hide`);
});

test("what is another project's answers a supervisor exactly like what is not there, and stays as it was", async () => {
  const before = await snapshot();
  const aimed = operations.filter((operation) => operation.path.includes("{") && maySupervise(operation));
  for (const operation of aimed) {
    const kind = operation.path.split("/")[3] ?? "";
    if (SHARED.includes(kind)) continue;
    const id = foreign.ids[kind];
    assert.ok(id, `${operation.name}: this test makes no such thing yet`);
    const aims = kind === "calls" ? [id, foreign.liveCallId] : [id];
    const nobodys = await ask(operation, kind === "attempts" ? `d${"0".repeat(24)}` : NOBODYS_ID);
    assert.equal(nobodys.status, 404, operation.name);
    for (const aim of aims) {
      const theirs = await ask(operation, aim);
      assert.deepEqual([theirs.status, theirs.body.detail], [404, nobodys.body.detail], operation.name);
    }
  }
  assert.deepEqual(await snapshot(), before);
});

function ask({ method, path }: Operation, id: string) {
  const address = path.replaceAll(/\{\w+\}/g, id);
  return supervisor.send(method, address, ["POST", "PUT", "PATCH"].includes(method) ? {} : undefined);
}

/** The foreign things as an administrator sees them. */
async function snapshot(): Promise<Json> {
  const shown: Json = {};
  for (const [kind, id] of Object.entries(foreign.ids))
    if (kind !== "suppressions") shown[kind] = (await api.get(`/api/v1/${kind}/${id}`)).body;
  shown.live = toStanding((await api.get(`/api/v1/calls/${foreign.liveCallId}`)).body);
  shown.calls = toStanding(shown.calls);
  return JSON.parse(JSON.stringify(shown, (name, value) => (name === "updated_at" ? undefined : value)));
}

/** What orders change; how far its record is on the way to the CRM changes by itself. */
const toStanding = ({ outcome, answered_at, ended_at, recording }: Json): Json => ({
  outcome,
  answered_at,
  ended_at,
  recording,
});

test("a supervisor's own things open, and the call of the project can be steered while it goes on", async () => {
  for (const [kind, id] of Object.entries(own.ids))
    if (kind !== "suppressions") assert.equal((await supervisor.get(`/api/v1/${kind}/${id}`)).status, 200, kind);
  assert.equal((await supervisor.get(`/api/v1/calls/${own.liveCallId}`)).status, 200);
  const answer = await supervisor.get(`/api/v1/calls/${own.ids.calls}/recording`);
  assert.match(answer.body.detail, /has no recording/, "it is the recording that is missing, not the call");
  const steered = await supervisor.post(`/api/v1/calls/${own.liveCallId}/dtmf`, { digits: "1" });
  assert.notEqual(steered.status, 404, JSON.stringify(steered.body));
});

test("a bulk replay by a supervisor leaves the dead letters of other projects dead", async () => {
  const stateOf = async ({ ids }: Things): Promise<string> =>
    (await api.get(`/api/v1/deliveries/${ids.deliveries}`)).body.state;
  const aimed = await supervisor.post("/api/v1/deliveries/replay", { call_id: foreign.ids.calls });
  assert.deepEqual(aimed.body, { matched: 0, changed: 0 });
  const { matched: all } = (await api.post("/api/v1/deliveries/replay", { dry_run: true })).body;
  const done = await supervisor.post("/api/v1/deliveries/replay", {});
  assert.deepEqual(done.body, { matched: all - 1, changed: all - 1 });
  assert.equal(await stateOf(foreign), "dead");
  assert.notEqual(await stateOf(own), "dead");
});

test("what names a project in its body is refused for another's as for none's", async () => {
  const { projects, campaigns } = foreign.ids;
  const number = "+34600000500";
  const asked: [string, (project: string, campaign: string) => Json][] = [
    ["/api/v1/dial", (project_id) => ({ project_id, number })],
    ["/api/v1/suppressions", (project_id) => ({ number, scope: "project", project_id })],
    ["/api/v1/suppressions", (_, campaign_id) => ({ number, scope: "campaign", campaign_id })],
    ["/api/v1/suppressions/check", (project_id) => ({ numbers: [number], project_id })],
    ["/api/v1/suppressions/check", (_, campaign_id) => ({ numbers: [number], campaign_id })],
  ];
  for (const [path, toBody] of asked) {
    const theirs = await supervisor.post(path, toBody(projects ?? "", campaigns ?? ""));
    const nobodys = await supervisor.post(path, toBody(NOBODYS_ID, NOBODYS_ID));
    assert.equal(theirs.status, 404, `${path}: ${JSON.stringify(theirs.body)}`);
    assert.equal(theirs.body.detail, nobodys.body.detail, path);
  }
  const moved = await supervisor.post("/api/smart-redirect", { unique_id: await uuidOf(foreign.liveCallId) });
  assert.equal(moved.status, 404, JSON.stringify(moved.body));
});

const uuidOf = async (id: string): Promise<string> => (await api.get(`/api/v1/calls/${id}`)).body.call_uuid;

test("figures and files count a supervisor's calls only: of the own projects, and of none", async () => {
  const countOf = async (client: ApiClient): Promise<number> =>
    (await client.get("/api/v1/calls/statistics")).body.calls;
  const sumOf = async (client: ApiClient): Promise<number> => {
    const { answered, missed, other } = (await client.get("/api/v1/calls/activity?span=day")).body;
    return [...answered, ...missed, ...other].reduce((sum: number, count: number) => sum + count, 0);
  };
  assert.equal(await countOf(supervisor), (await countOf(api)) - 2);
  assert.equal(await countOf(viewer), await countOf(api));
  assert.equal(await sumOf(supervisor), (await sumOf(api)) - 2);
  const asked = await supervisor.get(`/api/v1/calls/statistics?project_id=${foreign.ids.projects}`);
  assert.deepEqual([asked.body.calls, asked.body.dialer?.projects ?? []], [0, []]);
  for (const format of ["csv", "xlsx"]) {
    const file = await supervisor.post("/api/v1/calls/export", { format });
    assert.equal(file.headers.get("x-total-rows"), String(await countOf(supervisor)), format);
    if (format === "csv") assert.ok(traces(file.body, own) && !traces(file.body, foreign));
  }
});

test("who listens to the live view hears nothing of another project, and of a new one from when it is assigned", async () => {
  const heard = await listen(enlace, await logInToken(enlace, "sonia"));
  const { data } = await hear(heard, "calls");
  const idsOf = ({ calls }: Json): string[] => calls.map(({ id }: Json) => id);
  assert.ok(idsOf(data).includes(own.liveCallId) && !idsOf(data).includes(foreign.liveCallId));
  const sumOf = (event: Json): number =>
    event.items
      .flatMap(({ answered, missed, other }: Json) => [...answered, ...missed, ...other])
      .reduce((a: number, b: number) => a + b, 0);
  assert.ok(sumOf((await hear(heard, "activity")).data) > 0);
  assert.ok(!heard.events.some((event) => traces(JSON.stringify(event.data), foreign)));
  await api.put(`/api/v1/projects/${foreign.ids.projects}/users`, { user_ids: [sonia.id] });
  await hear(heard, "change", ({ set }) => set.some(({ id }: Json) => id === foreign.liveCallId));
  await api.put(`/api/v1/projects/${foreign.ids.projects}/users`, { user_ids: [] });
  await hear(heard, "change", ({ gone }) => gone.includes(foreign.liveCallId));
  heard.leave();
});

test("a supervisor of no project sees the calls of no project, and the tenant's programs see all", async () => {
  const { client } = await createUser("nuria", "supervisor");
  const seen = (await client.get("/api/v1/calls?limit=200")).body.items;
  assert.deepEqual(
    seen.map(({ call_uuid }: Json) => call_uuid),
    ["of-no-project"],
  );
  const { key } = await made("/api/v1/api-keys", { name: "reports", scopes: ["calls:read"] });
  assert.ok(traces(await textOf(enlace.as({ "x-api-key": key }), "/api/v1/calls?limit=200"), foreign));
});

test("the older dialer's addresses have no door of their own to another project", async () => {
  const OLDER = "/apicall/api/v1";
  const { number } = (await api.get(`/api/v1/projects/${foreign.ids.projects}`)).body;
  const { campaigns } = foreign.ids;
  const reading = [
    ...["/proyectos", "/campaigns", "/logs", `/logs?campaign_id=${campaigns}`],
    ...foreign.attemptIds.map((id) => `/logs?call_id=${id}`),
  ];
  for (const path of reading) {
    const { status, body } = await supervisor.get(`${OLDER}${path}`);
    assert.equal(status, 200, path);
    assert.ok(!traces(JSON.stringify(body), foreign), `${path}: ${JSON.stringify(body)}`);
  }
  assert.ok(
    traces(await textOf(api, `${OLDER}/logs`), foreign) && traces(await textOf(supervisor, `${OLDER}/logs`), own),
  );
  const refused: [string, string, Json?][] = [
    ["GET", `/logs?proyecto_id=${number}`],
    ["GET", `/campaigns/stats?campaign_id=${campaigns}`],
    ["GET", `/campaigns/dispositions?campaign_id=${campaigns}`],
    ["GET", `/campaigns/schedules?campaign_id=${campaigns}`],
    ["GET", `/blacklist?proyecto_id=${number}`],
    ["POST", "/blacklist", { proyecto_id: number, telefono: "+34600000500" }],
    ["POST", "/call", { proyecto_id: number, telefono: "+34600000500" }],
    ["POST", "/campaigns/action", { campaign_id: campaigns, action: "start" }],
    ["POST", "/logs/status", { id: foreign.attemptIds[0], status: "BUSY" }],
  ];
  for (const [method, path, body] of refused) {
    const { status } = await supervisor.send(method, `${OLDER}${path}`, body);
    assert.ok([403, 404].includes(status), `${method} ${path} answered ${status}`);
  }
});
