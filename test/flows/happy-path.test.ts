// S0-21, first acceptance test: a signed call of a known customer ends up in Vtiger, linked, owned and complete.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DOCUMENTED_CALL, startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace();
const contactId = enlace.crm.addContact({ lastname: "García", phone: "+34 123 456 789" });
const agent = enlace.crm.user("agent1001");

test("the documented call is answered with the record's id once it is in Vtiger", async () => {
  const answer = await enlace.postCall(DOCUMENTED_CALL, { headers: { prefer: "wait=30" } });
  assert.equal(answer.status, 200);
  const [record] = enlace.crm.records("PBXManager");
  assert.equal(answer.body.status, "ok");
  assert.equal(answer.body.call_uuid, "uuid-555");
  assert.equal(answer.body.vtiger_call_id, record?.id);
  assert.equal(answer.body.deliveries[0].state, "delivered");
});

test("the record is linked to the contact however the number was typed, and given to the extension's user", () => {
  const [record, ...more] = enlace.crm.records("PBXManager");
  assert.equal(more.length, 0);
  assert.equal(record?.fields.customer, contactId);
  assert.equal(record?.fields.customertype, "Contacts");
  assert.equal(record?.fields.assigned_user_id, agent.id);
  assert.equal(record?.fields.user, agent.id);
});

test("the record says what the call was: direction, times in UTC, 150 seconds, the recording", () => {
  const [record] = enlace.crm.records("PBXManager");
  const { sourceuuid, direction, callstatus, starttime, endtime, totalduration, recordingurl, customernumber } =
    record?.fields ?? {};
  assert.deepEqual(
    { sourceuuid, direction, callstatus, starttime, endtime, totalduration, recordingurl, customernumber },
    {
      sourceuuid: "uuid-555",
      direction: "inbound",
      callstatus: "completed",
      starttime: "2025-08-02 14:00:00",
      endtime: "2025-08-02 14:02:30",
      totalduration: "150",
      recordingurl: "https://pbx.example.com/recordings/uuid-555.mp3",
      customernumber: "+34123456789",
    },
  );
});

test("the documented SQL finds the call as sent, with Vtiger's id and the payload as it came", async () => {
  const rows = await enlace.rows("select * from voip_call_buffer where call_uuid = $1", ["uuid-555"]);
  assert.equal(rows.length, 1);
  const { status, retries, vtiger_call_id, raw_payload, last_attempt } = rows[0];
  assert.deepEqual(
    { status, retries, vtiger_call_id },
    { status: "sent", retries: 0, vtiger_call_id: enlace.crm.records("PBXManager")[0]?.id },
  );
  assert.deepEqual(raw_payload, DOCUMENTED_CALL);
  assert.ok(last_attempt instanceof Date);
});

test("the API lists the call under the names that scripts rely on", async () => {
  const { status, body } = await enlace.api.get("/api/v1/calls");
  assert.equal(status, 200);
  assert.equal(body.next_cursor, null);
  const [call] = body.items;
  const { call_uuid, direction, from, to, outcome, agent_extension, pbx, talk_seconds, started_at, ended_at } = call;
  assert.deepEqual(
    { call_uuid, direction, from, to, outcome, agent_extension, pbx, talk_seconds },
    {
      call_uuid: "uuid-555",
      direction: "inbound",
      from: "+34123456789",
      to: "+34900112233",
      outcome: "answered",
      agent_extension: "1001",
      pbx: "centralita1",
      talk_seconds: 150,
    },
  );
  assert.deepEqual(
    [Date.parse(started_at), Date.parse(ended_at)],
    [Date.UTC(2025, 7, 2, 14), Date.UTC(2025, 7, 2, 14, 2, 30)],
  );
  for (const name of ["id", "trunk", "answered_at", "ring_seconds", "contact", "recording", "source", "deliveries"])
    assert.ok(name in call, `${name} is missing`);
});

test("the interactive documentation is served at /docs", async () => {
  const { status, body } = await enlace.as({}).get("/docs");
  assert.equal(status, 200);
  assert.match(body, /<html/i);
});
