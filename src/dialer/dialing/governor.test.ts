import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { createGovernor, PACE_MIN } from "./governor.ts";

const STEP_MS = 20;

interface Plant {
  /** What the process works for a call at its beginning, and at its end. */
  beginMs: number;
  endMs: number;
  /** From the one to the other. */
  callMs: number;
  /** What the store settles in a second, at most. */
  storePerSecond?: number;
}

interface Ran {
  /** Calls begun in each second. */
  perSecond: number[];
  /** How old each outcome was when it was settled, from `fromSeconds` on. */
  lagsMs: number[];
}

/** A process that has as much work as the governor lets it have, in virtual time: one queue of work, then one store. */
async function run(plant: Plant, seconds: number, { fromSeconds = 0 } = {}): Promise<Ran> {
  const { beginMs, endMs, callMs, storePerSecond = Number.POSITIVE_INFINITY } = plant;
  const clock = createManualClock();
  let [backlogMs, workedMs, credit] = [0, 0, 0];
  const ends: number[] = [];
  const unsettled: number[] = [];
  const ran: Ran = { perSecond: [], lagsMs: [] };
  const governor = createGovernor({
    clock,
    toBusyShare: () => {
      const share = Math.min(1, workedMs / 100);
      workedMs = 0;
      return share;
    },
    toLagMs: () => Math.max(backlogMs, clock.monotonicMs() - (unsettled[0] ?? clock.monotonicMs())),
  });
  governor.start();
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += STEP_MS) {
    credit += (governor.perSecond() * STEP_MS) / 1_000;
    for (; credit >= 1; credit--) {
      governor.onBegun();
      backlogMs += beginMs;
      ends.push(nowMs + callMs);
      const second = Math.floor(nowMs / 1_000);
      ran.perSecond[second] = (ran.perSecond[second] ?? 0) + 1;
    }
    while ((ends[0] ?? Number.POSITIVE_INFINITY) <= nowMs) {
      unsettled.push(ends.shift() ?? 0);
      backlogMs += endMs;
    }
    const worked = Math.min(backlogMs, STEP_MS);
    backlogMs -= worked;
    workedMs += worked;
    const settled = Math.min(unsettled.length, (storePerSecond * STEP_MS) / 1_000);
    for (const endedMs of unsettled.splice(0, settled)) {
      governor.onSettled();
      if (nowMs >= fromSeconds * 1_000) ran.lagsMs.push(nowMs - endedMs + backlogMs);
    }
    await clock.advance(STEP_MS);
  }
  governor.stop();
  return ran;
}

const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) * share)] ?? Number.NaN;
const mean = (values: readonly number[]): number => values.reduce((sum, each) => sum + each, 0) / values.length;

test("short calls begin as fast as their whole work is done, and their ends are settled within a second", async () => {
  const { perSecond, lagsMs } = await run({ beginMs: 0.3, endMs: 0.7, callMs: 500 }, 30);
  assert.ok(percentile(lagsMs, 0.99) < 1_000, `p99 ${percentile(lagsMs, 0.99)}`);
  assert.ok(mean(perSecond.slice(5)) > 750, `only ${mean(perSecond.slice(5))} of the 1,000 that fit`);
});

test("the pace settles: no second of the steady state is far from their mean", async () => {
  for (const callMs of [500, 3_000, 10_000]) {
    const { perSecond } = await run({ beginMs: 0.3, endMs: 0.7, callMs }, 60);
    const steady = perSecond.slice(40);
    const off = Math.max(...steady.map((each) => Math.abs(each - mean(steady)))) / mean(steady);
    assert.ok(off < 0.25, `${callMs}: ${off}, ${steady}`);
  }
});

test("calls whose ends come half a minute later are counted with their ends", async () => {
  const { perSecond, lagsMs } = await run({ beginMs: 0.4, endMs: 0.6, callMs: 30_000 }, 120);
  assert.ok(percentile(lagsMs, 0.99) < 1_000, `p99 ${percentile(lagsMs, 0.99)}`);
  assert.ok(mean(perSecond.slice(60)) > 600, `${mean(perSecond.slice(60))}`);
});

test("a store that settles four hundred a second has more than half of that begun, and none waits for long", async () => {
  const { perSecond, lagsMs } = await run({ beginMs: 0.1, endMs: 0.1, callMs: 500, storePerSecond: 400 }, 120, {
    fromSeconds: 30,
  });
  const steady = perSecond.slice(30);
  assert.ok(mean(steady) > 200 && mean(steady) <= 400, `${mean(steady)}`);
  assert.ok(percentile(lagsMs, 0.99) < 1_000, `p99 ${percentile(lagsMs, 0.99)}`);
});

test("however late everything is, a modest pace is left; and it comes back when nothing is late", async () => {
  const clock = createManualClock();
  let lagMs = 60_000;
  const governor = createGovernor({ clock, toBusyShare: () => 1, toLagMs: () => lagMs });
  governor.start();
  const free = governor.perSecond();
  await clock.advance(20_000);
  assert.ok(governor.perSecond() >= PACE_MIN && governor.perSecond() < free / 5, `${governor.perSecond()}`);
  lagMs = 0;
  await clock.advance(30_000);
  assert.equal(governor.perSecond(), free);
  governor.stop();
  assert.equal(clock.timers(), 0);
});
