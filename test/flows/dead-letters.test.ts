// What the CRM refuses for good becomes a dead letter: a person reads why, mends it, and sends it again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: FAST, env: { MAX_RETRIES: "2" } });
const listDead = async () => (await enlace.api.get("/api/v1/deliveries?state=dead")).body.items;

async function die(call_uuid: string): Promise<string> {
  enlace.crm.faults.add({ kind: "trace", operation: "create" });
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

test("data that break the CRM are a dead letter at once, and the buffer says failed", async () => {
  const id = await die("broken-1");
  const [letter] = await listDead();
  assert.deepEqual([letter.id, letter.state], [id, "dead"]);
  assert.ok(letter.reason.length > 0);
  const [row] = await enlace.rows("select status, retries from voip_call_buffer where call_uuid = 'broken-1'");
  assert.deepEqual([row.status, row.retries], ["failed", 1]);
});

test("its attempts can be read with request and answer, without the access key and the session", async () => {
  const [letter] = await listDead();
  const { status, body } = await enlace.api.get(`/api/v1/deliveries/${letter.id}/attempts`);
  assert.equal(status, 200);
  const text = JSON.stringify(body);
  assert.match(text, /uuid|broken-1/);
  assert.match(text, /Query Failed/);
  assert.ok(!text.includes(enlace.crm.user("apiuser").accessKey));
  assert.doesNotMatch(text, /sessionName=[0-9a-f]{8}/);
});

test("replayed alone it is delivered", async () => {
  const [letter] = await listDead();
  const { status } = await enlace.api.post(`/api/v1/deliveries/${letter.id}/replay`);
  assert.ok(status === 200 || status === 202, String(status));
  await eventually(async () => assert.equal((await listDead()).length, 0));
  await eventually(() => assert.equal(enlace.crm.records("PBXManager").length, 1));
});

test("attempts that run out make a dead letter too, and a filter replays all of them", async () => {
  enlace.crm.faults.add({ kind: "html502", operation: "create", times: 6 });
  for (const call_uuid of ["tired-1", "tired-2", "tired-3"]) await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid });
  await eventually(async () => assert.equal((await listDead()).length, 3), { timeoutMs: 30_000 });
  const counted = await enlace.api.post("/api/v1/deliveries/replay", { state: "dead", dry_run: true });
  assert.deepEqual([counted.status, (await listDead()).length], [200, 3]);
  const replayed = await enlace.api.post("/api/v1/deliveries/replay", { state: "dead" });
  assert.ok(replayed.status === 200 || replayed.status === 202, JSON.stringify(replayed.body));
  await eventually(() => assert.equal(enlace.crm.records("PBXManager").length, 4), { timeoutMs: 30_000 });
});

test("a new fact about the call revives its dead letter by itself", async () => {
  await die("revived");
  const corrected = { ...DOCUMENTED_CALL, call_uuid: "revived", agent_ext: "1002", event_time: "2025-08-02T14:05:00Z" };
  assert.equal((await enlace.postCall(corrected)).body.status, "updated");
  await eventually(async () => {
    const [row] = await enlace.rows("select status from voip_call_buffer where call_uuid = 'revived'");
    assert.equal(row.status, "sent");
  });
});

test("a discarded one stays away from the CRM, whatever is told about the call later", async () => {
  const id = await die("discarded");
  const { status } = await enlace.api.post(`/api/v1/deliveries/${id}/discard`);
  assert.ok(status < 300, String(status));
  await enlace.postCall({
    ...DOCUMENTED_CALL,
    call_uuid: "discarded",
    agent_ext: "1002",
    event_time: "2025-08-02T14:05:00Z",
  });
  const { body } = await enlace.api.get(`/api/v1/deliveries/${id}`);
  assert.equal(body.state, "discarded");
  assert.ok(enlace.crm.records("PBXManager").every(({ fields }) => fields.sourceuuid !== "discarded"));
});
