import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { sql } from "kysely";
import type { TenantId } from "../core/ids.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import { createDeadLetters } from "./dead-letters.ts";
import { createFakeConnector, delivered } from "./fake-connector.ts";
import { createSurroundings, toChange, until } from "./fake-surroundings.ts";

const crm = createFakeConnector();
const house = await createSurroundings(crm);
const { database, clock, addTenant, addConnection, tell, startDelivery, loadRows } = house;
const letters = createDeadLetters({ database, clock, writeAudit });
const doerOf = (tenantId: TenantId) => ({ tenantId, actor: "user:1", address: "" });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
const auditOf = async (tenantId: TenantId) =>
  (
    await sql<{ action: string; target: string; detail: { matched?: number } }>`
      select action, target, detail from audit_log where tenant_id = ${tenantId} order by id`.execute(database.sql)
  ).rows;

beforeEach(async () => {
  await house.clear();
  crm.answer = () => delivered();
  crm.arrivals.length = 0;
});

async function addDead(tenantId: TenantId, calls: number[], connection?: string): Promise<string> {
  const id = connection ?? (await addConnection(tenantId)).id;
  await tell(...calls.map((call) => toChange(tenantId, call)));
  await sql`update deliveries set state = 'dead', attempts = 5, reason = 'no' where connection_id = ${id}`.execute(
    database.sql,
  );
  return id;
}

test("a replayed dead letter is sent at once with all its attempts before it, and the audit log says who asked", async (t) => {
  const tenantId = await addTenant();
  const id = await addDead(tenantId, [1]);
  const worker = await startDelivery("replayer");
  t.after(() => house.stop(worker));
  const [row] = await loadRows(id);
  assert.ok(row);
  const replayed = await letters.replay(doerOf(tenantId), row.id);
  assert.deepEqual([replayed.state, replayed.attempts], ["pending", 0]);
  await until(async () => (await loadRows(id))[0]?.state === "delivered");
  assert.deepEqual(
    (await auditOf(tenantId)).map(({ action, target }) => [action, target]),
    [["delivery.replay", `delivery:${row.id}`]],
  );
});

test("what waits or is in flight cannot be replayed, and what is in flight cannot be discarded", async () => {
  const tenantId = await addTenant();
  const id = await addDead(tenantId, [1]);
  const [row] = await loadRows(id);
  assert.ok(row);
  for (const [state, verb] of [
    ["pending", "replay"],
    ["leased", "replay"],
    ["leased", "discard"],
    ["delivered", "discard"],
  ] as const) {
    await sql`update deliveries set state = ${state} where connection_id = ${id}`.execute(database.sql);
    await assert.rejects(letters[verb](doerOf(tenantId), row.id), { code: "conflict" }, `${verb} of ${state}`);
  }
  assert.deepEqual(await auditOf(tenantId), []);
});

test("another tenant's dead letters are not there", async () => {
  const [mine, theirs] = [await addTenant(), await addTenant()];
  const id = await addDead(mine, [1]);
  const [row] = await loadRows(id);
  assert.ok(row);
  await assert.rejects(letters.replay(doerOf(theirs), row.id), { code: "not_found" });
  await assert.rejects(letters.discard(doerOf(theirs), row.id), { code: "not_found" });
  assert.deepEqual(await letters.replayAll(doerOf(theirs), { filter: {}, dryRun: false }), { matched: 0, changed: 0 });
  assert.equal((await loadRows(id))[0]?.state, "dead");
});

test("a dry run counts and changes nothing; the real one changes what the filter names and nothing else", async () => {
  const tenantId = await addTenant();
  const a = await addDead(tenantId, numbers(7));
  const b = await addConnection(tenantId);
  await addDead(tenantId, numbers(3), b.id);
  const filter = { connectionId: b.id };
  assert.deepEqual(await letters.replayAll(doerOf(tenantId), { filter, dryRun: true }), { matched: 3, changed: 0 });
  assert.deepEqual(await auditOf(tenantId), []);
  assert.deepEqual(await letters.replayAll(doerOf(tenantId), { filter, dryRun: false }), { matched: 3, changed: 3 });
  assert.deepEqual(new Set((await loadRows(b.id)).map(({ state }) => state)), new Set(["pending"]));
  assert.deepEqual(new Set((await loadRows(a)).map(({ state }) => state)), new Set(["dead"]));
  assert.equal((await auditOf(tenantId))[0]?.detail.matched, 3);
});

test("a signal past its deadline is never replayed", async () => {
  const tenantId = await addTenant();
  const { id } = await addConnection(tenantId, { signals: true });
  await addDead(tenantId, [1], id);
  await clock.advance(31_000);
  assert.deepEqual(await letters.replayAll(doerOf(tenantId), { filter: {}, dryRun: false }), {
    matched: 1,
    changed: 1,
  });
  const signal = (await loadRows(id)).find(({ kind }) => kind === "signal");
  assert.equal(signal?.state, "dead");
});

test("a discarded delivery is not sent even when the call changes, until somebody replays it", async () => {
  const tenantId = await addTenant();
  const id = await addDead(tenantId, [1]);
  const [row] = await loadRows(id);
  assert.ok(row);
  assert.equal((await letters.discard(doerOf(tenantId), row.id)).state, "discarded");
  await tell(toChange(tenantId, 1, { revision: 2 }));
  assert.equal((await loadRows(id))[0]?.state, "discarded");
  assert.equal((await letters.replay(doerOf(tenantId), row.id)).revision, 2);
});
