// A PBX says that a call rings and then falls silent: hours later the call is closed as lost, in the log and in the CRM.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: FAST });
const HOUR_MS = 3_600_000;
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * HOUR_MS).toISOString();

async function show(callUuid: string) {
  const [item] = (await enlace.api.get(`/api/v1/calls?call_uuid=${callUuid}`)).body.items;
  return item;
}

test("a call that nobody speaks of any more is lost after four hours; one that was heard of since is not", async () => {
  for (const call_uuid of ["silent-1", "alive-1"]) {
    const { end_time: _, recording_url: __, ...call } = DOCUMENTED_CALL;
    const told = { ...call, call_uuid, start_time: hoursAgo(6), status: "ringing" };
    assert.equal((await enlace.postCall(told)).status, 202);
  }
  assert.equal((await show("silent-1")).outcome, "in_progress");
  // What time does: nobody has said anything about the first one for five hours.
  await enlace.rows("update calls set updated_at = $2 where call_uuid = $1", ["silent-1", hoursAgo(5)]);
  await enlace.rows("update facts set received_at = $2 where call_id = (select id from calls where call_uuid = $1)", [
    "silent-1",
    hoursAgo(5),
  ]);
  await eventually(async () => {
    const { outcome, source, deliveries } = await show("silent-1");
    assert.deepEqual([outcome, source, deliveries[0]?.state], ["lost", "webhook", "delivered"]);
  });
  assert.equal((await show("alive-1")).outcome, "in_progress");
  const records = enlace.crm.records("PBXManager").map(({ fields }) => fields.sourceuuid);
  assert.deepEqual(records, ["silent-1"]);
});

test("an end that comes after all makes it the call it was", async () => {
  const answered = { ...DOCUMENTED_CALL, call_uuid: "silent-1", start_time: hoursAgo(6), end_time: hoursAgo(5.9) };
  assert.equal((await enlace.postCall(answered)).status, 202);
  await eventually(async () => {
    const { outcome, deliveries } = await show("silent-1");
    assert.deepEqual([outcome, deliveries[0]?.state], ["answered", "delivered"]);
  });
  assert.equal(enlace.crm.records("PBXManager").length, 1);
});
