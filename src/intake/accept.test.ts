import assert from "node:assert/strict";
import { test } from "node:test";
import type pg from "pg";
import { createTestDatabase, silentLog } from "../../test/database.ts";
import { reduceCall } from "../core/call.ts";
import { type CallFact, reviveFact } from "../core/call-fact.ts";
import { fromCallRow } from "../core/call-row.ts";
import { toTenantId } from "../core/ids.ts";
import { systemClock } from "../kit/clock.ts";
import { createMetrics } from "../kit/metrics.ts";
import { openDatabase } from "../kit/postgres/database.ts";
import { type AcceptItem, type AcceptOptions, createAccept } from "./accept.ts";
import { FACTS_PER_CALL_MAX } from "./accept-batch.ts";
import { createFakeFanOut } from "./fake-fan-out.ts";

const database = await createTestDatabase();
const tenant = { id: toTenantId(1) };
const at = (clock: string): Date => new Date(`2025-08-02T${clock}Z`);

function createDoor(more: Partial<AcceptOptions> = {}) {
  const { fanOuts, news, changes } = createFakeFanOut();
  const door = createAccept({
    database,
    clock: systemClock,
    log: silentLog,
    metrics: createMetrics({ includeProcess: false }),
    fanOuts,
    ...more,
  });
  return { ...door, news, changes };
}

let told = 0;
const item = (callUuid: string, fact: Partial<CallFact> = {}, raw = '{"n": 1.0}'): AcceptItem => ({
  tenant,
  callUuid,
  fact: { key: `key-${told++}`, source: "webhook", at: at("14:00:00"), ...fact },
  raw,
});

const rowsOf = async (callUuid: string, tenantId = 1) =>
  (await database.pool.query("select * from calls where call_uuid = $1 and tenant_id = $2", [callUuid, tenantId])).rows;
const factsOf = async (callUuid: string) =>
  (
    await database.pool.query(
      "select f.* from facts f join calls c on c.tenant_id = f.tenant_id and c.id = f.call_id where call_uuid = $1 order by f.key",
      [callUuid],
    )
  ).rows;

test("a new call is kept with its fact, raw text digit by digit, before accept resolves", async () => {
  const { accept, news, changes } = createDoor();
  const accepted = await accept(
    item("new-1", { status: "ringing", agentExtension: "1001" }, '{"id": 12345678901234567890, "x": 1.50}'),
  );
  assert.equal(accepted.status, "accepted");
  assert.equal(accepted.revision, 1);
  const [row] = await rowsOf("new-1");
  assert.equal(row.id, accepted.callId);
  assert.deepEqual(
    [row.outcome, row.phase, row.agent_extension, row.sources],
    ["in_progress", "ringing", "1001", ["webhook"]],
  );
  const raw = await database.pool.query("select raw::text from facts where call_id = $1", [accepted.callId]);
  assert.equal(raw.rows[0].raw, '{"id": 12345678901234567890, "x": 1.50}');
  assert.equal(changes.length, 0);
  assert.deepEqual(
    news.map(({ tenantId, callUuid, call, recovered }) => [tenantId, callUuid, call.phase, recovered]),
    [[1, "new-1", "ringing", false]],
  );
});

test("the same fact again is a duplicate and changes nothing, together or apart", async () => {
  const { accept, news, changes } = createDoor();
  const one = item("twice", { status: "answered" });
  const together = await Promise.all([accept(one), accept(one), accept(one)]);
  assert.deepEqual(
    together.map(({ status }) => status),
    ["accepted", "duplicate", "duplicate"],
  );
  const apart = await accept(one);
  assert.deepEqual([apart.status, apart.revision, apart.callId], ["duplicate", 1, together[0]?.callId]);
  assert.equal((await factsOf("twice")).length, 1);
  assert.equal(changes.length, 0);
  assert.ok(news.every(({ callUuid }) => callUuid === "twice"));
});

test("a call that advances is updated and its revision grows by one for each commit that changed it", async () => {
  const { accept, changes } = createDoor();
  await accept(item("grows", { status: "ringing", startedAt: at("14:00:00") }));
  const [talking, ended] = await Promise.all([
    accept(item("grows", { status: "in_progress", answeredAt: at("14:00:10") })),
    accept(item("grows", { status: "answered", endedAt: at("14:01:00") })),
  ]);
  assert.deepEqual([talking?.status, ended?.status, ended?.revision], ["updated", "updated", 2]);
  const [row] = await rowsOf("grows");
  assert.deepEqual([row.revision, row.outcome, row.ring_seconds, row.talk_seconds], [2, "answered", 10, 50]);
  assert.deepEqual(
    changes.map(({ revision }) => revision),
    [2],
  );
});

test("a story inside a call is kept with its instants, and a change of it alone says so", async () => {
  const { accept, changes } = createDoor();
  const ring = { id: "r", startedAt: at("14:00:01"), extension: "101" };
  await accept(item("story", { status: "ringing", startedAt: at("14:00:00") }));
  await accept(item("story", { details: { rings: [ring] } }));
  const { call } = await accept(
    item("story", { status: "answered", endedAt: at("14:01:00"), details: { hangupCause: 16 } }),
  );
  assert.deepEqual(
    changes.map(({ revision, isDetail }) => [revision, isDetail]),
    [
      [2, true],
      [3, undefined],
    ],
  );
  const [row] = await rowsOf("story");
  assert.deepEqual(fromCallRow(row).details, call.details);
  assert.deepEqual(call.details?.rings, [{ ...ring, endedAt: at("14:01:00") }]);
});

test("a call that was seen here and has been deleted since is made anew", async () => {
  const { accept, news } = createDoor();
  await accept(item("gone", { status: "ringing" }));
  await database.pool.query("delete from facts where call_id = (select id from calls where call_uuid = 'gone')");
  await database.pool.query("delete from calls where call_uuid = 'gone'");
  const again = await accept(item("gone", { status: "answered" }));
  assert.deepEqual([again.status, again.revision, again.call.outcome], ["accepted", 1, "answered"]);
  assert.equal((await rowsOf("gone")).length, 1);
  assert.equal(news.filter(({ callUuid }) => callUuid === "gone").length, 2);
});

test("a fact that is new but says nothing new is kept and leaves the revision alone", async () => {
  const { accept, changes } = createDoor();
  await accept(item("same-news", { status: "answered" }));
  const again = await accept(item("same-news", { status: "ringing" }));
  assert.deepEqual([again.status, again.revision], ["duplicate", 1]);
  assert.equal((await factsOf("same-news")).length, 2);
  assert.equal(changes.length, 0);
});

test("several facts of one new call in one batch make one call of revision 1", async () => {
  const { accept, news } = createDoor();
  const results = await Promise.all([
    accept(item("burst", { status: "ringing" })),
    accept(item("burst", { status: "answered", endedAt: at("14:01:00") })),
    accept(item("burst-other", { status: "busy" })),
  ]);
  assert.deepEqual(
    results.map(({ status, revision }) => [status, revision]),
    [
      ["accepted", 1],
      ["updated", 1],
      ["accepted", 1],
    ],
  );
  assert.equal(news.length, 2);
  assert.equal((await rowsOf("burst"))[0].outcome, "answered");
});

test("the same uuid of two tenants is two calls", async () => {
  const { accept } = createDoor();
  const mine = item("shared");
  const [one, two] = await Promise.all([accept(mine), accept({ ...mine, tenant: { id: toTenantId(2) } })]);
  assert.deepEqual([one?.status, two?.status], ["accepted", "accepted"]);
  assert.notEqual(one?.callId, two?.callId);
});

test("only what recovery alone told counts as recovered", async () => {
  const { accept, news, changes } = createDoor();
  await accept(item("late", { source: "recovery", status: "lost" }));
  await Promise.all([
    accept(item("late", { source: "recovery", status: "missed" })),
    accept(item("late", { source: "webhook", status: "answered" })),
  ]);
  assert.deepEqual([news[0]?.recovered, changes[0]?.recovered], [true, false]);
});

function failOnChange(calls: readonly object[]): void {
  if (calls.some((call) => "revision" in call)) throw new Error("no lane");
}

test("if the way out fails, nothing is kept and nobody is told otherwise", async () => {
  const { accept } = createDoor({
    ...createFakeFanOut({
      onPlan: ([first]) => {
        if (first?.call.outcome === "in_progress") throw new Error("no lane");
      },
    }),
  });
  await assert.rejects(accept(item("no-way-out")), /no lane/);
  assert.equal((await rowsOf("no-way-out")).length, 0);
  await accept(item("no-way-on", { status: "missed" }));
  const before = await factsOf("no-way-on");
  const stuck = createDoor(createFakeFanOut({ onPlan: failOnChange }));
  await assert.rejects(stuck.accept(item("no-way-on", { status: "answered" })), /no lane/);
  assert.deepEqual(await factsOf("no-way-on"), before);
  assert.equal((await rowsOf("no-way-on"))[0].outcome, "missed");
});

test("one fact the store refuses fails alone; those it travelled with are kept", async () => {
  const { accept } = createDoor();
  const results = await Promise.allSettled([
    ...Array.from({ length: 7 }, (_, index) => accept(item(`good-${index}`))),
    accept(item("poison", { agentExtension: "10\0" })),
    ...Array.from({ length: 7 }, (_, index) => accept(item(`fine-${index}`))),
  ]);
  const refused = results.filter((result) => result.status === "rejected");
  assert.equal(refused.length, 1);
  assert.equal(refused[0]?.reason.code, "invalid_field");
  assert.equal((await rowsOf("good-3")).length, 1);
  assert.equal((await rowsOf("fine-6")).length, 1);
  assert.equal((await rowsOf("poison")).length, 0);
});

test("a call takes no more than its fill of facts", async () => {
  const { accept } = createDoor({ itemsMax: FACTS_PER_CALL_MAX });
  await accept(item("endless"));
  await Promise.all(Array.from({ length: FACTS_PER_CALL_MAX - 1 }, () => accept(item("endless"))));
  await assert.rejects(accept(item("endless")), { code: "conflict" });
  assert.equal((await factsOf("endless")).length, FACTS_PER_CALL_MAX);
});

test("more than may wait is refused with a time to come back, and nothing of it is kept", async () => {
  const { accept, idle } = createDoor({ waitingMax: 2, itemsMax: 1 });
  const results = await Promise.allSettled([1, 2, 3].map((n) => accept(item(`crowd-${n}`))));
  assert.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected"],
  );
  const [, , third] = results;
  assert.ok(third?.status === "rejected" && third.reason.code === "unavailable" && third.reason.retryAfterSeconds > 0);
  await idle();
  assert.equal((await rowsOf("crowd-3")).length, 0);
  const heavy = createDoor({ waitingBytesMax: 100 });
  await assert.rejects(heavy.accept(item("heavy", {}, JSON.stringify("x".repeat(200)))), { code: "unavailable" });
});

test("a month without partitions gets them on the way", async () => {
  const future = new Date("2031-03-15T12:00:00Z");
  const { accept } = createDoor({ clock: { ...systemClock, now: () => future } });
  assert.equal((await accept(item("in-2031"))).status, "accepted");
  const later = { ...systemClock, now: () => new Date("2031-04-02T12:00:00Z") };
  await createDoor({ clock: later }).accept(item("in-2031", { status: "answered" }));
  const facts = await factsOf("in-2031");
  assert.deepEqual(
    facts.map((fact) => fact.call_created_at.toISOString()),
    [future.toISOString(), future.toISOString()],
  );
});

test("when the store is away every fact is refused as unavailable, none is called kept", async () => {
  const away = openDatabase({ url: "postgres://postgres@127.0.0.1:9/none", poolMax: 2, log: silentLog });
  const { accept } = createDoor({ database: away });
  const results = await Promise.allSettled([accept(item("away-1")), accept(item("away-2"))]);
  await away.close();
  for (const result of results) assert.ok(result.status === "rejected" && result.reason.code === "unavailable");
});

test("a connection cut before the commit keeps nothing, and the same facts go through afterwards", async () => {
  const shaky = openDatabase({ url: database.url, poolMax: 2, log: silentLog });
  const cut = "select pg_terminate_backend(pg_backend_pid())::text";
  const facts = [item("cut-1"), item("cut-2")];
  const { accept } = createDoor({ database: shaky, ...createFakeFanOut({ announced: cut }) });
  const results = await Promise.allSettled(facts.map((one) => accept(one)));
  await shaky.close();
  for (const result of results) assert.ok(result.status === "rejected" && result.reason.code === "unavailable");
  assert.equal((await rowsOf("cut-1")).length, 0);
  assert.deepEqual(
    (await Promise.all(facts.map((one) => createDoor().accept(one)))).map(({ status }) => status),
    ["accepted", "accepted"],
  );
});

test("a call that exists is extended all or nothing when the connection is cut in between", async () => {
  await createDoor().accept(item("cut-later", { status: "ringing" }));
  let cut = true;
  const fanOuts = createFakeFanOut().fanOuts.map((fanOut) => ({
    ...fanOut,
    planChanged: async (client: pg.PoolClient) => {
      if (cut) await client.query("select pg_terminate_backend(pg_backend_pid())");
    },
  }));
  const { accept } = createDoor({ fanOuts });
  const one = item("cut-later", { status: "answered" });
  await assert.rejects(accept(one), { code: "unavailable" });
  assert.deepEqual([(await factsOf("cut-later")).length, (await rowsOf("cut-later"))[0].revision], [1, 1]);
  cut = false;
  assert.equal((await accept(one)).status, "updated");
});

const failing = (code: string, message = "told to fail"): Error => Object.assign(new Error(message), { code });

test("two batches in each other's way are tried again; if that does not help, the client is asked to come back", async () => {
  let clashes = 2;
  const { accept } = createDoor({
    ...createFakeFanOut({
      onPlan: () => {
        if (clashes-- > 0) throw failing("40P01");
      },
    }),
  });
  assert.equal((await accept(item("clash"))).status, "accepted");
  const stuck = createDoor({
    ...createFakeFanOut({
      onPlan: () => {
        throw failing("40P01");
      },
    }),
  });
  await assert.rejects(stuck.accept(item("stuck")), { code: "unavailable" });
});

test("a standby that takes no writes yet is a store that is down, not a fault of the fact", async () => {
  const { accept } = createDoor({
    ...createFakeFanOut({
      onPlan: () => {
        throw failing("25006", "cannot execute INSERT in a read-only transaction");
      },
    }),
  });
  const results = await Promise.allSettled([accept(item("standby-1")), accept(item("standby-2"))]);
  for (const result of results) assert.ok(result.status === "rejected" && result.reason.code === "unavailable");
});

test("a fault of our own in one call fails that call as a fault, and keeps its neighbours", async () => {
  const { accept } = createDoor({
    ...createFakeFanOut({
      onPlan: (calls) => {
        if (calls.some(({ call }) => call.trunk === "cursed")) throw new TypeError("a bug");
      },
    }),
  });
  const [good, bad] = await Promise.allSettled([accept(item("beside-bug")), accept(item("bug", { trunk: "cursed" }))]);
  assert.equal(good?.status, "fulfilled");
  assert.ok(bad?.status === "rejected" && bad.reason instanceof TypeError);
  assert.equal((await rowsOf("bug")).length, 0);
});

test("what is taken, refused and committed is counted", async () => {
  const metrics = createMetrics({ includeProcess: false });
  const { accept } = createDoor({ metrics });
  const one = item("counted");
  await accept(one);
  await accept(one);
  await assert.rejects(accept(item("uncounted", { agentExtension: "\0" })));
  const page = await metrics.toText();
  for (const [status, count] of [
    ["accepted", 1],
    ["duplicate", 1],
    ["refused", 1],
  ]) {
    assert.match(page, new RegExp(`enlace_intake_facts_total\\{status="${status}"\\} ${count}`));
  }
  assert.match(page, /enlace_intake_waiting_facts 0/);
  assert.match(page, /enlace_intake_batch_facts_count 3/);
  assert.match(page, /enlace_intake_commit_seconds_count 3/);
});

test("many doors that hammer the same calls in any order never lock each other out, and lose and double nothing", async () => {
  const other = openDatabase({ url: database.url, poolMax: 4, log: silentLog });
  const doors = [
    createDoor({ itemsMax: 20 }),
    createDoor({ itemsMax: 20, database: other }),
    createDoor({ itemsMax: 7, database: other }),
  ];
  const statuses = ["ringing", "in_progress", "answered", "missed", "busy"] as const;
  const facts = Array.from({ length: 600 }, (_, n) =>
    item(`hammer-${n % 30}`, {
      key: `h-${n % 300}`,
      status: statuses[Math.floor((n % 300) / 30) % 5] ?? "ringing",
      at: new Date(Date.UTC(2025, 7, 2, 14, 0, n % 30)),
    }),
  );
  const shuffled = facts.map((one, n) => ({ one, order: (n * 7919) % 601 })).sort((a, b) => a.order - b.order);
  const deadlocksBefore = await deadlocks();
  const results = await Promise.all(shuffled.flatMap(({ one }) => doors.map(({ accept }) => accept(one))));
  await other.close();
  assert.equal(await deadlocks(), deadlocksBefore);
  assert.equal(results.filter(({ status }) => status === "accepted").length, 30);
  const { rows } = await database.pool.query(
    "select count(*)::int as facts, count(distinct call_id)::int as calls from facts where key like 'h-%'",
  );
  assert.deepEqual(rows[0], { facts: 300, calls: 30 });
  const seen = doors.flatMap((door) => door.changes.map(({ callId, revision }) => `${callId} ${revision}`));
  assert.ok(seen.length > 0, "calls that exist were extended");
  assert.equal(new Set(seen).size, seen.length, "each revision of a call is announced once");
  for (let n = 0; n < 30; n++) {
    const [row] = await rowsOf(`hammer-${n}`);
    const known = (await factsOf(`hammer-${n}`)).map(({ fact }) => reviveFact(fact));
    assert.deepEqual(fromCallRow(row), reduceCall(known), "the stored call is what its facts say");
    assert.ok(row.revision === 1 || seen.includes(`${row.id} ${row.revision}`));
  }
});

async function deadlocks(): Promise<number> {
  await database.pool.query("select pg_stat_clear_snapshot()");
  const { rows } = await database.pool.query(
    "select deadlocks::int from pg_stat_database where datname = current_database()",
  );
  return rows[0].deadlocks;
}
