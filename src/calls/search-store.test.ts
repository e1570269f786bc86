// What a page of calls costs, counted in rows that were read: it must not grow with the calls there are.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase } from "../../test/database.ts";
import { type RowId, toTenantId } from "../core/ids.ts";
import type { Sql } from "../kit/postgres/database.ts";
import { type CallFilter, countCalls, loadCalls, WALKED_MAX, WALKED_WITH_DELIVERIES_MAX } from "./search-store.ts";

const NOW = new Date("2026-03-12T12:00:00Z");
const TENANT = toTenantId(1);
const CALLS = WALKED_MAX + 30_000;
const WITH_DELIVERIES = WALKED_WITH_DELIVERIES_MAX + 5_000;
const PAGE = 50;
const database = await createTestDatabase(NOW);
const run = (text: string, values: unknown[] = []) => database.pool.query(text, values);

await run(
  `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
   values ('100', 'One', 'UTC', 'ES', 'es', $1, $1)`,
  [NOW],
);
await run(
  `insert into connections (tenant_id, connector, name, settings, created_at, updated_at)
   values (1, 'vtiger', 'crm', '{}', $1, $1)`,
  [NOW],
);
// A second apart, the newest is number 1. Everything that is looked for lies at the far end, where a walk comes to last.
await run(
  `insert into calls (tenant_id, call_uuid, direction, from_text, to_text, outcome, phase, started_at, agent_extension, details,
     created_at, updated_at)
   select 1, 'call-' || n, case when n > $2 - 100 then 'internal' else 'inbound' end,
          case when n > $2 - 100 then '+34600000001' else '+34600' || lpad((n % 50000)::text, 6, '0') end, '+34900112233',
          case when n > $2 - 100 then 'busy' when n % 3 = 0 then 'missed' else 'answered' end, 'ended',
          $1::timestamptz - n * interval '1 second', case when n > $2 - 100 then '9999' else '1001' end,
          case when n > $2 - 100 then '{"dialer":{"projectId":"7","campaignId":"70"}}'::jsonb end, $1, $1
     from generate_series(1, $2::int) n`,
  [NOW, CALLS],
);
const putDeliveries = (state: string, where: string, values: unknown[]) =>
  run(
    `insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision,
       due_at, remote, created_at, updated_at)
     select 1, 1, 'call', id, created_at, 'record', '${state}', 1, created_at, '{"id":"1","refs":{"contact":"12x1"}}', created_at, created_at
       from calls where ${where}`,
    values,
  );
await putDeliveries("delivered", "started_at >= $1::timestamptz - $2 * interval '1 second'", [NOW, WITH_DELIVERIES]);
await putDeliveries("dead", "outcome = 'busy'", []);
await run("vacuum analyze calls");
await run("vacuum analyze deliveries");

/** Another tenant: of the newest calls all are of project 8, before them come some of project 7 and of none. */
const OTHER = toTenantId(2);
const FOREIGN = 5_000;
await run(
  `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
   values ('200', 'Two', 'UTC', 'ES', 'es', $1, $1)`,
  [NOW],
);
await run(
  `insert into calls (tenant_id, call_uuid, direction, outcome, phase, started_at, details, created_at, updated_at)
   select 2, 'other-' || n, 'outbound', 'answered', 'ended', $1::timestamptz - n * interval '1 second',
          case when n <= $2 then '{"dialer":{"projectId":"8"}}'::jsonb
               when n % 2 = 0 then '{"dialer":{"projectId":"7"}}'::jsonb end, $1, $1
     from generate_series(1, $2::int + 100) n`,
  [NOW, FOREIGN],
);
await run("analyze calls");

type Reads = Record<"calls" | "deliveries", number>;

/** Rows of each table that this connection has read of late. */
async function countReads(on: Sql): Promise<Reads> {
  const { rows } = await sql<{ name: keyof Reads; read: number }>`
    select case when relname = 'calls' then 'calls' else 'deliveries' end as name,
           sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int as read
      from pg_stat_xact_user_tables where relname = 'calls' or relname like 'deliveries%' group by 1`.execute(on);
  return { calls: 0, deliveries: 0, ...Object.fromEntries(rows.map(({ name, read }) => [name, read])) };
}

/** What it found, and how many calls and deliveries were read for it. */
async function look(filter: Partial<CallFilter>, tenantId = TENANT) {
  return database.sql.transaction().execute(async (on) => {
    const before = await countReads(on);
    const found = await loadCalls(on, tenantId, { rowsMax: PAGE, ...filter });
    const after = await countReads(on);
    return { ...found, callsRead: after.calls - before.calls, deliveriesRead: after.deliveries - before.deliveries };
  });
}

const CHEAP: readonly [string, Partial<CallFilter>, number][] = [
  ["none", {}, PAGE],
  ["time", { since: new Date(NOW.getTime() - 90_000_000), until: new Date(NOW.getTime() - 80_000_000) }, PAGE],
  ["direction", { direction: "inbound" }, PAGE],
  ["a common outcome", { outcome: "missed" }, PAGE],
  ["a rare outcome", { outcome: "busy" }, PAGE],
  ["extension", { extension: "9999" }, PAGE],
  ["number", { party: "+34600000001" }, PAGE],
  ["project", { project_id: "7" }, PAGE],
  ["campaign", { campaign_id: "70" }, PAGE],
  ["name over there", { call_uuid: "call-77" }, 1],
  ["delivered", { connection_state: "delivered" }, PAGE],
  ["failed", { connection_state: "failed" }, PAGE],
  ["waiting", { connection_state: "waiting" }, 0],
  ["failed, of a number", { connection_state: "failed", party: "+34600000001" }, PAGE],
  ["a supervisor's projects", { own: ["8" as RowId] }, PAGE],
  ["deep", { after: { at: new Date(NOW.getTime() - 100_000_000), id: "1" as RowId } }, PAGE],
];

for (const [name, filter, calls] of CHEAP)
  test(`a page by ${name} reads some hundred rows of ${CALLS}, wherever they lie`, async () => {
    const found = await look(filter);
    assert.equal(found.calls.length, calls);
    assert.ok(found.callsRead <= 500, `${found.callsRead} calls were read`);
    assert.ok(found.deliveriesRead <= 500, `${found.deliveriesRead} deliveries were read`);
  });

test("where little fits, a page gives up after its share and the next ones go on to the end, none twice", async () => {
  const uuids: string[] = [];
  let after: CallFilter["after"];
  for (let pages = 1; ; pages += 1) {
    const found = await look({ direction: "internal", after });
    assert.ok(found.callsRead <= 2 * WALKED_MAX + 1_000, `${found.callsRead} calls were read`);
    uuids.push(...found.calls.map(({ call_uuid }) => call_uuid));
    const last = found.calls.at(-1);
    if (pages === 1) assert.ok(found.calls.length === 0 && found.walkedTo, "the first page comes to no call");
    if (!found.walkedTo && found.calls.length < PAGE) break;
    after = found.walkedTo ?? (last && { at: last.started_at, id: last.id });
  }
  assert.deepEqual([uuids.length, new Set(uuids).size], [100, 100]);
});

test("where deliveries must be looked at one by one, a page gives up sooner", async () => {
  const found = await look({ connection_state: "not_linked" });
  assert.deepEqual([found.calls.length, found.walkedTo !== null], [0, true]);
  assert.ok(found.deliveriesRead <= WALKED_WITH_DELIVERIES_MAX + 1_000, `${found.deliveriesRead} deliveries were read`);
});

test("a count is of all that fits, wherever it lies", async () => {
  const count = (filter: Partial<CallFilter>) => countCalls(database.sql, TENANT, { rowsMax: 500_000, ...filter });
  assert.equal(await count({}), CALLS);
  assert.equal(await count({ connection_state: "failed" }), 100);
  assert.equal(await count({ connection_state: "delivered" }), WITH_DELIVERIES);
  assert.equal(await count({ direction: "internal", party: "+34600000001" }), 100);
  assert.equal(await count({ rowsMax: 10 }), 10);
});

const OWN: readonly [string, Partial<CallFilter>, number][] = [
  ["one project", { own: ["7" as RowId] }, PAGE],
  ["many projects", { own: ["7", "9", "10", "11"] as RowId[] }, PAGE],
  ["no project", { own: [] }, PAGE],
  ["one project, answered", { own: ["7" as RowId], outcome: "answered" }, PAGE],
  ["one project, who asks for it", { own: ["7" as RowId], project_id: "7" }, PAGE],
  ["one project, who asks for another", { own: ["7" as RowId], project_id: "8" }, 0],
];

for (const [name, filter, calls] of OWN)
  test(`a supervisor of ${name} has a page without all that others called being read`, async () => {
    const found = await look(filter, OTHER);
    assert.deepEqual([found.calls.length, found.walkedTo], [calls, null]);
    assert.ok(found.callsRead <= 500, `${found.callsRead} calls were read`);
    assert.ok(found.calls.every(({ details }) => details?.dialer?.projectId !== "8"));
  });

test("pages of a supervisor go on where the one before ended, through projects and calls of none", async () => {
  const own = ["7" as RowId];
  const uuids: string[] = [];
  for (let after: CallFilter["after"]; ; ) {
    const { calls } = await look({ own, after, rowsMax: 30 }, OTHER);
    uuids.push(...calls.map(({ call_uuid }) => call_uuid));
    const last = calls.at(-1);
    if (!last) break;
    after = { at: last.started_at, id: last.id };
  }
  assert.deepEqual(
    uuids,
    Array.from({ length: 100 }, (_, n) => `other-${FOREIGN + 1 + n}`),
  );
});
