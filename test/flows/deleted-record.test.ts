// Somebody deletes the record in the CRM: the call gets a new one, once, and a person is told.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const wait = { headers: { prefer: "wait=30" } };

test("a record that was deleted in the CRM is made again when the call changes", async () => {
  const first = await enlace.postCall(DOCUMENTED_CALL, wait);
  enlace.crm.remove(first.body.vtiger_call_id);
  const { body } = await enlace.postCall(
    { ...DOCUMENTED_CALL, agent_ext: "1002", event_time: "2025-08-02T14:05:00Z" },
    wait,
  );
  assert.equal(body.status, "ok");
  assert.notEqual(body.vtiger_call_id, first.body.vtiger_call_id);
  assert.match(body.deliveries[0].review, /deleted/);
  assert.deepEqual(
    enlace.crm.records("PBXManager").map(({ id }) => id),
    [body.vtiger_call_id],
  );
});

test("a record that somebody made by hand with the same id is taken over, not doubled", async () => {
  const id = enlace.crm.add("PBXManager", { sourceuuid: "by-hand", customernumber: "+34123456789" });
  const { body } = await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "by-hand" }, wait);
  assert.deepEqual([body.status, body.vtiger_call_id], ["ok", id]);
});
