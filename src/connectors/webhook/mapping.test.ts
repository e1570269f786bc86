import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePartyNumber } from "../../core/phone-number.ts";
import { createCall, createSubject } from "../connector.contract.ts";
import type { TenantFacts } from "../connector.ts";
import usualBody from "./fixtures/call-ended.json" with { type: "json" };
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
  assert.deepEqual(JSON.parse(toMessage(input()).body), usualBody);
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
