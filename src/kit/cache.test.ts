import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../test/manual-clock.ts";
import { type CacheOptions, createCache } from "./cache.ts";
import { createCacheFigures } from "./cache-figures.ts";
import { createMetrics } from "./metrics.ts";
import { systemRandom } from "./random.ts";

const TTL_MS = 1_000;

/** `load` is told the key and how many loads there were before. */
function createFixture(
  load: (key: string, before: number) => Promise<string>,
  more: Partial<CacheOptions<string, string>> = {},
) {
  const clock = createManualClock();
  const loads: string[] = [];
  const cache = createCache<string, string>({
    ...{ clock, ttlMs: TTL_MS, keysMax: 10, ...more },
    load: (key) => load(key, loads.push(key) - 1),
  });
  return { cache, loads, clock };
}
const numbered = async (key: string, before: number): Promise<string> => `${key}${before}`;

test("many askers of one key share one load, until it is too old", async () => {
  const { cache, loads, clock } = createFixture(numbered);
  assert.deepEqual(await Promise.all([cache.get("a"), cache.get("a"), cache.get("b")]), ["a0", "a0", "b1"]);
  await clock.advance(TTL_MS - 1);
  assert.equal(await cache.get("a"), "a0");
  await clock.advance(1);
  assert.equal(await cache.get("a"), "a2");
  assert.deepEqual(loads, ["a", "b", "a"]);
});

test("a hundred misses at once are one load, even when it lasts longer than what it brings is good for", async () => {
  const answer = Promise.withResolvers<string>();
  const { cache, loads, clock } = createFixture(() => answer.promise);
  const asked = Array.from({ length: 100 }, () => cache.get("a"));
  await clock.advance(TTL_MS * 2);
  asked.push(cache.get("a"));
  answer.resolve("late");
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(["late"]));
  assert.equal(loads.length, 1);
});

test("a failed load is told to everybody who waited and is tried again by the next", async () => {
  const { cache } = createFixture(async (key, before) => {
    if (before === 0) throw new Error("store is down");
    return key;
  });
  const results = await Promise.allSettled([cache.get("a"), cache.get("a")]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ["rejected", "rejected"],
  );
  assert.equal(await cache.get("a"), "a");
});

test("what was loading while its key was forgotten is not kept", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const { cache } = createFixture((_, before) => answers[before]?.promise ?? Promise.reject(new Error("third")));
  const first = cache.get("a");
  cache.forget("a");
  const second = cache.get("a");
  answers[0]?.resolve("stale");
  answers[1]?.resolve("fresh");
  assert.deepEqual([await first, await second, await cache.get("a")], ["stale", "fresh", "fresh"]);
});

test("a late failure of a forgotten load leaves the newer value alone", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const { cache, loads } = createFixture((_, before) => answers[before]?.promise ?? Promise.reject(new Error("third")));
  const first = cache.get("a");
  cache.forgetAll();
  const second = cache.get("a");
  answers[1]?.resolve("fresh");
  answers[0]?.reject(new Error("late"));
  await assert.rejects(first, /late/);
  assert.deepEqual([await second, await cache.get("a"), loads.length], ["fresh", "fresh", 2]);
});

test("at most as many keys are kept as allowed, the oldest leaves first", async () => {
  const { cache, loads } = createFixture(async (key) => key, { keysMax: 2 });
  for (const key of ["a", "b", "c", "b", "c", "a"]) await cache.get(key);
  assert.deepEqual(loads, ["a", "b", "c", "a"]);
});

test("a stale value is given at once while one load renews it", async () => {
  const renewed = Promise.withResolvers<string>();
  const { cache, loads, clock } = createFixture(async (_, before) => (before === 0 ? "old" : renewed.promise), {
    staleMs: 5_000,
  });
  await cache.get("a");
  await clock.advance(TTL_MS);
  assert.deepEqual(await Promise.all([cache.get("a"), cache.get("a")]), ["old", "old"]);
  renewed.resolve("new");
  await clock.advance(0);
  assert.equal(await cache.get("a"), "new");
  assert.equal(loads.length, 2);
});

test("a renewal that fails leaves the stale value, is not tried at every question, and ends with its age", async () => {
  const { cache, loads, clock } = createFixture(
    async (_, before) => {
      if (before > 0) throw new Error("down");
      return "old";
    },
    { staleMs: 5_000 },
  );
  await cache.get("a");
  await clock.advance(TTL_MS);
  for (let asked = 0; asked < 5; asked++) {
    assert.equal(await cache.get("a"), "old");
    await clock.advance(0);
  }
  assert.equal(loads.length, 2);
  await clock.advance(1_000);
  assert.equal(await cache.get("a"), "old");
  assert.equal(loads.length, 3);
  await clock.advance(5_000);
  await assert.rejects(cache.get("a"), /down/);
});

test("whoever may wait gets the new value when it comes in time, and the stale one when it does not", async () => {
  const answers = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const { cache, clock } = createFixture(
    async (_, before) => (before === 0 ? "old" : (answers[before - 1]?.promise ?? "third")),
    { staleMs: 60_000, staleWaitMs: 100 },
  );
  await cache.get("a");
  await clock.advance(TTL_MS);
  const quick = cache.get("a");
  answers[0]?.resolve("new");
  assert.equal(await quick, "new");
  await clock.advance(TTL_MS);
  const slow = cache.get("a");
  await clock.advance(100);
  assert.equal(await slow, "new", "the second answer has not come yet");
  answers[1]?.resolve("newer");
  await clock.advance(0);
  assert.equal(await cache.get("a"), "newer");
});

test("what is asked for is renewed in the background, each round a little earlier or later; the rest is dropped", async () => {
  const random = { ...systemRandom, fraction: () => 1 };
  const { cache, loads, clock } = createFixture(numbered, {
    ...{ staleMs: 0, renewal: { everyMs: 10_000, jitter: 0.15, random } },
  });
  await cache.get("a");
  await clock.advance(11_499);
  assert.deepEqual(loads, ["a"]);
  await clock.advance(1);
  assert.deepEqual(loads, ["a", "a"], "15 % later than every 10 s");
  assert.equal(await cache.get("a"), "a1");
  await clock.advance(11_500);
  assert.deepEqual(loads, ["a", "a", "a"]);
  await clock.advance(23_000);
  assert.equal(loads.length, 3, "nobody asked any more");
  assert.equal(cache.counters().entries, 0);
  cache.stop();
  assert.equal(clock.timers(), 0);
});

test("hits, misses, load times and forgotten entries are figures for Prometheus, one series per cache", async () => {
  const metrics = createMetrics({ includeProcess: false });
  const { cache: one } = createFixture(numbered, { figures: createCacheFigures(metrics, "tenants") });
  const { cache: other, clock } = createFixture(numbered, { figures: createCacheFigures(metrics, "secrets") });
  await one.get("a");
  await one.get("a");
  one.forget("a");
  await other.get("b");
  await clock.advance(TTL_MS);
  const text = await metrics.toText();
  for (const line of [
    'enlace_cache_hits{cache="tenants"} 1',
    'enlace_cache_misses{cache="tenants"} 1',
    'enlace_cache_forgotten{cache="tenants"} 1',
    'enlace_cache_entries{cache="secrets"} 1',
    'enlace_cache_expired{cache="secrets"} 1',
    'enlace_cache_expired{cache="tenants"} 0',
    'enlace_cache_load_seconds_count{cache="secrets"} 1',
  ])
    assert.ok(text.includes(line), `${line} in\n${text}`);
});
