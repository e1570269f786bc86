import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import { toTenantId } from "../../core/ids.ts";
import { createMetrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { RedirectDecision } from "./decision.ts";
import { createDecisionLog } from "./decision-log.ts";
import { loadDecisions } from "./store.ts";

const database = await createTestDatabase();
const DECISION: RedirectDecision = {
  ...{ mode: "routing+name", reason: "last_call", phone: "+34600000001", name: "Ann", extension: "102" },
  ...{ dialPlan: "mngr7_0009001_1", durationMs: 7, steps: [{ step: "settings", said: "mode routing+name" }] },
};

function createFixture(store: Database = database) {
  const metrics = createMetrics({ includeProcess: false });
  return { metrics, log: createDecisionLog({ database: store, clock: createManualClock(), log: silentLog, metrics }) };
}

test("a decision is kept by the time the log has stopped, with everything that led to it", async () => {
  const { rows } = await database.pool.query(
    `insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
     values ('kept', 'kept', 'Europe/Madrid', 'ES', 'es', now(), now()) returning id`,
  );
  const tenantId = toTenantId(rows[0].id);
  const { log } = createFixture();
  for (let asked = 0; asked < 1_200; asked++)
    log.add({ tenantId, source: "agi", uniqueId: `u.${asked}`, trunk: "0009001" }, DECISION);
  await log.stop();
  const kept = await loadDecisions(database.sql, tenantId, { rowsMax: 2_000 });
  assert.equal(kept.length, 1_200);
  const { steps, reason, extension, dialPlan, durationMs, uniqueId } = kept[0] ?? assert.fail();
  assert.deepEqual(
    { steps, reason, extension, dialPlan, durationMs, uniqueId },
    {
      ...{ steps: [...DECISION.steps], reason: "last_call", extension: "102", dialPlan: "mngr7_0009001_1" },
      durationMs: 7,
      uniqueId: "u.1199",
    },
  );
});

test("a decision that the store does not take is counted as lost, and the caller never hears of it", async () => {
  const broken = { pool: { query: async () => Promise.reject(new Error("the store is away")) } } as unknown as Database;
  const { log, metrics } = createFixture(broken);
  log.add({ tenantId: toTenantId(1), source: "agi", uniqueId: "u.1", trunk: "" }, DECISION);
  await log.stop();
  const text = await metrics.toText();
  assert.match(text, /enlace_redirect_decisions_lost_total 1/);
  assert.match(text, /enlace_redirect_decisions_total\{source="agi",reason="last_call"\} 1/);
});
