// Reports and exports: what is counted, over which time, for whom; and a file that is whole and harmless.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createTestDatabase } from "../../../test/database.ts";
import { createTestServer, toKey, toPerson } from "../../../test/http-fixture.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import { type RowId, toTenantId } from "../../core/ids.ts";
import { readXlsxRows } from "../../dialer/campaigns/imports/xlsx-rows.ts";
import { registerExportRoutes } from "../export/routes.ts";
import { registerStatisticsRoutes } from "./routes.ts";

const NOW = new Date("2026-03-12T12:00:00Z");
const database = await createTestDatabase(NOW);
const clock = createManualClock(NOW);
const callers = {
  ana: toPerson(),
  eve: toPerson({ tenantId: toTenantId(2) }),
  sofia: toPerson({ role: "supervisor" }),
  agent: toPerson({ role: "agent" }),
  viewer: toPerson({ role: "viewer" }),
  reader: toKey(["calls:read"]),
};
const app = await createTestServer(callers);
const loadTenant = async () => ({ country: "ES", timeZone: "Europe/Madrid" });
const exported: unknown[] = [];
const asked: unknown[] = [];
const counts = { attempts: 4, dialed: 3, answered: 2, people: 1, talk_seconds: 9 };
registerStatisticsRoutes(app, {
  ...{ database, clock, loadTenant },
  listOwnProjects: async ({ role }) => (role === "supervisor" ? ["7" as RowId] : null),
  loadDialerFigures: async (_on, { name, role }, ask) => {
    asked.push({ name, ...ask });
    if (role === null) return null;
    const projects = [{ id: "7", name: "=Renewals", ...counts }];
    return {
      ...counts,
      projects,
      campaigns: [],
      dispositions: [],
      caller_ids: [{ number: "+34900000001", ...counts }],
    };
  },
});
registerExportRoutes(app, {
  ...{ database, clock, loadTenant, listOwnProjects: async () => null },
  writeAudit: async (_on, doer, deed) => void exported.push({ ...doer, ...deed }),
});

interface Given {
  at: string;
  outcome?: string;
  direction?: string;
  from?: string;
  to?: string;
  extension?: string;
  talk?: number;
  ring?: number;
  trunk?: string;
  tenant?: number;
}
let made = 0;
async function putCall(given: Given): Promise<void> {
  const { at, outcome = "answered", direction = "inbound", from = "+34600000010", to = "+34900112233" } = given;
  const { extension = null, talk = null, ring = null, trunk = null, tenant = 1 } = given;
  await database.pool.query(
    `insert into calls (tenant_id, call_uuid, direction, from_text, to_text, outcome, phase, started_at, agent_extension,
       talk_seconds, ring_seconds, trunk, created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, 'ended', $7, $8, $9, $10, $11, $7, $7)`,
    [tenant, `call-${made++}`, direction, from, to, outcome, at, extension, talk, ring, trunk],
  );
}

async function get(path: string, who = "ana") {
  const answer = await app.inject({ url: `/api/v1/calls/${path}`, headers: { authorization: `Bearer ${who}` } });
  return { status: answer.statusCode, body: answer.json() };
}
const take = (payload: object, who = "ana") =>
  app.inject({ method: "POST", url: "/api/v1/calls/export", payload, headers: { authorization: `Bearer ${who}` } });

// Monday 2026-03-09, 23:30 UTC is Tuesday half past midnight in Madrid.
await putCall({ at: "2026-03-09T23:30:00Z", extension: "1001", talk: 60, ring: 10 });
await putCall({ at: "2026-03-10T09:00:00Z", extension: "1001", talk: 30, ring: 20 });
await putCall({ at: "2026-03-10T09:05:00Z", outcome: "missed", from: "+34600000021" });
await putCall({
  at: "2026-03-10T09:20:00Z",
  direction: "outbound",
  from: "1002",
  to: "+34600000021",
  extension: "1002",
  talk: 90,
});
await putCall({ at: "2026-03-10T10:00:00Z", outcome: "missed", from: "+34600000022" });
await putCall({ at: "2026-03-10T13:00:00Z", from: "+34600000022", extension: "1001", talk: 5, ring: 30 });
await putCall({ at: "2026-03-11T10:00:00Z", outcome: "cancelled", from: "+34600000023" });
await putCall({ at: "2026-03-11T10:00:00Z", tenant: 2, extension: "9999" });
await putCall({ at: "2026-03-12T11:59:30Z", outcome: "in_progress", trunk: "=cmd|'/c calc'!A0", from: 'a "b", c' });

test("calls are counted by outcome, extension, day and hour of the tenant's zone", async () => {
  const { status, body } = await get("statistics?since=2026-03-09T00:00:00Z&until=2026-03-12T00:00:00Z");
  assert.equal(status, 200);
  assert.deepEqual([body.calls, body.answered, body.missed, body.talk_seconds], [7, 4, 3, 185]);
  assert.deepEqual([body.average_talk_seconds, body.average_ring_seconds], [46.25, 20]);
  assert.deepEqual(body.outcomes, [
    { outcome: "answered", calls: 4 },
    { outcome: "missed", calls: 2 },
    { outcome: "cancelled", calls: 1 },
  ]);
  assert.deepEqual(body.extensions, [
    { extension: "1001", calls: 3, inbound: 3, outbound: 0, answered: 3, talk_seconds: 95 },
    { extension: "1002", calls: 1, inbound: 0, outbound: 1, answered: 1, talk_seconds: 90 },
  ]);
  assert.deepEqual(body.days, [
    { day: "2026-03-10", calls: 6, answered: 4, missed: 2 },
    { day: "2026-03-11", calls: 1, answered: 0, missed: 1 },
  ]);
  assert.deepEqual(body.hours[0], { weekday: 2, hour: 0, calls: 1, missed: 0 });
  assert.deepEqual(body.hours.at(-1), { weekday: 3, hour: 11, calls: 1, missed: 1 });
});

test("a missed caller counts as reached when called back or answered later, in time or not", async () => {
  const range = "since=2026-03-09T00:00:00Z&until=2026-03-12T00:00:00Z";
  const { body } = await get(`statistics?${range}&sla_minutes=60`);
  assert.deepEqual(body.missed_callers, {
    ...{ calls: 3, reached: 2, reached_in_time: 1, median_minutes: 97.5 },
    waiting: [{ call_id: "7", number: "+34600000023", missed_at: "2026-03-11T10:00:00.000Z" }],
  });
  const strict = await get(`statistics?${range}&sla_minutes=10`);
  assert.equal(strict.body.missed_callers.reached_in_time, 0);
});

test("a report keeps to its filter and its tenant, and an empty one is empty", async () => {
  const range = "since=2026-03-09T00:00:00Z&until=2026-03-12T00:00:00Z";
  assert.equal((await get(`statistics?${range}&extension=1002`)).body.calls, 1);
  assert.equal((await get(`statistics?${range}&direction=outbound`)).body.calls, 1);
  const { body } = await get(`statistics?${range}`, "eve");
  assert.deepEqual([body.calls, body.extensions[0].extension], [1, "9999"]);
  const none = await get("statistics?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z");
  assert.deepEqual([none.body.calls, none.body.days, none.body.average_talk_seconds], [0, [], null]);
  assert.equal((await get("statistics")).body.calls, 8);
});

test("a range that is upside down or longer than a quarter is refused, and agents get no report", async () => {
  for (const range of [
    "since=2026-03-12T00:00:00Z&until=2026-03-11T00:00:00Z",
    "since=2025-01-01T00:00:00Z&until=2026-03-11T00:00:00Z",
  ])
    assert.equal((await get(`statistics?${range}`)).status, 422);
  assert.equal((await get("statistics", "agent")).status, 403);
  assert.equal((await get("statistics", "viewer")).status, 200);
  assert.equal((await get("statistics", "reader")).status, 200);
});

test("the last hour comes by the minute, the last day by the quarter, and both to agents too", async () => {
  const hour = (await get("activity?span=hour", "agent")).body;
  assert.deepEqual([hour.step_seconds, hour.answered.length, hour.last_step_at], [60, 60, "2026-03-12T12:00:00.000Z"]);
  assert.deepEqual([hour.other.at(-2), hour.other.at(-1)], [1, 0]);
  const day = (await get("activity?span=day")).body;
  assert.deepEqual([day.step_seconds, day.missed.length], [900, 96]);
  assert.deepEqual([day.other.reduce((sum: number, one: number) => sum + one)], [1]);
});

test("an export is every call of the filter, newest first, and says before how many", async () => {
  const { statusCode, headers, payload } = await take({ extension: "1001" });
  assert.equal(statusCode, 200);
  assert.match(String(headers["content-type"]), /^text\/csv/);
  assert.match(String(headers["content-disposition"]), /calls-2026-03-12\.csv/);
  assert.equal(headers["x-total-rows"], "3");
  const [head = "", ...lines] = payload.trimEnd().split("\r\n");
  assert.match(head, /^\uFEFFstarted_at,started_local,direction,from,to,outcome/);
  assert.equal(lines.length, 3);
  assert.match(lines[2] ?? "", /^2026-03-09T23:30:00.000Z,2026-03-10 00:30:00,inbound,\+34600000010/);
  assert.deepEqual(exported.at(-1), {
    ...{ tenantId: 1, actor: "user:1", address: "127.0.0.1", action: "calls.export", target: "tenant:1", at: NOW },
    detail: { extension: "1001", format: "csv", separator: "comma", rows: 3 },
  });
});

test("nothing in an export is a formula, and quotes and separators stay inside their field", async () => {
  const { payload } = await take({ outcome: "in_progress", separator: "semicolon" });
  assert.match(payload, /;'=cmd\|'\/c calc'!A0;/);
  assert.match(payload, /;"a ""b"", c";/);
});

test("an export longer than a page has each call once, and another tenant's none", async () => {
  await database.pool.query(
    `insert into calls (tenant_id, call_uuid, started_at, outcome, phase, agent_extension, created_at, updated_at)
     select 1, 'many-' || n, $1::timestamptz - n * interval '1 second', 'answered', 'ended', '7777', $1, $1
       from generate_series(1, 1234) n`,
    [NOW],
  );
  const { payload, headers } = await take({ extension: "7777" });
  const uuids = [...payload.matchAll(/many-\d+/g)].map(([uuid]) => uuid);
  assert.deepEqual([headers["x-total-rows"], uuids.length, new Set(uuids).size], ["1234", 1234, 1234]);
  assert.equal((await take({ extension: "7777" }, "eve")).payload.trimEnd().split("\r\n").length, 1);
});

test("only supervisors and admins export, and never a program", async () => {
  for (const who of ["agent", "viewer", "reader"]) assert.equal((await take({}, who)).statusCode, 403, who);
});

test("days and hours follow the tenant's clocks when they change: the hour that is skipped, and the one that comes twice", async () => {
  for (const at of ["2026-03-28T23:30:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T21:59:59Z"])
    await putCall({ at, extension: "2001" });
  for (const at of ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T22:59:59Z"])
    await putCall({ at, extension: "2002" });
  const of = async (range: string, extension: string) => {
    const { body } = await get(`statistics?${range}&extension=${extension}`);
    return [body.days, body.hours.map(({ weekday, hour, calls }: Record<string, number>) => [weekday, hour, calls])];
  };
  assert.deepEqual(await of("since=2026-03-28T23:00:00Z&until=2026-03-29T22:00:00Z", "2001"), [
    [{ day: "2026-03-29", calls: 4, answered: 4, missed: 0 }],
    [0, 1, 3, 23].map((hour) => [7, hour, 1]),
  ]);
  assert.deepEqual(await of("since=2026-10-24T22:00:00Z&until=2026-10-25T23:00:00Z", "2002"), [
    [{ day: "2026-10-25", calls: 3, answered: 3, missed: 0 }],
    [
      [7, 2, 2],
      [7, 23, 1],
    ],
  ]);
});

const DAY = "since=2026-02-01T00:00:00Z&until=2026-02-02T00:00:00Z";

test("a report is narrowed to a project or campaign, and a supervisor's to their own and what is nobody's", async () => {
  const given = async (details: object | null): Promise<void> => {
    await putCall({ at: "2026-02-01T10:00:00Z" });
    await database.pool.query("update calls set details = $1 where call_uuid = $2", [details, `call-${made - 1}`]);
  };
  await given({ dialer: { projectId: "7", campaignId: "70" } });
  await given({ dialer: { projectId: "8" } });
  await given(null);
  const count = async (query: string, who?: string) => (await get(`statistics?${DAY}${query}`, who)).body.calls;
  assert.deepEqual([await count(""), await count("&project_id=7"), await count("&campaign_id=70")], [3, 1, 1]);
  assert.deepEqual([await count("", "sofia"), await count("&project_id=8", "sofia")], [2, 0]);
});

test("what the dialer tried is there for who may see it, unless an extension or another direction is asked for", async () => {
  const dialer = async (query: string, who?: string) => (await get(`statistics?${DAY}${query}`, who)).body.dialer;
  assert.equal((await dialer("&project_id=7")).projects[0].people, 1);
  const [since, until] = [new Date("2026-02-01T00:00:00Z"), new Date("2026-02-02T00:00:00Z")];
  assert.deepEqual(asked.at(-1), { name: "ana", since, until, projectId: "7", campaignId: undefined });
  assert.equal(await dialer("", "reader"), null);
  assert.equal(await dialer("&direction=inbound"), null);
  assert.equal(await dialer("&extension=1001"), null);
});

test("a report is taken away as CSV, table below table, and as a workbook, sheet by sheet; nothing in it is a formula", async () => {
  const take = (format: string, who = "viewer") =>
    app.inject({
      url: `/api/v1/calls/statistics/export?${DAY}&format=${format}`,
      headers: { authorization: `Bearer ${who}` },
    });
  const csv = await take("csv");
  assert.match(String(csv.headers["content-disposition"]), /report-2026-03-12\.csv/);
  assert.match(
    csv.payload,
    /\r\n\r\nprojects\r\nid,name,attempts,dialed,answered,people,talk_seconds\r\n7,'=Renewals,4,3,2,1,9\r\n/,
  );
  assert.match(csv.payload, /\r\ncaller ids\r\n[^\r]*\r\n\+34900000001,4,3,2,1,9\r\n/);
  const folder = await mkdtemp(join(tmpdir(), "enlace-report-"));
  after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "report.xlsx"), (await take("xlsx")).rawPayload);
  const lines: (readonly string[])[] = [];
  for await (const { cells } of readXlsxRows(join(folder, "report.xlsx"), AbortSignal.timeout(60_000)))
    lines.push(cells);
  assert.deepEqual(lines.slice(0, 3), [
    ["figure", "value"],
    ["time_zone", "Europe/Madrid"],
    ["calls", "3"],
  ]);
  assert.equal((await take("csv", "agent")).statusCode, 403);
  assert.equal((await take("pdf")).statusCode, 422);
});

test("what is missed of the last hour is inbound: a call of ours that nobody took is not", async () => {
  const at = "2026-03-12T11:50:00Z";
  const sum = (counts: number[]): number => counts.reduce((total, one) => total + one, 0);
  const count = async (): Promise<number[]> => {
    await clock.advance(60_000); // figures are kept for a moment
    const { answered, inbound_answered, missed, other } = (await get("activity?span=hour")).body;
    return [answered, inbound_answered, missed, other].map(sum);
  };
  const before = await count();
  await putCall({ at, outcome: "missed", from: "+34600000031" });
  await putCall({ at, outcome: "answered", from: "+34600000032" });
  await putCall({ at, outcome: "missed", direction: "outbound" });
  await putCall({ at, outcome: "answered", direction: "outbound" });
  const after = await count();
  assert.deepEqual(
    after.map((one, index) => one - (before[index] ?? 0)),
    [2, 1, 1, 1],
  );
});
