import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { silentLog } from "../../test/database.ts";
import { createMetrics } from "../kit/metrics.ts";
import { createFakeConnector } from "./fake-connector.ts";
import { createSurroundings, toChange } from "./fake-surroundings.ts";
import { createQueueHealth } from "./queue-health.ts";

const house = await createSurroundings(createFakeConnector());
const { database, clock, addTenant, addConnection, tell } = house;
const metrics = createMetrics({ includeProcess: false });
const health = createQueueHealth({ database, clock, log: silentLog, metrics });
const ready = async () =>
  Object.fromEntries(await Promise.all(health.checks.map(async ({ name, check }) => [name, (await check()).ok])));

test("what waits in a lane that runs makes the queue old, what waits in one that stands still does not", async () => {
  const tenantId = await addTenant();
  const [running, held] = [await addConnection(tenantId), await addConnection(tenantId)];
  await sql`update lanes set held_at = ${clock.now()} where connection_id = ${held.id}`.execute(database.sql);
  await tell(toChange(tenantId, 1), toChange(tenantId, 2));
  assert.deepEqual(await ready(), { queue: true, lanes: true });
  await clock.advance(601_000);
  assert.deepEqual(await health.load(), {
    ...{ pending: 4, leased: 0, dead: 0, oldestOverdueMs: 601_000, lanesHeld: 1, lanesPaused: 0, breakersOpen: 0 },
  });
  assert.deepEqual(await ready(), { queue: false, lanes: true });
  await sql`update lanes set paused_at = ${clock.now()} where connection_id = ${running.id}`.execute(database.sql);
  await clock.advance(5_000);
  assert.deepEqual(await ready(), { queue: true, lanes: true });
});

test("many who ask within five seconds cost one question", async () => {
  await clock.advance(5_000);
  assert.equal(health.load(), health.load());
});

test("the figures are on the page that Prometheus reads", async () => {
  await sql`update deliveries set state = 'dead'`.execute(database.sql);
  await clock.advance(5_000);
  const page = await metrics.toText();
  assert.match(page, /^enlace_delivery_dead 4$/m);
  assert.match(page, /^enlace_lanes_held 1$/m);
});
