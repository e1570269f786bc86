// A call that is told of while it happens: ringing, answered, ended, recorded. One record follows it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeSettings } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const { status: _, end_time: __, recording_url: ___, agent_ext: ____, ...beginning } = DOCUMENTED_CALL;
const recordsOf = (uuid: string) => enlace.crm.records("PBXManager").filter(({ fields }) => fields.sourceuuid === uuid);

async function writeInProgress(): Promise<void> {
  const { body } = await enlace.api.get("/api/v1/connections");
  const { status } = await changeSettings(enlace.api, body.items[0].id, { deliverInProgress: true });
  assert.equal(status, 200);
}

test("a call that still rings is in the call log, and in the CRM only when the connection wants it", async () => {
  const { status, body } = await enlace.postCall({ ...beginning, call_uuid: "quiet", status: "ringing" });
  assert.deepEqual([status, body.status], [202, "accepted"]);
  const { body: call } = await enlace.api.get(`/api/v1/calls/${body.call_id}`);
  assert.deepEqual([call.outcome, call.deliveries], ["in_progress", []]);
});

test("ringing, talking and completed change the one record, each with a new revision", async () => {
  await writeInProgress();
  const steps = [
    { status: "ringing" },
    { status: "in_progress", agent_ext: "1001", answer_time: "2025-08-02T14:00:10Z" },
    { status: "completed", agent_ext: "1001", answer_time: "2025-08-02T14:00:10Z", end_time: "2025-08-02T14:02:30Z" },
  ];
  const seen: unknown[] = [];
  for (const step of steps) {
    const { status, body } = await enlace.postCall(
      { ...beginning, call_uuid: "grows", ...step },
      { headers: { prefer: "wait=30" } },
    );
    assert.equal(status, 200);
    seen.push([body.revision, recordsOf("grows").map(({ fields }) => fields.callstatus)]);
  }
  assert.deepEqual(seen, [
    [1, ["ringing"]],
    [2, ["in-progress"]],
    [3, ["completed"]],
  ]);
  assert.equal(recordsOf("grows")[0]?.fields.billduration, "140");
});

test("a ringing that arrives after the end changes nothing, wherever it was stuck", async () => {
  await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "late" }, { headers: { prefer: "wait=30" } });
  const { status, body } = await enlace.postCall({ ...beginning, call_uuid: "late", status: "ringing" });
  assert.deepEqual([status, body.status], [200, "duplicate"]);
  assert.equal(recordsOf("late")[0]?.fields.callstatus, "completed");
});

test("a recording that is ready minutes later reaches the record by itself", async () => {
  const { recording_url, ...call } = { ...DOCUMENTED_CALL, call_uuid: "recorded-later" };
  await enlace.postCall(call, { headers: { prefer: "wait=30" } });
  assert.equal((await enlace.postCall({ call_uuid: "recorded-later", recording_url })).body.status, "updated");
  await eventually(() => assert.equal(recordsOf("recorded-later")[0]?.fields.recordingurl, recording_url));
  assert.equal(recordsOf("recorded-later").length, 1);
});

test("the timeline of the call shows every fact as it came and every attempt", async () => {
  const { body } = await enlace.api.get("/api/v1/calls?limit=200");
  const { id } = body.items.find((call: { call_uuid: string }) => call.call_uuid === "grows");
  const { body: call } = await enlace.api.get(`/api/v1/calls/${id}`);
  assert.ok(call.timeline.length >= 6, JSON.stringify(call.timeline));
});
