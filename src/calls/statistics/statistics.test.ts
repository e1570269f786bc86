// Reports and exports: what is counted, over which time, for whom; and a file that is whole and harmless.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../../test/database.ts";
import { createTestServer, toKey, toPerson } from "../../../test/http-fixture.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import { toTenantId } from "../../core/ids.ts";
import { registerExportRoutes } from "../export/routes.ts";
import { registerStatisticsRoutes } from "./routes.ts";

const NOW = new Date("2026-03-12T12:00:00Z");
const database = await createTestDatabase(NOW);
const clock = createManualClock(NOW);
const callers = {
  ana: toPerson(),
  eve: toPerson({ tenantId: toTenantId(2) }),
  agent: toPerson({ role: "agent" }),
  viewer: toPerson({ role: "viewer" }),
  reader: toKey(["calls:read"]),
};
const app = await createTestServer(callers);
const loadTenant = async () => ({ country: "ES", timeZone: "Europe/Madrid" });
const exported: unknown[] = [];
registerStatisticsRoutes(app, { database, clock, loadTenant });
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
  assert.deepEqual(body.missed_callers, { calls: 3, reached: 2, reached_in_time: 1, median_minutes: 97.5 });
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
