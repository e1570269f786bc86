import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "./clock.ts";
import { createLoadingCache } from "./loading-cache.ts";

function createFixture(load: (key: string) => Promise<string>, keysMax = 10) {
  let nowMs = 0;
  const loads: string[] = [];
  const cache = createLoadingCache<string, string>({
    clock: { ...systemClock, monotonicMs: () => nowMs },
    ttlMs: 1_000,
    keysMax,
    load: (key) => {
      loads.push(key);
      return load(key);
    },
  });
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { cache, loads, pass };
}

test("many askers of one key share one load, until it is too old", async () => {
  const { cache, loads, pass } = createFixture(async (key) => `${key}!`);
  assert.deepEqual(await Promise.all([cache.get("a"), cache.get("a"), cache.get("b")]), ["a!", "a!", "b!"]);
  pass(999);
  await cache.get("a");
  assert.deepEqual(loads, ["a", "b"]);
  pass(1);
  await cache.get("a");
  assert.deepEqual(loads, ["a", "b", "a"]);
});

test("a failed load is told to everybody who waited and is tried again by the next", async () => {
  let failing = true;
  const { cache } = createFixture(async (key) => {
    if (failing) throw new Error("store is down");
    return key;
  });
  const results = await Promise.allSettled([cache.get("a"), cache.get("a")]);
  assert.deepEqual(
    results.map((result) => result.status),
    ["rejected", "rejected"],
  );
  failing = false;
  assert.equal(await cache.get("a"), "a");
});

test("what was loading while its key was forgotten is not kept", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const { cache, loads } = createFixture(
    () => answers[loads.length - 1]?.promise ?? Promise.reject(new Error("third")),
  );
  const before = cache.get("a");
  cache.forget("a");
  const after = cache.get("a");
  answers[0]?.resolve("stale");
  answers[1]?.resolve("fresh");
  assert.deepEqual([await before, await after, await cache.get("a")], ["stale", "fresh", "fresh"]);
});

test("a late failure of a forgotten load leaves the newer value alone", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const { cache, loads } = createFixture(
    () => answers[loads.length - 1]?.promise ?? Promise.reject(new Error("third")),
  );
  const before = cache.get("a");
  cache.forgetAll();
  const after = cache.get("a");
  answers[1]?.resolve("fresh");
  answers[0]?.reject(new Error("late"));
  await assert.rejects(before, /late/);
  assert.deepEqual([await after, await cache.get("a"), loads.length], ["fresh", "fresh", 2]);
});

test("at most as many keys are kept as allowed, the oldest leaves first", async () => {
  const { cache, loads } = createFixture(async (key) => key, 2);
  for (const key of ["a", "b", "c", "b", "c", "a"]) await cache.get(key);
  assert.deepEqual(loads, ["a", "b", "c", "a"]);
});
