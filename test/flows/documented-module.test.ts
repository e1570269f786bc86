// S0-13 … S0-18: the module and the custom fields of the older middleware, and the check that proves them beforehand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeSettings } from "../api-client.ts";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { VTIGER_MODULE: "Calls" } });
const contactId = enlace.crm.addContact({ lastname: "García", phone: "+34 123 456 789" });
const wait = { headers: { prefer: "wait=30" } };

interface Finding {
  level: string;
  subject: string;
  message: string;
  mend?: string;
}

async function check(): Promise<{ ok: boolean; findings: Finding[] }> {
  const { body } = await enlace.api.get("/api/v1/connections");
  const answer = await enlace.api.post(`/api/v1/connections/${body.items[0].id}/check`);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
}

test("the check finds the documented module, its fields and the rights, and leaves no record behind", async () => {
  const { ok, findings } = await check();
  assert.equal(ok, true, JSON.stringify(findings));
  assert.equal(enlace.crm.records("Calls").length, 0);
});

test("the documented call fills the documented fields", async () => {
  const { body } = await enlace.postCall(DOCUMENTED_CALL, wait);
  assert.equal(body.status, "ok", JSON.stringify(body));
  const [record, ...more] = enlace.crm.records("Calls");
  assert.equal(more.length, 0);
  const { cf_call_uuid, cf_from_number, cf_to_number, cf_recording_url, cf_pbx_system, cf_duration_seconds } =
    record?.fields ?? {};
  assert.deepEqual(
    { cf_call_uuid, cf_from_number, cf_to_number, cf_recording_url, cf_pbx_system, cf_duration_seconds },
    {
      cf_call_uuid: "uuid-555",
      cf_from_number: "+34123456789",
      cf_to_number: "+34900112233",
      cf_recording_url: "https://pbx.example.com/recordings/uuid-555.mp3",
      cf_pbx_system: "centralita1",
      cf_duration_seconds: "150",
    },
  );
  assert.equal(record?.fields.subject, "Llamada entrante de +34123456789");
  assert.equal(record?.fields.parent_id, contactId);
  assert.equal(record?.fields.assigned_user_id, enlace.crm.user("agent1001").id);
});

test("resending it revises the one record, found by cf_call_uuid", async () => {
  const { body } = await enlace.postCall(
    { ...DOCUMENTED_CALL, agent_ext: "1002", event_time: "2025-08-02T14:05:00Z" },
    wait,
  );
  assert.equal(body.status, "ok");
  assert.deepEqual(
    enlace.crm.records("Calls").map(({ id, fields }) => [id, fields.assigned_user_id]),
    [[body.vtiger_call_id, enlace.crm.user("agent1002").id]],
  );
});

test("a module that Vtiger does not have is named by the check, with the way to mend it", async () => {
  const { body } = await enlace.api.get("/api/v1/connections");
  assert.equal((await changeSettings(enlace.api, body.items[0].id, { module: "Call" })).status, 200);
  const { ok, findings } = await check();
  assert.equal(ok, false);
  const fault = findings.find(({ level }) => level === "error");
  assert.match(`${fault?.subject} ${fault?.message}`, /\bCall\b/);
  assert.ok(fault?.mend);
});

test("a field that is mapped but does not exist is named by the check", async () => {
  const { body } = await enlace.api.get("/api/v1/connections");
  const fieldMap = { recording_url: "cf_no_such_field" };
  assert.equal((await changeSettings(enlace.api, body.items[0].id, { module: "Calls", fieldMap })).status, 200);
  const { findings } = await check();
  const fault = findings.find(({ subject, message }) => `${subject} ${message}`.includes("cf_no_such_field"));
  assert.equal(fault?.level, "warning");
  assert.ok(fault?.mend);
});
