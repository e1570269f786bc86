// S0-21, second acceptance test: the same webhook again never makes a second call, row or record.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const wait = { headers: { prefer: "wait=30" } };
const writes = (): string[] => enlace.crm.operations.filter((name) => name === "create" || name === "revise");

test("the same call again is a duplicate, and nothing is sent for it", async () => {
  const first = await enlace.postCall(DOCUMENTED_CALL, wait);
  const sent = writes();
  const second = await enlace.postCall(DOCUMENTED_CALL);
  assert.equal(second.status, 200);
  assert.deepEqual(
    [second.body.status, second.body.call_id, second.body.revision],
    ["duplicate", first.body.call_id, 1],
  );
  const waited = await enlace.postCall(DOCUMENTED_CALL, wait);
  assert.deepEqual([waited.status, waited.body.vtiger_call_id], [200, first.body.vtiger_call_id]);
  assert.deepEqual(writes(), sent);
});

test("spacing and order of the fields make no other call of it", async () => {
  const turned = Object.fromEntries(Object.entries(DOCUMENTED_CALL).reverse());
  const { status, body } = await enlace.postCall(JSON.stringify(turned, null, 4));
  assert.deepEqual([status, body.status], [200, "duplicate"]);
});

test("sent twenty times at once it is one row here and one record there", async () => {
  const call = { ...DOCUMENTED_CALL, call_uuid: "at-once" };
  const answers = await Promise.all(Array.from({ length: 20 }, () => enlace.postCall(call, wait)));
  assert.ok(answers.every(({ status }) => status === 200));
  const rows = await enlace.rows("select from voip_call_buffer where call_uuid = 'at-once'");
  const records = enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === "at-once");
  assert.deepEqual([rows.length, records.length], [1, 1]);
});

test("a fact that says more updates the one record instead of making another", async () => {
  const corrected = { ...DOCUMENTED_CALL, agent_ext: "1002", event_time: "2025-08-02T14:05:00Z" };
  const { status, body } = await enlace.postCall(corrected, wait);
  assert.deepEqual([status, body.revision], [200, 2]);
  const records = enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === "uuid-555");
  assert.deepEqual(
    records.map(({ fields }) => fields.assigned_user_id),
    [enlace.crm.user("agent1002").id],
  );
});
