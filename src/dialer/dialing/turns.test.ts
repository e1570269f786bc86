import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import { createPacer } from "./pacer.ts";
import { createTurns } from "./turns.ts";

const toAttempt = (id: string, trunkId: string): KeptAttempt =>
  ({ id, tenantId: 1 as TenantId, trunkId: trunkId as RowId, dialedAt: null }) as KeptAttempt;

function createHouse(perSecond: Readonly<Record<string, number>>) {
  const clock = createManualClock();
  const pacer = createPacer({ clock, perSecond: (key) => perSecond[key] ?? null });
  const marked: string[][] = [];
  const started: { id: string; atMs: number }[] = [];
  const store = { isAway: false };
  const turns = createTurns({
    pacer,
    clock,
    mark: async (attempts) => {
      if (store.isAway) throw new Error("the store is away");
      marked.push(attempts.map(({ id }) => id));
    },
  });
  const ending = new AbortController();
  const failed: string[] = [];
  const take = (id: string, trunkId = "1"): KeptAttempt => {
    const attempt = toAttempt(id, trunkId);
    turns.take(attempt, ending.signal).then(
      () => started.push({ id, atMs: clock.monotonicMs() }),
      () => failed.push(id),
    );
    return attempt;
  };
  return { clock, pacer, turns, marked, started, failed, ending, store, take };
}

const names = (count: number, start = "a"): string[] => Array.from({ length: count }, (_, index) => `${start}${index}`);

test("nobody is dialled who was not marked before, and hardly more are marked than are dialled soon", async () => {
  const { clock, marked, started, take } = createHouse({ "tenant:1": 20 });
  for (const id of names(40)) take(id);
  for (let at = 0; at < 3_000; at += 10) {
    await clock.advance(10);
    const known = new Set(marked.flat());
    assert.ok(started.every(({ id }) => known.has(id)));
    assert.ok(known.size - started.length <= 6, `${known.size} marked, ${started.length} dialled`);
  }
  assert.deepEqual(
    started.map(({ id }) => id),
    names(40),
  );
});

test("at a hundred a second a mark carries several calls, and the pace is kept", async () => {
  const { clock, marked, started, take } = createHouse({ "trunk:1": 100 });
  for (const id of names(300)) take(id);
  await clock.advance(0);
  await clock.advance(3_300);
  assert.equal(started.length, 300);
  assert.ok(marked.length <= 60, `${marked.length} statements`);
  for (const { atMs } of started) {
    const inSecond = started.filter((other) => other.atMs >= atMs && other.atMs < atMs + 1_000).length;
    assert.ok(inSecond <= 100, `${inSecond} within a second`);
  }
});

test("who waits for a slow trunk holds up nobody who waits for another", async () => {
  const { clock, started, take } = createHouse({ "trunk:1": 1, "trunk:2": 50 });
  for (const id of names(5, "slow")) take(id, "1");
  for (const id of names(50, "quick")) take(id, "2");
  await clock.advance(0);
  await clock.advance(2_000);
  assert.equal(started.filter(({ id }) => id.startsWith("quick")).length, 50);
  assert.equal(started.filter(({ id }) => id.startsWith("slow")).length, 2);
});

test("who cannot be marked is not dialled and does not look dialled; the next ones are", async () => {
  const { clock, failed, started, store, take } = createHouse({});
  store.isAway = true;
  const lost = take("lost");
  await clock.advance(10);
  assert.deepEqual([failed, lost.dialedAt], [["lost"], null]);
  store.isAway = false;
  const found = take("found");
  await clock.advance(100);
  assert.deepEqual([started.map(({ id }) => id), found.dialedAt !== null], [["found"], true]);
});

test("when the PBX is ours no more, everybody who waits is let go, marked or not", async () => {
  const { clock, ending, failed, started, pacer, turns, take } = createHouse({ "tenant:1": 10 });
  for (const id of names(20)) take(id);
  await clock.advance(300);
  ending.abort(new Error("not ours"));
  await clock.advance(200);
  assert.equal(started.length + failed.length, 20);
  assert.ok(failed.length > 10);
  assert.equal(pacer.waiting(), 0);
  await clock.advance(5_000);
  assert.ok(turns.room("tenant:1", 1_000) > 0, "nothing is counted for them any more");
});

test("what waits leaves that much less room", async () => {
  const { clock, turns, take } = createHouse({ "tenant:1": 10 });
  const before = turns.room("tenant:1", 1_000);
  for (const id of names(4)) take(id);
  await clock.advance(1);
  assert.equal(turns.room("tenant:1", 1_000), before - 4);
});
