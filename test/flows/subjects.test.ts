// S0-16: in modules that have a subject it reads as the older middleware wrote it, in the tenant's language.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { VTIGER_MODULE: "Events" } });
const contactId = enlace.crm.addContact({ lastname: "García", mobile: "0034123456789" });

async function post(call: Record<string, string>): Promise<Record<string, string>> {
  const { body } = await enlace.postCall({ ...DOCUMENTED_CALL, ...call }, { headers: { prefer: "wait=30" } });
  assert.equal(body.status, "ok", JSON.stringify(body));
  const record = enlace.crm.records("Events").find(({ id }) => id === body.vtiger_call_id);
  assert.ok(record);
  return record.fields;
}

test("an inbound call becomes an event with subject `Llamada entrante de …`, linked by contact_id", async () => {
  const event = await post({});
  assert.equal(event.subject, "Llamada entrante de +34123456789");
  assert.equal(event.activitytype, "Call");
  assert.equal(event.contact_id, contactId);
  assert.deepEqual([event.date_start, event.time_start, event.time_end], ["2025-08-02", "14:00:00", "14:02:30"]);
});

test("an outbound call becomes `Llamada saliente a …` of the number that was called", async () => {
  const event = await post({ call_uuid: "out-1", direction: "outbound", from: "1001", to: "+34123456789" });
  assert.equal(event.subject, "Llamada saliente a +34123456789");
});

test("a tenant that speaks English gets English subjects", async () => {
  const { status } = await enlace.api.patch("/api/v1/tenant", { language: "en" });
  assert.equal(status, 200);
  const event = await post({ call_uuid: "english-1" });
  assert.equal(event.subject, "Incoming call from +34123456789");
});
