import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../core/call.ts";
import { parsePartyNumber } from "../../core/phone-number.ts";
import { createCall } from "../connector.contract.ts";
import type { Language } from "../connector.ts";
import { loadModules } from "./fake-modules.ts";
import { type Layout, resolveLayout } from "./fields.ts";
import { type MappedCall, type MappingInput, toKey, toRecord, toSubject } from "./mapping.ts";
import { describeAnswer, vtigerSettings } from "./schema.ts";

function layoutOf(module: string, { customFields = true, fieldMap = {} } = {}): Layout {
  const given = { url: "https://crm.example.test", username: "u", accessKey: "k", module, fieldMap };
  const described = describeAnswer.parse(loadModules({ customFields }).get(module));
  const { layout } = resolveLayout(vtigerSettings.parse(given), described);
  assert.ok(layout);
  return layout;
}

const map = (call: Partial<Call>, more: Partial<MappingInput> = {}): MappedCall =>
  toRecord({
    call: createCall(call),
    callUuid: "uuid-555",
    layout: layoutOf("PBXManager"),
    language: "es",
    contact: null,
    owner: { id: "19x6", isAgent: true, isUser: true },
    ...more,
  });

test("the documented call fills PBXManager's own columns and the older system's fields alike", () => {
  assert.deepEqual(map({}).creation, {
    sourceuuid: "uuid-555",
    cf_call_uuid: "uuid-555",
    direction: "inbound",
    callstatus: "completed",
    customernumber: "+34123456789",
    cf_from_number: "+34123456789",
    cf_to_number: "+34900112233",
    starttime: "2025-08-02 14:00:00",
    endtime: "2025-08-02 14:02:30",
    totalduration: "150",
    cf_duration_seconds: "150",
    billduration: "150",
    recordingurl: "https://pbx.example.com/recordings/uuid-555.mp3",
    cf_recording_url: "https://pbx.example.com/recordings/uuid-555.mp3",
    gateway: "centralita1",
    cf_pbx_system: "centralita1",
    assigned_user_id: "19x6",
    user: "19x6",
  });
});

test("how a call of the dialer came out goes to the field that asks for it, and nowhere else", () => {
  const dialer = {
    attemptId: "d1",
    projectId: "1",
    project: "Reminders",
    disposition: "opted_out",
    attempt: 1,
  } as const;
  const details = { dialer } as unknown as NonNullable<Call["details"]>;
  const layout = layoutOf("PBXManager", { fieldMap: { disposition: "cf_to_number" } });
  assert.equal(map({ details }, { layout }).revision.cf_to_number, "opted_out");
  assert.ok(!JSON.stringify(map({ details })).includes("opted_out"));
});

test("the subject names direction and number in the tenant's language", () => {
  const subjects = (language: Language, call: Partial<Call>): string => toSubject(createCall(call), language);
  assert.equal(subjects("es", {}), "Llamada entrante de +34123456789");
  assert.equal(subjects("es", { direction: "outbound" }), "Llamada saliente a +34900112233");
  assert.equal(subjects("en", {}), "Incoming call from +34123456789");
  assert.equal(subjects("ru", { direction: "outbound" }), "Исходящий звонок на +34900112233");
  assert.equal(subjects("es", { from: parsePartyNumber("anonymous", "ES") }), "Llamada entrante de número oculto");
  assert.equal(subjects("en", { from: null }), "Incoming call from withheld number");
  const internal = {
    from: parsePartyNumber("1001", "ES"),
    to: parsePartyNumber("1002", "ES"),
    direction: "internal",
  } as const;
  assert.equal(subjects("en", internal), "Internal call from 1001 to 1002");
});

test("a number cannot smuggle a placeholder into the subject", () => {
  const from = parsePartyNumber("{to} $& $1", "ES");
  assert.equal(toSubject(createCall({ from }), "en"), "Incoming call from {to} $& $1");
});

test("every outcome has a status that fits its column", () => {
  const outcomes = ["answered", "missed", "busy", "failed", "cancelled", "machine", "transferred", "lost"] as const;
  const statuses = outcomes.map((outcome) => map({ outcome }).creation.callstatus ?? "");
  assert.deepEqual(statuses, ["completed", "no-answer", "busy", "failed", "cancelled", "machine", "completed", "lost"]);
  assert.ok(statuses.every((status) => status.length <= 20));
  assert.equal(map({ outcome: "in_progress", phase: "ringing" }).creation.callstatus, "ringing");
  assert.equal(map({ outcome: "in_progress", phase: "talking" }).creation.callstatus, "in-progress");
});

test("PBXManager never lacks a customer's number, whoever hides", () => {
  assert.equal(map({ from: parsePartyNumber("anonymous", "ES") }).creation.customernumber, "anonymous");
  assert.equal(map({ from: parsePartyNumber("", "ES") }).creation.customernumber, "anonymous");
  assert.equal(map({ from: null }).creation.customernumber, "unknown");
  assert.equal(map({ direction: "outbound" }).creation.customernumber, "+34900112233");
});

test("texts are cut to the width of their column and a recording's address never is", () => {
  const recordingUrl = `https://pbx.example.com/${"r".repeat(200)}`;
  const { creation, notes } = map({ pbx: "centralita-principal-madrid-01", recordingUrl });
  assert.equal(creation.gateway, "centralita-principal");
  assert.equal(creation.recordingurl, undefined);
  assert.equal(creation.cf_recording_url, recordingUrl);
  assert.deepEqual(
    notes.map(({ text }) => text),
    ["the field recordingurl is too narrow for the recording's address"],
  );
});

test("characters that the database cannot hold become one mark, not four question marks", () => {
  const { creation } = map({ pbx: "PBX \u{1f600}\u0000 ñ\ud800" });
  assert.equal(creation.cf_pbx_system, "PBX \ufffd  ñ\ufffd");
});

test("times are written in UTC, over midnight too", () => {
  const call = { startedAt: new Date("2025-08-02T23:59:30+02:00"), endedAt: new Date("2025-08-03T02:00:30+02:00") };
  const { creation } = map(call, { layout: layoutOf("Events") });
  const names = ["date_start", "time_start", "due_date", "time_end", "duration_hours", "duration_minutes"];
  assert.deepEqual(
    names.map((name) => creation[name]),
    ["2025-08-02", "21:59:30", "2025-08-03", "00:00:30", "2", "1"],
  );
});

test("an event never ends before it starts", () => {
  const { creation } = map({ endedAt: new Date("2025-08-02T13:00:00Z") }, { layout: layoutOf("Events") });
  assert.deepEqual([creation.time_start, creation.time_end, creation.duration_hours], ["14:00:00", "14:00:00", "0"]);
});

test("an event has every mandatory field whatever is unknown about the call", () => {
  const unknown = {
    from: null,
    to: null,
    endedAt: null,
    talkSeconds: null,
    agentExtension: null,
    pbx: null,
    recordingUrl: null,
    details: null,
  };
  const { creation } = map(unknown, { layout: layoutOf("Events", { fieldMap: { call_uuid: "cf_857" } }) });
  const mandatory =
    loadModules({ customFields: true })
      .get("Events")
      ?.fields.filter((field) => field.mandatory) ?? [];
  assert.equal(mandatory.length, 9);
  for (const { name } of mandatory) assert.ok(creation[name], name);
});

test("what has no field of its own is readable in the description, once", () => {
  const fieldMap = { call_uuid: "cf_857", from_number: "", recording_url: "" };
  const { creation, revision } = map({}, { layout: layoutOf("Events", { fieldMap }), language: "en" });
  assert.match(creation.description ?? "", /^From: \+34123456789$/m);
  assert.match(creation.description ?? "", /^Recording: https:\/\/pbx/m);
  assert.doesNotMatch(creation.description ?? "", /^To:/m);
  assert.equal(revision.description, undefined);
});

test("a revision leaves alone what people change: subject, description, and an owner that is only a fallback", () => {
  const layout = layoutOf("Events");
  const fallback = map({}, { layout, owner: { id: "20x2", isAgent: false, isUser: false } });
  const agent = map({}, { layout });
  for (const name of ["subject", "description", "activitytype"]) assert.equal(agent.revision[name], undefined, name);
  assert.equal(fallback.revision.assigned_user_id, undefined);
  assert.equal(agent.revision.assigned_user_id, "19x6");
  assert.equal(agent.revision.eventstatus, "Held");
});

test("what is unknown is not sent, so that it wipes nothing", () => {
  const { revision } = map({ recordingUrl: null, talkSeconds: null, endedAt: null, pbx: null, agentExtension: null });
  for (const name of ["recordingurl", "billduration", "endtime", "totalduration", "gateway", "customer"]) {
    assert.equal(revision[name], undefined, name);
  }
});

test("keys are short, plain and different for different calls", () => {
  assert.equal(toKey("1754143200.42"), "1754143200.42");
  const odd = ["a b", "a  b", "x".repeat(101), "x".repeat(102), "é", "ê", "'"].map(toKey);
  assert.equal(new Set(odd).size, odd.length);
  for (const key of odd) assert.match(key, /^[A-Za-z0-9._:@-]{1,100}$/);
});
