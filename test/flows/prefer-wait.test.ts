// S0-09: who wants the CRM's answer in the same breath asks for it, and is never kept longer than agreed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: 4 });
const post = (call_uuid: string, prefer: string) =>
  enlace.postCall({ ...DOCUMENTED_CALL, call_uuid }, { headers: { prefer } });

test("a CRM that takes longer than the client waits is answered with 202, and delivers afterwards", async () => {
  enlace.crm.faults.add({ kind: "slow", operation: "create", delayMs: 1_500 });
  const { status, headers, body } = await post("slow", "wait=2");
  assert.deepEqual([status, body.status, headers.get("preference-applied")], [202, "accepted", "wait=2"]);
  await eventually(async () => {
    const [row] = await enlace.rows("select status from voip_call_buffer where call_uuid = 'slow'");
    assert.equal(row.status, "sent");
  });
});

test("asked again, the duplicate waits for the same record and names it", async () => {
  const { status, body } = await post("slow", "respond-async, wait=30");
  assert.deepEqual([status, body.status, body.vtiger_call_id], [200, "ok", enlace.crm.records("PBXManager")[0]?.id]);
});

test("a call that ends as a dead letter is 202 with the CRM's reason, not ok", async () => {
  enlace.crm.faults.add({ kind: "trace", operation: "create" });
  const { status, body } = await post("refused-there", "wait=30");
  assert.deepEqual([status, body.status, body.deliveries[0].state], [202, "accepted", "dead"]);
  assert.ok(body.deliveries[0].reason);
});

test("a preference that cannot be read is as good as none", async () => {
  for (const [index, prefer] of ["wait", "wait=soon", "wait=-5", "wait=1e9", "wait=0", ""].entries()) {
    const { status, headers } = await post(`odd-${index}`, prefer);
    assert.deepEqual([status, headers.get("preference-applied")], [202, null], prefer);
  }
});
