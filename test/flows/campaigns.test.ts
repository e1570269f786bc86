// A supervisor's day with lists: import, schedule, start, pause, stop, recycle. Nobody is dialled here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { toWorkbook } from "../../src/dialer/campaigns/imports/fake-workbook.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { startTestEnlace } from "../harness.ts";

const { api, url, rows, logIn } = await startTestEnlace({ env: { ENLACE_ROLES: "api,dialer" } });
const base = "/api/v1/campaigns";
const pbx = await api.post("/api/v1/pbxs", {
  name: "Carrier",
  host: "192.0.2.10",
  username: "enlace",
  secret: "a secret of it",
  enabled: false,
});
const trunk = await api.post("/api/v1/trunks", { pbx_id: pbx.body.id, name: "carrier", channels_max: 5 });
const policy = await api.post("/api/v1/dialer/policies", { name: "Rehearsal", template: "zz-service" });
const answerable = { version: policy.body.version, name: "Ana Test", reviewed: true };
assert.equal((await api.post(`/api/v1/dialer/policies/${policy.body.id}/acknowledge`, answerable)).status, 200);
const newProject = async (name: string) => {
  const made = await api.post("/api/v1/projects", {
    name,
    time_zone: "America/Bogota",
    trunks: [{ trunk_id: trunk.body.id, weight: 1 }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  await rows("update projects set policy_id = $2 where id = $1", [made.body.id, policy.body.id]);
  return made.body.id as string;
};
const projectId = await newProject("Reminders");
const newCampaign = async (project = projectId): Promise<string> => {
  const made = await api.post(base, { project_id: project, name: "November" });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body.id;
};
const { token } = (await (
  await fetch(`${url}/api/v1/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: ADMIN_PASSWORD }),
  })
).json()) as { token: string };

/** As a browser or `curl -F` does. */
async function upload(id: string, content: string | Buffer, { name = "list.csv", query = "" } = {}) {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(Buffer.from(content))]), name);
  const response = await fetch(`${url}${base}/${id}/import${query}`, {
    method: "POST",
    body: form,
    headers: { authorization: `Bearer ${token}` },
  });
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever fields it asserts
  return { status: response.status, body: (await response.json()) as any };
}
async function importEnded(id: string) {
  return eventually(async () => {
    const { body } = await api.get(`/api/v1/imports/${id}`);
    assert.notEqual(body.state, "running");
    return body;
  });
}
const numbersOf = async (id: string) =>
  (await api.get(`${base}/${id}/contacts`)).body.items.map((item: { number: string }) => item.number);

test("a list says what was taken, what was there already, and which line is wrong", async () => {
  const id = await newCampaign();
  const first = await upload(id, "telefono,nombre\n+1 000-000-0001,Ana\nabc\n10000000001\n", {
    query: "?wait_seconds=20",
  });
  assert.equal(first.status, 200, JSON.stringify(first.body));
  const { inserted, duplicates, invalid, columns, state } = first.body;
  assert.deepEqual(
    { inserted, duplicates, invalid, columns, state },
    { inserted: 1, duplicates: 1, invalid: 1, columns: ["nombre"], state: "finished" },
  );
  const report = await api.get(`/api/v1/imports/${first.body.id}`);
  assert.deepEqual(report.body.invalid_lines, [{ line: 3, value: "abc", reason: "is not a phone number" }]);
  const { items } = (await api.get(`${base}/${id}/contacts`)).body;
  assert.deepEqual([items[0].number, items[0].variables], ["+10000000001", { nombre: "Ana" }]);
});

test("a semicolon, a byte order mark, CRLF and a workbook give the same, as the body itself too", async () => {
  const id = await newCampaign();
  const raw = await fetch(`${url}${base}/${id}/import?wait_seconds=20`, {
    method: "POST",
    body: "\uFEFFtelefono;nombre\r\n600000001;Ana\r\n",
    headers: { authorization: `Bearer ${token}`, "content-type": "text/csv" },
  });
  assert.equal(raw.status, 200);
  const sheet =
    '<row r="1"><c t="s"><v>0</v></c></row><row r="2"><c><v>600000002</v></c></row><row r="3"><c><v>600000001</v></c></row>';
  const book = await upload(id, toWorkbook(sheet, ["telefono"]), { name: "list.xlsx", query: "?wait_seconds=20" });
  assert.deepEqual([book.body.kind, book.body.inserted, book.body.duplicates], ["xlsx", 1, 1]);
  assert.deepEqual(await numbersOf(id), ["+34600000001", "+34600000002"]);
});

test("a file without a number fails and says so; a later list adds to the total", async () => {
  const id = await newCampaign();
  const none = await upload(id, "telefono\nabc\n", { query: "?wait_seconds=20" });
  assert.deepEqual([none.body.state, none.body.problem], ["failed", "There is no phone number in this file."]);
  await upload(id, [1, 2, 3, 4, 5].map((n) => `60000000${n}`).join("\n"), { query: "?wait_seconds=20" });
  await upload(id, Array.from({ length: 10 }, (_, n) => `6000001${n + 10}`).join("\n"), { query: "?wait_seconds=20" });
  const { body } = await api.get(`${base}/${id}`);
  assert.equal(body.contacts.total, 15);
});

test("invalid lines are downloaded as CSV in which no cell is a formula", async () => {
  const id = await newCampaign();
  const { body } = await upload(id, 'telefono,x\n600000001,\n"=1+1",a\n', { query: "?wait_seconds=20" });
  const csv = await fetch(`${url}/api/v1/imports/${body.id}/invalid`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(csv.headers.get("content-type"), "text/csv; charset=utf-8");
  assert.equal(await csv.text(), "line,value,reason\r\n3,'=1+1,is not a phone number\r\n");
});

test("a list of 100,000 is read in the background, and is readable while it is", async () => {
  const id = await newCampaign();
  const list = Array.from({ length: 100_000 }, (_, n) => `+34${600_000_000 + n};Name ${n}`).join("\n");
  const begun = await upload(id, list, { query: "?wait_seconds=0" });
  assert.equal(begun.status, 202);
  assert.equal((await upload(id, "600000001")).status, 409, "one at a time");
  assert.equal((await api.post(`${base}/${id}/start`)).status, 409);
  assert.equal((await api.delete(`${base}/${id}`)).status, 409);
  const ended = await importEnded(begun.body.id);
  assert.deepEqual([ended.state, ended.inserted, ended.lines_read], ["finished", 100_000, 100_000]);
  assert.equal((await api.get(`${base}/${id}/statistics`)).body.campaign.contacts.pending, 100_000);
});

test("an import that a crash cut off is failed and says how far it came", async () => {
  const id = await newCampaign();
  const [row] = await rows<{ id: string }>(
    `insert into campaign_imports (tenant_id, campaign_id, kind, lines_read, inserted, created_at, updated_at)
     values (1, $1, 'csv', 4000, 3990, now() - interval '1 hour', now() - interval '1 hour') returning id`,
    [id],
  );
  const ended = await importEnded(row?.id ?? "");
  assert.equal(ended.state, "failed");
  assert.match(ended.problem, /Interrupted after line 4000/);
});

test("a campaign starts only with somebody to call, and every step only from where it may be taken", async () => {
  const id = await newCampaign();
  const step = async (name: string) => (await api.post(`${base}/${id}/${name}`)).status;
  assert.equal(await step("start"), 409, "nobody to call");
  assert.equal(await step("pause"), 409);
  assert.equal(await step("stop"), 409);
  await upload(id, "600000001", { query: "?wait_seconds=20" });
  assert.equal(await step("start"), 200);
  assert.equal(await step("start"), 409);
  assert.equal((await upload(id, "600000002")).status, 409, "an active campaign takes no list");
  assert.equal((await api.delete(`${base}/${id}`)).status, 409);
  assert.equal(await step("pause"), 200);
  assert.equal((await upload(id, "600000002", { query: "?wait_seconds=20" })).status, 200);
  assert.equal(await step("start"), 200);
  assert.equal(await step("stop"), 200);
  for (const name of ["start", "pause", "stop"]) assert.equal(await step(name), 409, `${name} after the end`);
  assert.equal((await api.post(`${base}/999999/start`)).status, 404);
  assert.equal((await api.delete(`${base}/${id}`)).status, 204);
  assert.equal((await api.get(`${base}/${id}`)).status, 404);
  await eventually(async () => assert.deepEqual(await rows("select id from campaigns where id = $1", [id]), []));
});

test("a campaign whose project has no policy, no trunk or is disabled does not start, and says why", async () => {
  const project = await newProject("Bare");
  const id = await newCampaign(project);
  await upload(id, "600000001", { query: "?wait_seconds=20" });
  const reason = async () => (await api.post(`${base}/${id}/start`)).body.detail;
  await rows("update projects set policy_id = null where id = $1", [project]);
  assert.match(await reason(), /no policy/);
  await rows("update projects set policy_id = $2, disabled_at = now() where id = $1", [project, policy.body.id]);
  assert.match(await reason(), /disabled/);
  await rows("update projects set disabled_at = null where id = $1", [project]);
  await rows("delete from project_trunks where project_id = $1", [project]);
  assert.match(await reason(), /no trunk/);
});

test("a schedule is kept as it was said, and wrong times are refused", async () => {
  const id = await newCampaign();
  const windows = [
    { weekday: 1, starts: "22:00", ends: "06:00" },
    { weekday: 2, starts: "09:00:30", ends: "24:00", enabled: false },
  ];
  const { body } = await api.put(`${base}/${id}/schedule`, { windows });
  assert.deepEqual(body.windows, [{ ...windows[0], enabled: true }, windows[1]]);
  assert.equal(body.time_zone, "America/Bogota");
  for (const wrong of [
    { weekday: 7, starts: "09:00", ends: "10:00" },
    { weekday: 1, starts: "24:00", ends: "01:00" },
    { weekday: 1, starts: "9", ends: "10:00" },
  ])
    assert.equal((await api.put(`${base}/${id}/schedule`, { windows: [wrong] })).status, 422, JSON.stringify(wrong));
  const none = await api.put(`${base}/${id}/schedule`, { windows: [] });
  assert.deepEqual([none.body.in_schedule, none.body.next_window_at], [false, null]);
});

test("holidays of the tenant and of a project close the day", async () => {
  const id = await newCampaign();
  const windows = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
  assert.equal((await api.put(`${base}/${id}/schedule`, { windows })).body.in_schedule, true);
  const today = new Intl.DateTimeFormat("en-CA", { timeZone: "America/Bogota" }).format(new Date());
  const yesterday = new Date(Date.parse(today) - 86_400_000).toISOString().slice(0, 10);
  const tomorrow = new Date(Date.parse(today) + 86_400_000).toISOString().slice(0, 10);
  const holidays = [yesterday, today, tomorrow].map((on) => ({ on, name: "Feria" })); // midnight may pass meanwhile
  await api.put(`/api/v1/holidays?project_id=${projectId}`, { holidays });
  assert.equal((await api.get(`${base}/${id}/schedule`)).body.in_schedule, false);
  assert.deepEqual((await api.get(`/api/v1/holidays?project_id=${projectId}`)).body.holidays, holidays);
  await api.put(`/api/v1/holidays?project_id=${projectId}`, { holidays: [] });
  assert.equal((await api.get(`${base}/${id}/schedule`)).body.in_schedule, true);
});

test("D.A 53: recycling takes exactly those who came out so, without those suppressed since", async () => {
  const id = await newCampaign();
  await api.put(`${base}/${id}/schedule`, { windows: [{ weekday: 1, starts: "09:00", ends: "18:00" }] });
  await upload(id, "telefono;nombre\n600000001;A\n600000002;B\n600000003;C\n600000004;D\n", {
    query: "?wait_seconds=20",
  });
  assert.equal(
    (await api.post(`${base}/${id}/recycle`, { name: "Again", dispositions: ["busy"] })).status,
    409,
    "a draft",
  );
  await api.post(`${base}/${id}/start`);
  await rows(
    `update campaign_contacts set state = 'failed', attempts = 3,
            disposition = case right(number, 1) when '1' then 'busy' when '2' then 'no_answer' when '3' then 'busy' else 'answered' end
      where campaign_id = $1`,
    [id],
  );
  await eventually(async () => assert.equal((await api.get(`${base}/${id}`)).body.state, "completed"));
  await rows(
    `insert into suppressions (tenant_id, number, reason, source, created_by, created_at)
     values (1, '+34600000003', 'asked', 'api', 'user:1', now())`,
  );
  const { status, body } = await api.post(`${base}/${id}/recycle`, {
    name: "Again",
    dispositions: ["busy", "no_answer", "busy"],
  });
  assert.equal(status, 201, JSON.stringify(body));
  assert.deepEqual([body.campaign.state, body.import.inserted, body.import.suppressed], ["draft", 2, 1]);
  const { items } = (await api.get(`${base}/${body.campaign.id}/contacts`)).body;
  assert.deepEqual(
    items.map((item: { number: string; state: string; attempts: number; variables: object }) => [
      item.number,
      item.state,
      item.attempts,
      item.variables,
    ]),
    [
      ["+34600000001", "pending", 0, { nombre: "A" }],
      ["+34600000002", "pending", 0, { nombre: "B" }],
    ],
  );
  assert.equal((await api.get(`${base}/${body.campaign.id}/schedule`)).body.windows.length, 1);
});

test("a supervisor sees and steers the campaigns of assigned projects only, and makes none", async () => {
  const password = "correct horse battery";
  const made = await api.post("/api/v1/users", { username: "sofia", name: "Sofia", role: "supervisor", password });
  const other = await newProject("Other");
  await api.put(`/api/v1/projects/${other}/users`, { user_ids: [made.body.id] });
  const [mine, theirs] = [await newCampaign(other), await newCampaign()];
  const sofia = await logIn("sofia", password);
  const { items } = (await sofia.get(base)).body;
  assert.deepEqual(
    items.map((item: { id: string }) => item.id),
    [mine],
  );
  assert.equal((await sofia.get(`${base}/${theirs}`)).status, 404);
  assert.equal((await sofia.post(`${base}/${theirs}/start`)).status, 404);
  assert.equal((await sofia.post(`${base}/${mine}/start`)).status, 409, "allowed, but it has nobody to call");
  assert.equal((await sofia.post(base, { project_id: other, name: "Mine" })).status, 403);
  assert.equal((await sofia.delete(`${base}/${mine}`)).status, 403);
});

test("what people do with campaigns is in the log of changes", async () => {
  const actions = await rows<{ action: string }>(
    "select distinct action from audit_log where action like 'campaign.%' order by 1",
  );
  assert.deepEqual(
    actions.map(({ action }) => action),
    [
      ...["campaign.create", "campaign.import", "campaign.pause", "campaign.recycle", "campaign.remove"],
      ...["campaign.schedule", "campaign.start", "campaign.stop"],
    ],
  );
});
