import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase } from "../../../test/database.ts";
import { toTenantId } from "../../core/ids.ts";
import {
  dropDecisions,
  loadDecisions,
  loadReachable,
  loadTalkers,
  type StoredDecision,
  saveDecisions,
} from "./store.ts";

const database = await createTestDatabase();
const NUMBER = "+34600000001";
const NOW = new Date("2026-03-10T10:00:00Z");

async function createTenant(number: string) {
  const { rows } = await database.pool.query(
    `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
     values ($1, $1, 'Europe/Madrid', 'ES', 'es', $2, $2) returning id`,
    [number, NOW],
  );
  return toTenantId(rows[0].id);
}

interface Call {
  from?: string;
  to?: string;
  agent: string | null;
  outcome?: string;
  minutes: number;
}
let calls = 0;
async function call(tenantId: number, { from = NUMBER, to = "0009001", agent, outcome = "answered", minutes }: Call) {
  await database.pool.query(
    `insert into calls (tenant_id, call_uuid, from_text, to_text, outcome, phase, started_at, agent_extension, created_at, updated_at)
     values ($1, $2, $3, $4, $5, 'ended', $6, $7, $6, $6)`,
    [tenantId, `call-${++calls}`, from, to, outcome, new Date(NOW.getTime() + minutes * 60_000), agent],
  );
}

test("who talked with a number is told in order, whoever of the two called, in this tenant alone", async () => {
  const [tenant, other] = [await createTenant("talk"), await createTenant("other")];
  await call(tenant, { agent: "101", minutes: 1 });
  await call(tenant, { agent: "102", from: "102", to: NUMBER, minutes: 2 });
  await call(tenant, { agent: "103", outcome: "missed", minutes: 3 });
  await call(tenant, { agent: null, minutes: 4 });
  await call(tenant, { agent: "104", from: "+34600000002", minutes: 5 });
  await call(other, { agent: "105", minutes: 6 });
  assert.deepEqual(await loadTalkers(database, tenant, { number: NUMBER, order: "last" }), ["102", "101"]);
  assert.deepEqual(await loadTalkers(database, tenant, { number: NUMBER, order: "first" }), ["101", "102"]);
});

test("an extension is out of reach while its person is disabled", async () => {
  const tenant = await createTenant("reach");
  const { rows } = await database.pool.query(
    `insert into users (tenant_id, username, role, password_hash, disabled_at, created_at, updated_at)
     values ($1, 'gone', 'agent', '', $2, $2, $2) returning id`,
    [tenant, NOW],
  );
  for (const [number, user] of [
    ["101", null],
    ["102", rows[0].id],
  ])
    await database.pool.query(
      "insert into extensions (tenant_id, number, peers, user_id, created_at, updated_at) values ($1, $2, '{}', $3, $4, $4)",
      [tenant, number, user, NOW],
    );
  const found = await loadReachable(database.sql, tenant);
  assert.deepEqual(
    found.sort((a, b) => (a.number < b.number ? -1 : 1)),
    [
      { number: "101", isDisabled: false },
      { number: "102", isDisabled: true },
    ],
  );
});

test("decisions are kept by the batch, and dropped when they are old or too many of their tenant", async () => {
  const [tenant, other] = [await createTenant("many"), await createTenant("few")];
  const decide = (tenantId: typeof tenant, days: number): StoredDecision => ({
    ...{ tenantId, at: new Date(NOW.getTime() + days * 86_400_000), source: "agi", uniqueId: "u.1", phone: NUMBER },
    ...{ trunk: "0009001", mode: "routing+name", reason: "nobody", name: "", extension: null, dialPlan: null },
    ...{ durationMs: 3, steps: [{ step: "settings", said: `day ${days}, "quoted"` }] },
  });
  await saveDecisions(
    database,
    [-31, 1, 2, 3, 4].map((days) => decide(tenant, days)),
  );
  await saveDecisions(database, [decide(other, 1)]);
  const before = new Date(NOW.getTime() - 30 * 86_400_000);
  assert.equal(await dropDecisions(database, { before, keepMax: 3 }), 2);
  const kept = await loadDecisions(database.sql, tenant, { rowsMax: 10 });
  assert.deepEqual(
    kept.map(({ steps }) => steps[0]?.said),
    ['day 4, "quoted"', 'day 3, "quoted"', 'day 2, "quoted"'],
  );
  assert.equal((await loadDecisions(database.sql, other, { rowsMax: 10, phone: NUMBER })).length, 1);
  assert.equal((await loadDecisions(database.sql, other, { rowsMax: 10, reason: "responsible" })).length, 0);
});
