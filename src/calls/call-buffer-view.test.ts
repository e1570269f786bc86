// The older middleware's table, as a view: its documented SQL must keep answering. See migrations/0001_foundation.sql.
import assert from "node:assert/strict";
import { before, beforeEach, test } from "node:test";
import { createTestDatabase } from "../../test/database.ts";

const NOW = new Date("2026-03-10T12:00:00Z");
const database = await createTestDatabase(NOW);
const query = (text: string, values: unknown[] = []) => database.pool.query(text, values);

before(async () => {
  await query(
    `insert into tenants (number, name, time_zone, country, language, is_default, created_at, updated_at)
    values ('100', 'One', 'UTC', 'ES', 'es', true, $1, $1), ('200', 'Two', 'UTC', 'ES', 'es', false, $1, $1)`,
    [NOW],
  );
  await query(
    `insert into connections (tenant_id, connector, name, settings, created_at, updated_at, deleted_at)
    values (1, 'webhook', 'hook', '{}', $1, $1, null), (1, 'vtiger', 'gone', '{}', $1, $1, $1), (1, 'vtiger', 'crm', '{}', $1, $1, null),
           (1, 'vtiger', 'second crm', '{}', $1, $1, null)`,
    [NOW],
  );
  await query(
    "insert into lanes (tenant_id, connection_id, concurrency, attempts_max, tokens_at) values (1, 3, 1, 5, $1)",
    [NOW],
  );
});

beforeEach(async () => {
  await query("delete from attempts");
  await query("delete from deliveries");
  await query("delete from facts");
  await query("delete from calls");
  await query("update lanes set held_at = null");
});

async function putCall(uuid: string, tenantId = 1): Promise<string> {
  const { rows } = await query(
    "insert into calls (tenant_id, call_uuid, started_at, created_at, updated_at) values ($1, $2, $3, $3, $3) returning id",
    [tenantId, uuid, NOW],
  );
  return rows[0].id;
}

interface Put {
  state: string;
  connection?: number;
  tries?: number;
  deliveredRevision?: number;
  remote?: unknown;
}
async function putDelivery(
  call: string,
  { state, connection = 3, tries = 0, deliveredRevision = 0, remote = null }: Put,
): Promise<void> {
  const { rows } = await query(
    `insert into deliveries (tenant_id, connection_id, subject_kind, subject_id, subject_created_at, kind, state, revision,
       delivered_revision, tries, due_at, remote, last_attempt_at, created_at, updated_at)
     values (1, $1, 'call', $2, $3, 'record', $4, 1, $5, $6, $3, $7, case when $6::int > 0 then $3::timestamptz end, $3, $3)
     returning id`,
    [connection, call, NOW, state, deliveredRevision, tries, remote],
  );
  await query(
    `insert into attempts (tenant_id, delivery_id, number, started_at, duration_ms, revision, outcome, exchanges)
     select 1, $1, n, $2, 5, 1, case when n = $3 and $4 > 0 then 'delivered' else 'retry' end, '[]'
       from generate_series(1, $3::int) n`,
    [rows[0].id, NOW, tries, deliveredRevision],
  );
}

/** The guide's own verification query, letter by letter. */
async function verify(): Promise<unknown> {
  const { rows } = await query(
    "SELECT call_uuid, status, vtiger_call_id FROM voip_call_buffer WHERE call_uuid='uuid-555';",
  );
  return rows;
}
const retries = async (): Promise<unknown> => (await query("select retries, last_attempt from voip_call_buffer")).rows;

test("a delivered call is sent and names its Vtiger record", async () => {
  const call = await putCall("uuid-555");
  await putDelivery(call, { state: "delivered", deliveredRevision: 1, tries: 1, remote: { id: "24x6" } });
  await putDelivery(call, { state: "dead", connection: 1, tries: 9 });
  await putDelivery(call, { state: "dead", connection: 4, tries: 9 });
  assert.deepEqual(await verify(), [{ call_uuid: "uuid-555", status: "sent", vtiger_call_id: "24x6" }]);
  assert.deepEqual(await retries(), [{ retries: 0, last_attempt: NOW }]);
});

test("a call that waits or is tried again is pending, with its retries so far", async () => {
  const call = await putCall("uuid-555");
  assert.deepEqual(
    await verify(),
    [{ call_uuid: "uuid-555", status: "pending", vtiger_call_id: null }],
    "no delivery planned",
  );
  await putDelivery(call, { state: "pending", tries: 2 });
  assert.deepEqual(await verify(), [{ call_uuid: "uuid-555", status: "pending", vtiger_call_id: null }]);
  assert.deepEqual(await retries(), [{ retries: 2, last_attempt: NOW }]);
});

test("a dead letter is failed, and so is a call that met wrong credentials", async () => {
  const call = await putCall("uuid-555");
  await putDelivery(call, { state: "dead", tries: 5 });
  assert.deepEqual(await verify(), [{ call_uuid: "uuid-555", status: "failed", vtiger_call_id: null }]);
  await query("update deliveries set state = 'pending', tries = 1");
  await query("delete from attempts where number > 1");
  await query("update lanes set held_at = $1", [NOW]);
  assert.deepEqual(await verify(), [{ call_uuid: "uuid-555", status: "failed", vtiger_call_id: null }]);
  assert.deepEqual(await retries(), [{ retries: 1, last_attempt: NOW }]);
});

test("the payload is what the webhook posted, as jsonb, whatever else was told", async () => {
  const call = await putCall("uuid-555");
  const put = (key: string, source: string, raw: string, receivedAt: Date) =>
    query(
      `insert into facts (tenant_id, call_id, call_created_at, key, source, at, fact, raw, received_at)
       values (1, $1, $2, $3, $4, $2, '{}', $5, $6)`,
      [call, NOW, key, source, raw, receivedAt],
    );
  await put("a", "webhook", '{"status": "ringing"}', NOW);
  await put("b", "webhook", '{"status": "completed", "x": 1.0}', new Date(NOW.getTime() + 1));
  await put("c", "ami", '{"Event": "Hangup"}', new Date(NOW.getTime() + 2));
  const { rows } = await query("select raw_payload, raw_payload ->> 'status' as status from voip_call_buffer");
  assert.deepEqual(rows, [{ raw_payload: { status: "completed", x: 1 }, status: "completed" }]);
});

test("it shows the default tenant's calls once each, with the columns and types of the older table", async () => {
  await putCall("uuid-555");
  await putCall("uuid-556");
  await putCall("uuid-555", 2);
  const { rows, fields } = await query("select * from voip_call_buffer order by call_uuid");
  assert.deepEqual(
    rows.map(({ call_uuid }) => call_uuid),
    ["uuid-555", "uuid-556"],
  );
  const names = ["id", "call_uuid", "raw_payload", "status", "retries", "last_attempt", "vtiger_call_id", "created_at"];
  assert.deepEqual(
    fields.map(({ name }) => name),
    names,
  );
  assert.equal(typeof rows[0].retries, "number");
});
