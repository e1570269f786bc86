import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../test/database.ts";
import { createManualClock } from "../../test/manual-clock.ts";
import type { TenantId } from "../core/ids.ts";
import { createFactOutlet } from "./fact-outlet.ts";
import type { TrackedFact } from "./tracker/call-facts.ts";

function openOutlet() {
  const clock = createManualClock();
  const accepted: string[] = [];
  const outlet = createFactOutlet({
    ...{ tenantId: 1 as TenantId, clock, log: silentLog },
    accept: async ({ callUuid }) => void accepted.push(callUuid),
  });
  return { clock, accepted, outlet };
}

const toFacts = (count: number): TrackedFact[] =>
  Array.from({ length: count }, (_, index) => ({
    ...{ callUuid: `call-${index}`, raw: {} },
    fact: { key: `key-${index}`, source: "ami", at: new Date() },
  })) as unknown as TrackedFact[];

test("a few facts are told at once; of many the others wait for the end of a moment, and none is lost", async () => {
  const { clock, accepted, outlet } = openOutlet();
  const { signal } = new AbortController();
  await outlet.tell(toFacts(12), signal);
  assert.equal(accepted.length, 5);
  await clock.advance(50);
  await outlet.idle();
  assert.equal(accepted.length, 12);
  assert.deepEqual(outlet.counters(), { told: 12, refused: 0, waiting: 0 });
});

test("what waits for the end of a moment is told although its PBX has been given up meanwhile", async () => {
  const { clock, accepted, outlet } = openOutlet();
  const giveUp = new AbortController();
  await outlet.tell(toFacts(12), giveUp.signal);
  giveUp.abort();
  await clock.advance(50);
  await outlet.idle();
  assert.equal(accepted.length, 12);
});
