// SIGTERM in the middle of the day: what was taken is kept, who waits is answered, the process ends by itself.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { type Answer, postCall } from "../api-client.ts";
import { createChildEnlace } from "../child-enlace.ts";
import { createEmptyDatabase } from "../empty-database.ts";
import { WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL } from "../harness.ts";

const databaseUrl = await createEmptyDatabase("drain");
const crm = await startFakeVtiger();
after(() => crm.stop());
const server = await createChildEnlace({ databaseUrl, crmUrl: crm.url });
const next = await createChildEnlace({ databaseUrl, crmUrl: crm.url, isFast: true });
const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
pool.on("error", () => undefined); // the database goes before the pool does
after(() => pool.end());
const SENDERS = 24;

/** Posts one call after another until the door is closed; gives the ids that were acknowledged, and every answer's status. */
async function sendUntilClosed(sender: number): Promise<{ acknowledged: string[]; statuses: number[] }> {
  const acknowledged: string[] = [];
  const statuses: number[] = [];
  for (let index = 0; ; index++) {
    const call_uuid = `drain-${sender}-${index}`;
    let answer: Answer;
    try {
      answer = await postCall(server.url, { ...DOCUMENTED_CALL, call_uuid }, { secret: WEBHOOK_SECRET });
    } catch {
      return { acknowledged, statuses }; // refused: nobody listens any more
    }
    statuses.push(answer.status);
    if (answer.status === 202) acknowledged.push(call_uuid);
  }
}

test("nothing that was acknowledged under load is lost by a stop, and no request is left hanging", async () => {
  await server.start();
  const sending = Promise.all(Array.from({ length: SENDERS }, (_, sender) => sendUntilClosed(sender)));
  await eventually(async () => {
    const { rows } = await pool.query("select count(*)::int as count from calls");
    assert.ok(rows[0].count > 300);
  });
  assert.equal(await server.stop(), 0);
  const results = await sending;
  assert.deepEqual([...new Set(results.flatMap(({ statuses }) => statuses))], [202]);
  const acknowledged = results.flatMap((result) => result.acknowledged);
  const { rows } = await pool.query("select call_uuid from calls");
  const stored = new Set(rows.map(({ call_uuid }) => call_uuid));
  assert.deepEqual(
    acknowledged.filter((uuid) => !stored.has(uuid)),
    [],
  );
});

test("the process left nothing leased behind, and the next one delivers what remained", async () => {
  const { rows } = await pool.query(
    "select (select count(*)::int from deliveries where state = 'leased') as leased, (select count(*)::int from workers) as workers",
  );
  assert.deepEqual(rows, [{ leased: 0, workers: 0 }]);
  await next.start();
  await eventually(
    async () => {
      const { rows: left } = await pool.query(
        "select count(*)::int as count from voip_call_buffer where status <> 'sent'",
      );
      assert.equal(left[0].count, 0);
    },
    { timeoutMs: 30_000 },
  );
  const { rows: calls } = await pool.query("select count(*)::int as count from calls");
  assert.equal(crm.records("PBXManager").length, calls[0].count);
  assert.equal(await next.stop(), 0);
});

test("a client that prefers to wait is answered 202 when the process stops", async () => {
  await server.start();
  crm.faults.add({ kind: "silent", times: Number.POSITIVE_INFINITY });
  const waiting = postCall(
    server.url,
    { ...DOCUMENTED_CALL, call_uuid: "patient" },
    { secret: WEBHOOK_SECRET, headers: { prefer: "wait=30" } },
  );
  await eventually(async () => {
    const { rows } = await pool.query("select count(*)::int as count from calls where call_uuid = 'patient'");
    assert.equal(rows[0].count, 1);
  });
  const stopped = server.stop();
  assert.equal((await waiting).status, 202);
  assert.equal(await stopped, 0);
});
