// The CRM does its work after we stopped waiting: nobody who is in a hurry may make a second record of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeSettings } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: 12, env: { MAX_RETRIES: "1" } });

/** Posts a call whose creation over there is under way when its one attempt runs out of time; gives the dead letter's id. */
async function postLate(call_uuid: string): Promise<string> {
  enlace.crm.faults.add({ kind: "late", operation: "create" });
  await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid });
  return eventually(async () => {
    const [row] = await enlace.rows(
      "select d.id from deliveries d join calls c on c.id = d.subject_id where c.call_uuid = $1 and d.state = 'dead'",
      [call_uuid],
    );
    assert.ok(row);
    return row.id;
  });
}

/** The next attempt keeps away until a late success would be visible; then it shows up, and there is one record. */
async function findOneRecord(call_uuid: string, id: string): Promise<void> {
  const [row] = await enlace.rows("select state, due_at, last_attempt_at from deliveries where id = $1", [id]);
  assert.equal(row.state, "pending");
  assert.ok(row.due_at.getTime() - row.last_attempt_at.getTime() >= 60_000, "the next attempt follows too soon");
  enlace.crm.faults.release();
  await eventually(async () => {
    const { body } = await enlace.api.get(`/api/v1/deliveries/${id}`);
    assert.equal(body.state, "delivered");
  });
  assert.equal(enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === call_uuid).length, 1);
}

test("a dead letter of unknown end that is replayed at once makes no second record", async () => {
  const id = await postLate("replayed");
  assert.equal((await enlace.api.post(`/api/v1/deliveries/${id}/replay`)).status, 200);
  await findOneRecord("replayed", id);
});

test("nor does one that is discarded and then replayed", async () => {
  const id = await postLate("discarded");
  await enlace.api.post(`/api/v1/deliveries/${id}/discard`);
  await enlace.api.post(`/api/v1/deliveries/${id}/replay`);
  await findOneRecord("discarded", id);
});

test("nor does a new fact about its call", async () => {
  const id = await postLate("revived");
  await enlace.postCall({
    ...DOCUMENTED_CALL,
    call_uuid: "revived",
    agent_ext: "1002",
    event_time: "2025-08-02T14:05:00Z",
  });
  await findOneRecord("revived", id);
});

test("a change that the CRM makes late never overwrites a newer one", async () => {
  const { body } = await enlace.api.get("/api/v1/connections");
  await changeSettings(enlace.api, body.items[0].id, { deliverInProgress: true });
  const call = { call_uuid: "overtaken", from: "+34123456789", start_time: "2025-08-02T14:00:00Z" };
  await enlace.postCall({ ...call, status: "ringing" });
  await eventually(async () => {
    const rows = await enlace.rows(
      "select vtiger_call_id from voip_call_buffer where call_uuid = 'overtaken' and status = 'sent'",
    );
    assert.equal(rows.length, 1);
  });
  enlace.crm.faults.add({ kind: "late", operation: "revise" });
  await enlace.postCall({ ...call, status: "in_progress" });
  const id = await eventually(async () => {
    const [row] = await enlace.rows(
      "select d.id from deliveries d join calls c on c.id = d.subject_id where c.call_uuid = 'overtaken' and d.state = 'dead'",
    );
    assert.ok(row);
    return row.id;
  });
  await enlace.postCall({ ...call, status: "completed", end_time: "2025-08-02T14:01:00Z" });
  await findOneRecord("overtaken", id);
  const record = enlace.crm.records("PBXManager").find(({ fields }) => fields.sourceuuid === "overtaken");
  assert.equal(record?.fields.callstatus, "completed");
});
