import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePartyNumber } from "../../core/phone-number.ts";
import { createCall, createSubject } from "../connector.contract.ts";
import type { TenantFacts } from "../connector.ts";
import { type MessageInput, toMessage, toMessageId } from "./mapping.ts";

const tenant: TenantFacts = { number: "1", name: "Test", timeZone: "Europe/Madrid", country: "ES", language: "es" };
const input = (more: Partial<MessageInput> = {}): MessageInput => ({
  id: "call_1_7_1",
  type: "call.ended",
  at: new Date("2025-08-02T14:03:00Z"),
  subject: createSubject(),
  tenant,
  publicUrl: "https://enlace.example.test",
  bodyTemplate: "",
  ...more,
});

test("the usual body tells the whole call, with null for what is unknown", () => {
  assert.deepEqual(JSON.parse(toMessage(input()).body), {
    type: "call.ended",
    id: "call_1_7_1",
    timestamp: "2025-08-02T14:03:00.000Z",
    tenant: { number: "1", name: "Test" },
    data: {
      id: "7",
      call_uuid: "uuid-555",
      revision: 1,
      direction: "inbound",
      from: "+34123456789",
      to: "+34900112233",
      outcome: "answered",
      agent_extension: "1001",
      trunk: null,
      pbx: "centralita1",
      started_at: "2025-08-02T14:00:00.000Z",
      answered_at: null,
      ended_at: "2025-08-02T14:02:30.000Z",
      ring_seconds: null,
      talk_seconds: 150,
      recording: "https://pbx.example.com/recordings/uuid-555.mp3",
      url: "https://enlace.example.test/calls/7",
    },
  });
});

test("a withheld number is null, not a word", () => {
  const call = createCall({ from: parsePartyNumber("anonymous", "ES") });
  assert.equal(JSON.parse(toMessage(input({ subject: createSubject({ call }) })).body).data.from, null);
});

test("the id of a message stays the same over retries and changes with the call", () => {
  assert.equal(toMessageId(tenant, createSubject()), toMessageId(tenant, createSubject({ remote: { id: "x" } })));
  assert.notEqual(toMessageId(tenant, createSubject()), toMessageId(tenant, createSubject({ revision: 2 })));
  assert.notEqual(toMessageId(tenant, createSubject()), toMessageId({ ...tenant, number: "2" }, createSubject()));
});

test("a template of the tenant's own replaces the body", () => {
  const bodyTemplate =
    '{"phone":"{{call.from}}","seconds":"{{call.talk_seconds}}","note":"{{tenant.name}}: {{call.outcome}}"}';
  assert.equal(
    toMessage(input({ bodyTemplate })).body,
    '{"phone":"+34123456789","seconds":150,"note":"Test: answered"}',
  );
});
