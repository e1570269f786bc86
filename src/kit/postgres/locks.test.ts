import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { systemClock } from "../clock.ts";
import { startMutableLine } from "./fake-line.ts";
import { createLocks, type Locks } from "./locks.ts";

const database = await createTestDatabase();
const never = new AbortController().signal;

function newLocks(): Locks {
  const locks = createLocks({ url: database.url, clock: systemClock, log: silentLog });
  after(() => locks.stop());
  return locks;
}

/** Takes `key` and keeps it until told: the promise of the holder, its signal, and the two ends. */
function holdKey(locks: Locks, key: string) {
  const began = Promise.withResolvers<AbortSignal>();
  const finish = Promise.withResolvers<void>();
  const done = locks.exclusive(key, never, async (signal) => {
    began.resolve(signal);
    await finish.promise;
    return signal.aborted;
  });
  return { began: began.promise, finish: finish.resolve, done };
}

test("two workers in two sessions never hold one key at once", async () => {
  const sessions = [newLocks(), newLocks()];
  let inside = 0;
  let most = 0;
  const runs = Array.from({ length: 40 }, (_, index) =>
    sessions[index % 2]?.exclusive("call 1", never, async () => {
      inside++;
      most = Math.max(most, inside);
      await sql`select 1`.execute(database.sql);
      inside--;
      return index;
    }),
  );
  assert.deepEqual((await Promise.all(runs)).length, 40);
  assert.equal(most, 1);
});

test("turns for one key are first come, first served, and keys do not wait for each other", async () => {
  const locks = newLocks();
  const order: number[] = [];
  const first = holdKey(locks, "a");
  await first.began;
  const others = [1, 2, 3].map((n) => locks.exclusive("a", never, async () => order.push(n)));
  assert.equal(await locks.exclusive("b", never, async () => "at once"), "at once");
  first.finish();
  await Promise.all(others);
  assert.deepEqual(order, [1, 2, 3]);
});

test("what work throws is thrown, and the key is free again", async () => {
  const locks = newLocks();
  await assert.rejects(
    locks.exclusive("broken", never, () => Promise.reject(new Error("the work failed"))),
    /the work failed/,
  );
  assert.equal(await newLocks().exclusive("broken", never, async () => "free"), "free");
});

test("who gives up waiting rejects with the reason and lets the next one pass", async () => {
  const [locks, elsewhere] = [newLocks(), newLocks()];
  const holder = holdKey(elsewhere, "busy");
  await holder.began;
  const patience = new AbortController();
  const polling = locks.exclusive("busy", patience.signal, async () => "never");
  const queued = locks.exclusive("busy", patience.signal, async () => "never");
  const patient = locks.exclusive("busy", never, async () => "my turn");
  patience.abort(new Error("gave up"));
  await Promise.all([assert.rejects(polling, /gave up/), assert.rejects(queued, /gave up/)]);
  holder.finish();
  assert.equal(await patient, "my turn");
});

test("a lost connection aborts the holders, and the next one gets a new connection", async () => {
  const locks = newLocks();
  const holder = holdKey(locks, "lost");
  const signal = await holder.began;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
             where application_name = 'enlace locks' and datname = current_database()`.execute(database.sql);
  await aborted;
  assert.match(String(signal.reason), /the lock was lost/);
  assert.equal(await newLocks().exclusive("lost", never, async () => "taken over"), "taken over");
  holder.finish();
  assert.equal(await holder.done, true);
  assert.equal(await locks.exclusive("lost", never, async () => "again"), "again");
});

test("a connection that dies without a word aborts the holders too", async () => {
  const line = await startMutableLine(database.url);
  const locks = createLocks({
    url: line.url,
    clock: systemClock,
    log: silentLog,
    heartbeatMs: 20,
    answerTimeoutMs: 100,
  });
  const holder = holdKey(locks, "silent");
  const signal = await holder.began;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  line.mute();
  await aborted;
  holder.finish();
  assert.equal(await holder.done, true);
  await locks.stop();
});

test("without a database the wait ends with a refusal, not with a hang", async () => {
  const locks = createLocks({ url: "postgres://x@127.0.0.1:1/x", clock: systemClock, log: silentLog });
  const run = () => locks.exclusive("any", never, async () => "never");
  await assert.rejects(run(), { code: "unavailable" });
  await assert.rejects(run(), { code: "unavailable" });
  await locks.stop();
});

test("stop waits for the running work and refuses more", async () => {
  const locks = newLocks();
  const holder = holdKey(locks, "last");
  await holder.began;
  const stopped = locks.stop().then(() => "stopped");
  await assert.rejects(
    locks.exclusive("more", never, async () => "never"),
    { code: "unavailable" },
  );
  assert.equal(
    await Promise.race([stopped, database.pool.query("select 1").then(() => "still waiting")]),
    "still waiting",
  );
  holder.finish();
  assert.equal(await stopped, "stopped");
  assert.equal(await holder.done, false);
});
