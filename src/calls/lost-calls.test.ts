import assert from "node:assert/strict";
import { test } from "node:test";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { eventually } from "../../test/eventually.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import { reduceCall } from "../core/call.ts";
import type { CallFact } from "../core/call-fact.ts";
import { toTenantId } from "../core/ids.ts";
import { ensurePartitions } from "../kit/postgres/partitions.ts";
import { closeLostCalls, createLostCalls, type LostCallsOptions } from "./lost-calls.ts";

const database = await createTestDatabase();
const NOW = new Date("2026-03-10T18:00:00Z");
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number): Date => new Date(NOW.getTime() - hours * HOUR_MS);
const tenantId = toTenantId(1);
await ensurePartitions(database, NOW);
await database.pool.query(
  "insert into tenants (number, name, time_zone, country, language, created_at, updated_at) values ('1', 'Acme', 'UTC', 'ES', 'es', $1, $1)",
  [NOW],
);

/** A call that began `begun` hours ago and of which the last fact came `heard` hours ago. */
async function putCall(
  callUuid: string,
  { begun, heard, outcome = "in_progress" }: { begun: number; heard: number; outcome?: string },
) {
  const values = [tenantId, callUuid, hoursAgo(begun), outcome, hoursAgo(heard)];
  await database.pool.query(
    `with made as (
       insert into calls (tenant_id, call_uuid, started_at, outcome, created_at, updated_at)
       values ($1, $2, $3, $4, $3, $3) returning tenant_id, id, created_at)
     insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
     select tenant_id, id, created_at, 'k', 'webhook', $5, '{}', '{}', $5 from made`,
    values,
  );
}

function createOptions(more: Partial<LostCallsOptions> = {}) {
  const told: { callUuid: string; fact: CallFact }[] = [];
  const options: LostCallsOptions = {
    ...{ database, silentMsMax: 4 * HOUR_MS, clock: createManualClock(NOW), log: silentLog },
    accept: async ({ callUuid, fact }) => void told.push({ callUuid, fact }),
    ...more,
  };
  return { options, told };
}

test("a call that nobody has said anything about for too long is lost as of the last we heard; no other is", async () => {
  await putCall("silent", { begun: 6, heard: 5 });
  await putCall("long-but-heard-of", { begun: 9, heard: 1 });
  await putCall("young", { begun: 1, heard: 1 });
  await putCall("over", { begun: 6, heard: 6, outcome: "answered" });
  const { options, told } = createOptions();
  assert.equal(await closeLostCalls(options), 1);
  assert.deepEqual(told, [
    {
      callUuid: "silent",
      fact: { key: "recovery:lost", source: "recovery", at: hoursAgo(5), status: "lost", endedAt: hoursAgo(5) },
    },
  ]);
});

test("an end that is told after all wins over the loss", () => {
  const lost: CallFact = {
    key: "recovery:lost",
    source: "recovery",
    at: hoursAgo(5),
    status: "lost",
    endedAt: hoursAgo(5),
  };
  const talking: CallFact = {
    key: "t",
    source: "hook",
    at: hoursAgo(6),
    status: "in_progress",
    answeredAt: hoursAgo(6),
  };
  const end: CallFact = { key: "e", source: "hook", at: hoursAgo(4), status: "answered", endedAt: hoursAgo(4) };
  assert.equal(reduceCall([talking, lost]).outcome, "lost");
  const call = reduceCall([talking, lost, end]);
  assert.deepEqual([call.outcome, call.endedAt], ["answered", hoursAgo(4)]);
});

test("the loop goes on after a store that was away", async () => {
  const clock = createManualClock(NOW);
  const asked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let tries = 0;
  const { options } = createOptions({
    clock,
    accept: async () => {
      asked[tries++]?.resolve();
      throw new Error("away");
    },
  });
  const loop = createLostCalls(options);
  loop.start();
  await asked[0]?.promise;
  await eventually(async () => assert.equal(clock.timers(), 1));
  await clock.advance(60_000);
  await asked[1]?.promise;
  await loop.stop();
  assert.ok(tries >= 2);
});
