import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createTestDatabase, silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import { createManualClock } from "../../../test/manual-clock.ts";
import { toTenantId } from "../../core/ids.ts";
import { createFakeConnector } from "../../delivery/fake-connector.ts";
import { createLanes } from "../../delivery/lanes.ts";
import type { Clock } from "../../kit/clock.ts";
import { createMetrics } from "../../kit/metrics.ts";
import { inTransaction } from "../../kit/postgres/database.ts";
import { systemRandom } from "../../kit/random.ts";
import { createSecretBox } from "../../kit/secret-box.ts";
import { type Connections, type ConnectionsOptions, createConnections } from "./connections.ts";

const clock = createManualClock();
const database = await createTestDatabase(clock.now());
const fake = createFakeConnector();
const lanes = createLanes({ clock });
let names = 0;

/** One process: a cache of its own, a listener that the test plays. */
function createProcess(
  secret = "a secret of at least 32 characters",
  clockOfProcess: Clock = clock,
  more: Partial<ConnectionsOptions> = {},
): Connections & { notify(payload: string | null): void } {
  let listener: (payload: string | null) => void = () => undefined;
  const connections = createConnections({
    ...{ database, clock: clockOfProcess, lanes, log: silentLog, connectors: [fake], ...more },
    box: createSecretBox({ secret, random: systemRandom }),
    listener: {
      on: (_channel, added) => {
        listener = added;
        return () => undefined;
      },
    },
  });
  return { ...connections, notify: (payload) => listener(payload) };
}

async function addTenant() {
  const { rows } = await sql<{ id: number }>`
    insert into tenants (number, name, time_zone, country, language, created_at, updated_at)
    values (${`t${++names}`}, 'T', 'Europe/Madrid', 'ES', 'es', ${clock.now()}, ${clock.now()}) returning id`.execute(
    database.sql,
  );
  return toTenantId(rows[0]?.id ?? 0);
}
const doerOf = (tenantId: ReturnType<typeof toTenantId>) => ({ tenantId, actor: "user:1", address: "192.0.2.1" });
const fields = (changes: object = {}) => ({
  ...{ connector: "fake", name: `c${++names}`, enabled: true },
  settings: { name: "crm", key: "top-secret" },
  ...changes,
});
const auditOf = async (tenantId: number) =>
  (
    await sql<{ action: string; detail: unknown }>`
      select action, detail from audit_log where tenant_id = ${tenantId} order by id`.execute(database.sql)
  ).rows;

test("a new connection has its connector's pace, a sealed secret in the store, and a mask for people", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  const shown = await process.create(doerOf(tenantId), fields());
  assert.deepEqual(shown.settings, { name: "crm", key: "••••", signals: false });
  assert.deepEqual(
    [shown.lane.state, shown.lane.concurrency, shown.lane.attemptsMax, shown.version],
    ["active", 4, 20, 1],
  );
  const { rows } = await sql<{ text: string }>`
    select settings::text || (select string_agg(detail::text, '') from audit_log) as text from connections where id = ${shown.id}`.execute(
    database.sql,
  );
  assert.ok(!rows[0]?.text.includes("top-secret"));
  const record = await process.load(tenantId, shown.id, 1);
  assert.deepEqual(record?.settings, { name: "crm", key: "top-secret", signals: false });
});

test("settings that do not fit name every field, and an unknown connector is refused", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  await assert.rejects(
    process.create(doerOf(tenantId), fields({ settings: { key: 7 } })),
    (error: { fields: object[] }) => {
      assert.deepEqual(error.fields.map((field) => (field as { path: string }).path).sort(), [
        "settings.key",
        "settings.name",
      ]);
      return true;
    },
  );
  await assert.rejects(process.create(doerOf(tenantId), fields({ connector: "nope" })), { code: "invalid_field" });
  await assert.rejects(process.create(doerOf(tenantId), fields({ settings: { name: "crm", key: "••••" } })), {
    code: "invalid_field",
  });
});

test("a name is taken once per tenant, and free again when its connection is removed", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  const first = await process.create(doerOf(tenantId), fields({ name: "same" }));
  await assert.rejects(process.create(doerOf(tenantId), fields({ name: "same" })), { code: "conflict" });
  await process.create(doerOf(await addTenant()), fields({ name: "same" }));
  await process.remove(doerOf(tenantId), first.id);
  await process.create(doerOf(tenantId), fields({ name: "same" }));
  await assert.rejects(process.show(tenantId, first.id), { code: "not_found" });
});

test("other settings make a new version, end a hold and forget what was remembered; the same settings do nothing", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  const { id } = await process.create(doerOf(tenantId), fields());
  await sql`update lanes set held_at = ${clock.now()}, hold_reason = 'wrong key' where connection_id = ${id}`.execute(
    database.sql,
  );
  await process.openMemory({ tenantId, id }).save("session", "abc", 60_000);
  const same = await process.update(doerOf(tenantId), id, { settings: { name: "crm", key: "••••", signals: false } });
  assert.deepEqual([same.version, same.lane.state, same.lane.reason], [1, "held", "wrong key"]);
  const other = await process.update(doerOf(tenantId), id, { settings: { name: "crm", key: "better" } });
  assert.deepEqual([other.version, other.lane.state], [2, "active"]);
  assert.equal(await process.openMemory({ tenantId, id }).load("session"), null);
  assert.deepEqual(
    (await auditOf(tenantId)).map(({ action, detail }) => [action, (detail as { changed?: string[] }).changed]),
    [
      ["connection.create", undefined],
      ["connection.update", ["settings"]],
    ],
  );
});

test("pace and attempts change without a new version", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  const { id } = await process.create(doerOf(tenantId), fields({ perSecond: 5 }));
  const shown = await process.update(doerOf(tenantId), id, { concurrency: 9, perSecond: null, attemptsMax: 3 });
  assert.deepEqual(
    [shown.version, shown.lane.concurrency, shown.lane.perSecond, shown.lane.attemptsMax],
    [1, 9, null, 3],
  );
});

test("another tenant can neither see nor change a connection", async () => {
  const [process, mine, theirs] = [createProcess(), await addTenant(), await addTenant()];
  const { id } = await process.create(doerOf(mine), fields());
  const refused = { code: "not_found" };
  await assert.rejects(process.show(theirs, id), refused);
  await assert.rejects(process.update(doerOf(theirs), id, { name: "stolen" }), refused);
  await assert.rejects(process.pause(doerOf(theirs), id), refused);
  await assert.rejects(process.resume(doerOf(theirs), id), refused);
  await assert.rejects(process.remove(doerOf(theirs), id), refused);
  assert.equal(await process.load(theirs, id, 1), undefined);
  assert.deepEqual(await process.list(theirs, { afterId: "0", rowsMax: 10 }), []);
});

test("a pause says who, and a resume ends it", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  const { id } = await process.create(doerOf(tenantId), fields());
  assert.deepEqual(
    [(await process.pause(doerOf(tenantId), id)).lane.state, (await process.show(tenantId, id)).lane.reason],
    ["paused", "user:1"],
  );
  assert.equal((await process.resume(doerOf(tenantId), id)).lane.state, "active");
});

test("what another process changed is known once it is notified, and a newer version is never answered with an older", async () => {
  const [one, two, tenantId] = [createProcess(), createProcess(), await addTenant()];
  const { id } = await one.create(doerOf(tenantId), fields());
  const routable = () => inTransaction(database, (client) => two.listRoutable([tenantId], client));
  assert.equal((await routable()).get(tenantId)?.length, 1);
  await one.update(doerOf(tenantId), id, { settings: { name: "crm", key: "2" } });
  assert.equal((await two.load(tenantId, id, 2))?.version, 2);
  await one.update(doerOf(tenantId), id, { enabled: false });
  two.notify(String(tenantId));
  assert.equal((await routable()).get(tenantId)?.length, 0);
});

test("a connection whose secrets do not open any more is a problem in words, not a failure", async () => {
  const [process, tenantId] = [createProcess(), await addTenant()];
  const { id } = await process.create(doerOf(tenantId), fields());
  const stranger = createProcess("another secret of at least 32 characters");
  const connection = await stranger.load(tenantId, id, 1);
  assert.deepEqual([connection?.settings, connection?.problem?.code], [null, "connection.sealed"]);
  assert.deepEqual((await stranger.show(tenantId, id)).settings, {});
  const mended = await stranger.update(doerOf(tenantId), id, { settings: { name: "crm", key: "new" } });
  assert.deepEqual([mended.problem, mended.version], [null, 2]);
});

test("four processes that start at once with the same environment make one connection, and change it only when it differs", async () => {
  const tenantId = await addTenant();
  const processes = [1, 2, 3, 4].map(() => createProcess());
  const apply = (key: string) =>
    Promise.all(
      processes.map((process) =>
        process.applyEnvironmentConnection({
          ...{ tenantId, connector: "fake", name: "Vtiger", settings: { name: "crm", key }, attemptsMax: 5 },
        }),
      ),
    );
  assert.deepEqual((await apply("one")).sort(), ["created", "unchanged", "unchanged", "unchanged"]);
  const [shown] = await (processes[0] as Connections).list(tenantId, { afterId: "0", rowsMax: 10 });
  assert.deepEqual([shown?.origin, shown?.version, shown?.lane.attemptsMax], ["environment", 1, 5]);
  await (processes[0] as Connections).update(doerOf(tenantId), shown?.id ?? "", {
    settings: { name: "crm", key: "••••", signals: true },
  });
  assert.deepEqual(new Set(await apply("one")), new Set(["unchanged"]));
  assert.deepEqual((await apply("two")).sort(), ["unchanged", "unchanged", "unchanged", "updated"]);
  const record = await (processes[1] as Connections).load(tenantId, shown?.id ?? "", 3);
  assert.deepEqual(record?.settings, { name: "crm", key: "two", signals: true });
});

test("memory is sealed, ends in time, belongs to one connection and is shared by processes", async () => {
  const [one, two, tenantId] = [createProcess(), createProcess(), await addTenant()];
  const { id } = await one.create(doerOf(tenantId), fields());
  const other = await one.create(doerOf(tenantId), fields());
  const memory = one.openMemory({ tenantId, id });
  await memory.save("session", "5f2a", 60_000);
  assert.equal(await two.openMemory({ tenantId, id }).load("session"), "5f2a");
  assert.equal(await one.openMemory({ tenantId, id: other.id }).load("session"), null);
  const { rows } = await sql<{
    sealed: string;
  }>`select sealed from connection_memory where connection_id = ${id}`.execute(database.sql);
  assert.ok(!rows[0]?.sealed.includes("5f2a"));
  await clock.advance(60_000);
  assert.equal(await memory.load("session"), null);
  await memory.save("other", "x", 1_000);
  const left = await sql`select from connection_memory where connection_id = ${id}`.execute(database.sql);
  assert.equal(left.rows.length, 1);
  await memory.forget("other");
  assert.equal(await memory.load("other"), null);
  await assert.rejects(memory.save("big", "x".repeat(8_193), 1_000), RangeError);
});

test("connections that run out while they are asked for are there all the same: nothing goes unplanned", async () => {
  let nowMs = 0;
  const hurrying = { ...clock, monotonicMs: () => (nowMs += 20_000) }; // two looks, and what was known is too old
  const [process, tenantId] = [createProcess("a secret of at least 32 characters", hurrying), await addTenant()];
  await process.create(doerOf(tenantId), fields());
  for (let times = 0; times < 6; times++) {
    const routable = await inTransaction(database, (client) => process.listRoutable([tenantId], client));
    assert.equal(routable.get(tenantId)?.length, 1, `at time ${times}`);
  }
});

/** Counts the questions that a process asks. */
function createCounted() {
  const metrics = createMetrics({ includeProcess: false });
  const random = { ...systemRandom, fraction: () => 0.5 };
  const process = createProcess("a secret of at least 32 characters", clock, { metrics, random });
  const read = async (name: string): Promise<number> => {
    const line = new RegExp(`^enlace_cache_${name}\\{cache="connections"\\} (\\d+)$`, "m").exec(await metrics.toText());
    return Number(line?.[1]);
  };
  return { process, read };
}

test("many who ask for one connection at once share one question", async () => {
  const { process, read } = createCounted();
  const tenantId = await addTenant();
  const { id } = await process.create(doerOf(tenantId), fields());
  const found = await Promise.all(Array.from({ length: 20 }, () => process.load(tenantId, id, 1)));
  assert.deepEqual([...new Set(found.map((each) => each?.id))], [id]);
  assert.deepEqual([await read("loads"), await read("misses")], [1, 20]);
  process.stop();
});

test("a question that began before a connection was there is not believed when it finds none", async () => {
  const [{ process, read }, other, tenantId] = [createCounted(), createProcess(), await addTenant()];
  const early = process.load(tenantId, "0", 1);
  const { id } = await other.create(doerOf(tenantId), fields());
  const late = process.load(tenantId, id, 1);
  assert.equal(await early, undefined);
  assert.equal((await late)?.id, id);
  assert.ok((await read("loads")) >= 1);
  process.stop();
});

test("connections that are asked for are renewed before they run out; the others are not, and leave", async () => {
  const { process, read } = createCounted();
  const [busy, idle] = [await addTenant(), await addTenant()];
  for (const tenantId of [busy, idle]) await process.create(doerOf(tenantId), fields());
  await process.listRoutable([busy, idle], database.pool);
  const before = await read("misses");
  for (let seconds = 0; seconds < 300; seconds += 10) {
    await process.listRoutable([busy], database.pool);
    await clock.advance(10_000);
    await eventually(() => assert.ok(clock.timers() > 0, "the round is over, the next one waits"));
  }
  assert.ok((await read("loads")) >= 5);
  assert.deepEqual([await read("misses"), await read("entries"), await read("expired")], [before, 1, 0]);
  process.stop();
});
