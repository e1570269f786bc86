// S0-21, fifth acceptance test: wrong credentials stop the lane, lose nothing, burn no attempt, and heal by themselves.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeSettings } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ clockFactor: FAST, env: { VTIGER_ACCESS_KEY: "not the key" } });
const loadBuffer = async (uuid: string) =>
  (await enlace.rows("select status, retries, vtiger_call_id from voip_call_buffer where call_uuid = $1", [uuid]))[0];
const loadConnection = async () => (await enlace.api.get("/api/v1/connections")).body.items[0];

test("with a wrong access key the buffer says failed, retries has gone up, and the lane is held with a reason", async () => {
  const { status } = await enlace.postCall(DOCUMENTED_CALL);
  assert.equal(status, 202);
  await eventually(async () => {
    const row = await loadBuffer("uuid-555");
    assert.equal(row.status, "failed");
    assert.ok(row.retries >= 1);
    assert.equal(row.vtiger_call_id, null);
  });
  const { lane } = await loadConnection();
  assert.equal(lane.state, "held");
  assert.match(lane.reason, /INVALID_USER_CREDENTIALS|credential/i);
});

test("further calls are accepted and wait; the held lane does not knock at the CRM for each of them", async () => {
  const logins = enlace.crm.operations.filter((name) => name === "login").length;
  for (let index = 0; index < 10; index++) {
    const { status } = await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: `waits-${index}` });
    assert.equal(status, 202);
  }
  assert.ok(enlace.crm.operations.filter((name) => name === "login").length <= logins + 3);
});

test("once the right key is entered, everything is delivered without another push", async () => {
  const { id } = await loadConnection();
  const { accessKey } = enlace.crm.user("apiuser");
  const { status, body } = await changeSettings(enlace.api, id, { accessKey });
  assert.equal(status, 200, JSON.stringify(body));
  await eventually(async () => {
    const rows = await enlace.rows("select status from voip_call_buffer");
    assert.deepEqual([rows.length, ...new Set(rows.map((row) => row.status))], [11, "sent"]);
  });
  assert.equal(enlace.crm.records("PBXManager").length, 11);
  assert.equal((await loadConnection()).lane.state, "active");
});

test("a key that was changed in the CRM alone heals by a successful check when it is put right there", async () => {
  const user = enlace.crm.user("apiuser");
  const { accessKey } = user;
  user.accessKey = "changed by somebody";
  enlace.crm.faults.expireSessions();
  await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid: "locked-out" });
  await eventually(async () => assert.equal((await loadConnection()).lane.state, "held"));
  user.accessKey = accessKey;
  const { status, body } = await enlace.api.post(`/api/v1/connections/${(await loadConnection()).id}/check`);
  assert.deepEqual([status, body.ok], [200, true]);
  await eventually(async () => assert.equal((await loadBuffer("locked-out")).status, "sent"));
});
