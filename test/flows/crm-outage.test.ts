// The CRM is away for a while: calls are taken all the same, and afterwards each is written once, in its last state.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startFakeVtiger } from "../../src/connectors/vtiger/fake-vtiger.ts";
import { ADMIN_PASSWORD } from "../environment.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: FAST, env: { MAX_RETRIES: "50" } });
const CALLS = 20;
const uuids = Array.from({ length: CALLS }, (_, index) => `outage-${index}`);
const isWrite = (name: string): boolean => name === "create" || name === "revise";

test("while the CRM answers 502 every call is accepted, and none is delivered", async () => {
  enlace.crm.faults.add({ kind: "html502", times: Number.POSITIVE_INFINITY });
  for (const call_uuid of uuids) {
    const { status } = await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid, recording_url: undefined });
    assert.equal(status, 202);
  }
  for (const call_uuid of uuids)
    assert.equal((await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid })).body.status, "updated");
  assert.equal(enlace.crm.records("PBXManager").length, 0);
  assert.deepEqual(await enlace.rows("select distinct status, vtiger_call_id from voip_call_buffer"), [
    { status: "pending", vtiger_call_id: null },
  ]);
});

test("after failures in a row the breaker opens: the lane stops knocking and burns no attempts", async () => {
  await eventually(async () => {
    const { body } = await enlace.api.get("/api/v1/connections");
    assert.equal(body.items[0].lane.state, "breaker_open");
  });
  const [{ attempts }] = await enlace.rows("select max(attempts) as attempts from deliveries");
  assert.ok(attempts <= 5, `${attempts} attempts`);
});

test("another tenant's calls are delivered meanwhile as if nothing were wrong", async () => {
  const healthy = await startFakeVtiger();
  after(() => healthy.stop());
  await enlace.api.post("/api/v1/tenants", {
    ...{ number: "9002", name: "Healthy", time_zone: "Europe/Madrid", country: "ES", language: "es" },
    admin: { username: "healthy-admin", password: ADMIN_PASSWORD },
  });
  const theirs = await enlace.logIn("healthy-admin", ADMIN_PASSWORD);
  const { body } = await theirs.post("/api/v1/webhook-secrets/rotate", {});
  const settings = { url: healthy.url, username: "apiuser", accessKey: healthy.user("apiuser").accessKey };
  await theirs.post("/api/v1/connections", { connector: "vtiger", name: "healthy", settings });
  for (const call_uuid of uuids)
    await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid }, { tenant: "9002", secret: body.secret });
  await eventually(() => assert.equal(healthy.records("PBXManager").length, CALLS), { timeoutMs: 5_000 });
  assert.equal(enlace.crm.records("PBXManager").length, 0);
});

test("when the CRM is back each call is written exactly once, in its last state", async () => {
  const before = enlace.crm.operations.filter(isWrite).length;
  enlace.crm.faults.clear();
  await eventually(
    async () => {
      const rows = await enlace.rows("select status from voip_call_buffer");
      assert.ok(rows.every(({ status }) => status === "sent"));
    },
    { timeoutMs: 30_000 },
  );
  const records = enlace.crm.records("PBXManager");
  assert.deepEqual(records.map(({ fields }) => fields.sourceuuid).sort(), uuids.toSorted());
  assert.ok(records.every(({ fields }) => fields.recordingurl === DOCUMENTED_CALL.recording_url));
  assert.equal(enlace.crm.operations.filter(isWrite).length - before, CALLS, "one write a call");
});
