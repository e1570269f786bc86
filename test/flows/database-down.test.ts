// The store goes away in the middle of the day: 503 with Retry-After, never a 2xx for what is not kept, and back by itself.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import pg from "pg";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { createApiClient, postCall } from "../api-client.ts";
import { createChildEnlace } from "../child-enlace.ts";
import { WEBHOOK_SECRET } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL } from "../harness.ts";
import { startOwnPostgres } from "../simulation/own-postgres.ts";

const postgres = await startOwnPostgres();
const crm = await startFakeVtiger();
const server = await createChildEnlace({ databaseUrl: postgres.url, crmUrl: crm.url });
after(async () => {
  await server.kill();
  await crm.stop();
  await postgres.stop();
});
const post = (call_uuid: string) => postCall(server.url, { ...DOCUMENTED_CALL, call_uuid }, { secret: WEBHOOK_SECRET });

test("with the database gone a call is answered 503 with Retry-After, health stays good and readiness does not", async () => {
  await server.start();
  assert.equal((await post("before")).status, 202);
  postgres.crash();
  await eventually(async () => {
    const { status, headers, body } = await post("during");
    assert.deepEqual([status, body.code], [503, "unavailable"]);
    assert.ok(Number(headers.get("retry-after")) >= 1);
  });
  const anonymous = createApiClient(server.url, {});
  assert.equal((await anonymous.get("/health")).status, 200);
  assert.equal((await anonymous.get("/ready")).status, 503);
});

test("a wrong signature is never answered 2xx while nobody can look the secret up", async () => {
  const { status } = await postCall(server.url, DOCUMENTED_CALL, { secret: "not the secret" });
  assert.ok(status === 401 || status === 503, String(status));
});

test("when the database is back Enlace is too, without a restart", async () => {
  await postgres.start();
  await eventually(async () => assert.equal((await createApiClient(server.url, {}).get("/ready")).status, 200), {
    timeoutMs: 30_000,
  });
  await eventually(async () => assert.equal((await post("after")).status < 300, true));
});

test("what was acknowledged while the database crashed again and again is all there afterwards", async () => {
  const acknowledged: string[] = [];
  const controller = new AbortController();
  const senders = Array.from({ length: 12 }, async (_, sender) => {
    for (let index = 0; !controller.signal.aborted; index++) {
      const { status } = await post(`storm-${sender}-${index}`);
      if (status < 300) acknowledged.push(`storm-${sender}-${index}`);
      else assert.equal(status, 503);
    }
  });
  for (let crash = 0; crash < 3; crash++) {
    const goal = acknowledged.length + 100;
    await eventually(() => assert.ok(acknowledged.length > goal), { timeoutMs: 30_000 });
    postgres.crash();
    await postgres.start();
  }
  controller.abort();
  await Promise.all(senders);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  const { rows } = await client.query("select call_uuid from calls");
  await client.end();
  const stored = new Set(rows.map(({ call_uuid }) => call_uuid));
  assert.deepEqual(
    acknowledged.filter((uuid) => !stored.has(uuid)),
    [],
  );
});

test("told to stop while the database is away, the process ends all the same", async () => {
  postgres.crash();
  await eventually(async () => assert.equal((await post("away")).status, 503));
  const code = await Promise.race([server.stop(), server.endedWithin(40_000)]);
  assert.notEqual(code, undefined, "it still runs after 40 s");
});
