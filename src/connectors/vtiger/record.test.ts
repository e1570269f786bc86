import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsePartyNumber } from "../../core/phone-number.ts";
import { createCall, createLocalClient, createRun, createSubject } from "../connector.contract.ts";
import { startBench } from "./fake-bench.ts";

test("the documented call becomes one linked record of the right owner", async () => {
  const { crm, deliver } = await startBench();
  const contact = crm.addContact({ lastname: "García", phone: "(+34) 123-456-789" });
  const { remote, review } = await deliver();
  const [record] = crm.records();
  assert.equal(review, "");
  assert.equal(remote.id, record?.id);
  assert.deepEqual(remote.refs, { module: "PBXManager", owner: "19x6", contact, contact_name: "García" });
  assert.match(remote.url ?? "", /\/index\.php\?module=PBXManager&view=Detail&record=\d+$/);
  const { fields = {} } = record ?? {};
  assert.equal(fields.sourceuuid, "uuid-555");
  assert.equal(fields.customer, contact);
  assert.equal(fields.customertype, "Contacts");
  assert.deepEqual([fields.assigned_user_id, fields.user], ["19x6", "19x6"]);
  assert.deepEqual([fields.starttime, fields.endtime], ["2025-08-02 14:00:00", "2025-08-02 14:02:30"]);
  assert.deepEqual([fields.totalduration, fields.billduration], ["150", "150"]);
  assert.deepEqual([fields.direction, fields.callstatus], ["inbound", "completed"]);
});

test("a later revision changes the record that stands", async () => {
  const { crm, deliver } = await startBench();
  const { remote } = await deliver({ call: createCall({ outcome: "missed", talkSeconds: 0, agentExtension: null }) });
  await deliver({ revision: 2, remote });
  const [record, second] = crm.records();
  assert.equal(second, undefined);
  assert.deepEqual([record?.fields.callstatus, record?.fields.assigned_user_id], ["completed", "19x6"]);
});

test("a record that people gave to somebody else keeps its owner when no agent is known", async () => {
  const { crm, deliver } = await startBench({ settings: { fallbackOwner: "Team Selling" } });
  const call = createCall({ agentExtension: null });
  const { remote } = await deliver({ call });
  assert.equal(crm.records()[0]?.fields.assigned_user_id, "20x2");
  const row = crm.store.records.get(remote.id);
  if (row) row.fields.assigned_user_id = "19x7";
  await deliver({ revision: 2, call, remote });
  assert.equal(crm.records()[0]?.fields.assigned_user_id, "19x7");
});

test("a record that was deleted in the CRM is made again and marked", async () => {
  const { crm, deliver } = await startBench();
  const { remote } = await deliver();
  crm.remove(remote.id);
  const again = await deliver({ revision: 2, remote });
  assert.notEqual(again.remote.id, remote.id);
  assert.match(again.review, /was deleted in the CRM and made again/);
  assert.equal(crm.records().length, 1);
});

test("a deleted record of which another copy stands is not made again", async () => {
  const { crm, deliver } = await startBench();
  const { remote } = await deliver();
  const copy = crm.add("PBXManager", { customernumber: "1", sourceuuid: "uuid-555" });
  crm.remove(remote.id);
  assert.equal((await deliver({ revision: 2, remote })).remote.id, copy);
});

test("a record that is hidden from us is rejected, not doubled", async () => {
  const { crm, deliver, record } = await startBench();
  const { remote } = await deliver();
  const row = crm.store.records.get(remote.id);
  if (row) row.fields.assigned_user_id = "19x1";
  const outcome = await record({ revision: 2, remote });
  assert.ok(outcome.kind === "rejected" && /hidden from the API user/.test(outcome.reason), JSON.stringify(outcome));
  assert.equal(crm.records().length, 1);
});

test("losing sight of one's own record by giving it away is told", async () => {
  const { crm, deliver } = await startBench();
  crm.user("apiuser").rank = 4; // a colleague of the agents, not above them
  const { review } = await deliver();
  assert.match(review, /cannot see records of owner 19x6: calls may be doubled/);
});

test("several records of one call are not made more: the oldest is revised and the others are named", async () => {
  const { crm, deliver } = await startBench();
  const [first, second] = [1, 2].map(() => crm.add("PBXManager", { customernumber: "1", sourceuuid: "uuid-555" }));
  const { remote, review } = await deliver();
  assert.equal(remote.id, first);
  assert.match(review, new RegExp(`2 records of this call: also ${second}`));
  assert.equal(crm.records().length, 2);
});

test("a record whose id differs only by case is another call's", async () => {
  const { crm, deliver } = await startBench();
  crm.add("PBXManager", { customernumber: "1", sourceuuid: "UUID-555" });
  await deliver();
  assert.equal(crm.records().length, 2);
});

test("where the CRM keeps ids unique, its refusal leads to the record that stands", async () => {
  const { crm, deliver } = await startBench({ unique: ["PBXManager.sourceuuid"] });
  const error = { code: 0, message: "Duplicar (s) detectado!" };
  crm.faults.add({ kind: "refused", operation: "create", error });
  const first = await deliver().catch((reason: unknown) => String(reason));
  assert.match(String(first), /cannot see/); // refused although none can be found
  await deliver();
  const standing = crm.add("PBXManager", { customernumber: "1", sourceuuid: "uuid-777" });
  assert.equal((await deliver({ callUuid: "uuid-777" })).remote.id, standing);
});

test("a create that was refused as a duplicate revises what appeared in between", async () => {
  const { crm, deliver } = await startBench({ unique: ["PBXManager.sourceuuid"] });
  crm.faults.add({ kind: "slow", operation: "create", delayMs: 30 });
  const creating = crm.nextRequest("create");
  const delivering = deliver();
  await creating;
  const standing = crm.add("PBXManager", { customernumber: "1", sourceuuid: "uuid-555" });
  assert.equal((await delivering).remote.id, standing);
  assert.equal(crm.records().length, 1);
});

test("a create whose answer was lost is uncertain, and the next attempt finds the record", async () => {
  const { crm, house, record, deliver } = await startBench();
  crm.faults.add({ kind: "lost", operation: "create" });
  void crm.nextRequest("create").then(() => house.clock.expireTimers());
  const outcome = await record();
  assert.ok(outcome.kind === "retry" && outcome.uncertain, JSON.stringify(outcome));
  await deliver();
  assert.equal(crm.records().length, 1);
});

test("an empty 500, a bad gateway and a broken line after a create are uncertain, and before it they are not", async () => {
  const { crm, record } = await startBench();
  for (const kind of ["empty500", "html502", "maintenance", "cut"] as const) {
    for (const operation of ["create", "query"]) {
      crm.faults.add({ kind, operation });
      const outcome = await record({ callUuid: `${kind}-${operation}` });
      assert.deepEqual(
        [outcome.kind, "uncertain" in outcome],
        ["retry", operation === "create"],
        `${kind} ${operation}`,
      );
    }
  }
});

test("a create that comes true late, after another attempt has made the record, is found and named", async () => {
  const { crm, house, record, deliver } = await startBench();
  crm.faults.add({ kind: "late", operation: "create" });
  void crm.nextRequest("create").then(() => house.clock.expireTimers());
  assert.equal((await record()).kind, "retry");
  const { remote } = await deliver();
  crm.faults.release();
  assert.equal(crm.records().length, 2);
  assert.match((await deliver()).review, /the CRM has 2 records of this call: also 24x3/);
  assert.equal((await deliver({ revision: 2, remote })).remote.id, remote.id);
});

test("losing the lock half-way stops the attempt at once, and what was sent is uncertain", async () => {
  const { crm, house, record } = await startBench();
  crm.faults.add({ kind: "silent", operation: "create" });
  void crm.nextRequest("create").then(() => house.loseLocks());
  const outcome = await record();
  assert.ok(outcome.kind === "retry" && outcome.uncertain, JSON.stringify(outcome));
});

test("waiting for another delivery of the same call can be given up", async () => {
  const { crm, house, session, record } = await startBench();
  crm.faults.add({ kind: "silent", operation: "create" });
  const arrived = crm.nextRequest("create");
  const first = record();
  await arrived;
  const client = createLocalClient(house);
  const run = createRun(client, house);
  const second = session.record?.(createSubject(), run);
  run.abort();
  assert.deepEqual(await second, {
    ...{ kind: "retry", reason: "interrupted" },
    words: { code: "vtiger.interrupted", values: {} },
  });
  house.clock.expireTimers();
  assert.equal((await first).kind, "retry");
  await client.close();
});

test("whatever goes wrong in whatever order, tries end in one record", async () => {
  const { crm, house, record } = await startBench();
  const kinds = [
    "empty500",
    "html502",
    "maintenance",
    "tooMany",
    "unavailable",
    "cut",
    "cutAfter",
    "silent",
    "lost",
  ] as const;
  const operation = fc.constantFrom(undefined, "getchallenge", "login", "describe", "query", "create", "revise");
  const fault = fc.record({ kind: fc.constantFrom(...kinds), operation, expire: fc.boolean() });
  crm.faults.onSilence(house.clock.expireTimers);
  let calls = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 6 }), async (faults) => {
      const callUuid = `storm-${++calls}`;
      crm.faults.clear();
      for (const { kind, operation: at, expire } of faults) {
        crm.faults.add({ kind, ...(at !== undefined && { operation: at }) });
        if (expire) crm.faults.expireSessions();
      }
      for (let tries = 0; tries < 12; tries++) if ((await record({ callUuid })).kind === "delivered") break;
      const found = crm.records().filter(({ fields }) => fields.sourceuuid === callUuid);
      assert.equal(found.length, 1);
    }),
    { numRuns: 60 },
  );
});

test("a CRM that cannot be reached is tried again and nothing is uncertain", async () => {
  const { crm, open, record } = await startBench();
  const url = crm.url.replace(/:\d+/, ":1");
  const outcome = await record({}, open({ url }));
  assert.ok(outcome.kind === "retry" && outcome.uncertain === undefined, JSON.stringify(outcome));
});

test("a wrong address, a filter in front and a missing right hold the lane", async () => {
  const { crm, open, record } = await startBench();
  crm.faults.add({ kind: "forbidden", operation: "query" });
  assert.equal((await record()).kind, "hold");
  assert.equal((await record({}, open({ url: "http://169.254.169.254/webservice.php" }))).kind, "hold");
  assert.equal((await record({}, open({ username: "limited", accessKey: "limitedkey123456" }))).kind, "hold");
});

test("a right that was given in the meantime is noticed at the next attempt", async () => {
  const { crm, record } = await startBench();
  crm.user("apiuser").readOnly = ["PBXManager"];
  const outcome = await record();
  assert.ok(outcome.kind === "hold" && /lacks a right/.test(outcome.reason), JSON.stringify(outcome));
  crm.user("apiuser").readOnly = [];
  assert.equal((await record()).kind, "delivered");
});

test("a field that somebody made mandatory rejects the call in Vtiger's words", async () => {
  const { crm, record } = await startBench();
  const field = crm.store.modules.get("PBXManager")?.fields.find(({ name }) => name === "cf_853");
  if (field) field.mandatory = true;
  const outcome = await record();
  assert.ok(
    outcome.kind === "rejected" && outcome.reason.includes("cf_853 does not have a value"),
    JSON.stringify(outcome),
  );
});

test("Vtiger 7.5 to 8.2 gives the record to the API user, and the review says so", async () => {
  for (const version of ["7.5.0", "8.2.0"]) {
    const { crm, deliver } = await startBench({ version });
    const { review } = await deliver();
    assert.match(review, /not given to its owner/, version);
    assert.deepEqual([crm.records()[0]?.fields.assigned_user_id, crm.records()[0]?.fields.user], ["19x5", ""]);
  }
  const { crm, deliver } = await startBench({ version: "8.3.0" });
  assert.equal((await deliver()).review.includes("owner"), false);
  assert.equal(crm.records()[0]?.fields.assigned_user_id, "19x6");
});

test("a link that Vtiger refuses is left out and told", async () => {
  const { crm, deliver } = await startBench();
  crm.addContact({ lastname: "García", phone: "+34123456789" });
  const error = { code: "REFERENCE_INVALID", message: "Invalid reference specified for customer" };
  crm.faults.add({ kind: "refused", operation: "create", error });
  const { review } = await deliver();
  assert.match(review, /without its links: .*Invalid reference specified for customer/);
  assert.equal(crm.records()[0]?.fields.customer, "");
});

test("a remembered contact that was deleted is looked for again, and the call linked to the one that is there", async () => {
  const { crm, deliver } = await startBench();
  const old = crm.addContact({ lastname: "Old", phone: "+34123456789" });
  await deliver({ callUuid: "a" });
  crm.remove(old);
  const fresh = crm.addContact({ lastname: "New", phone: "+34123456789" });
  const { remote } = await deliver({ callUuid: "b" });
  assert.equal(remote.refs?.contact, fresh);
  assert.equal(crm.records()[1]?.fields.customer, fresh);
});

test("a trouble after the record was made does not undo the delivery", async () => {
  const { crm, deliver } = await startBench();
  await deliver({ callUuid: "warm" });
  const contact = crm.addContact({ lastname: "Gone", phone: "+34600000001" });
  const call = createCall({ from: parsePartyNumber("+34600000001", "ES") });
  await deliver({ callUuid: "a", call });
  crm.remove(contact);
  const creating = crm.nextRequest("create").then(() => crm.faults.add({ kind: "empty500", operation: "query" }));
  const { review } = await deliver({ callUuid: "b", call });
  await creating;
  assert.match(review, /written, but not looked at afterwards/);
});

test("calls are written at their end, and while they ring only if wanted", async () => {
  const { crm, deliver } = await startBench();
  const ringing = createCall({ outcome: "in_progress", phase: "ringing", endedAt: null, talkSeconds: null });
  const { remote } = await deliver({ call: ringing });
  assert.deepEqual([crm.records()[0]?.fields.callstatus, crm.records()[0]?.fields.endtime], ["ringing", ""]);
  await deliver({ revision: 2, remote });
  assert.equal(crm.records()[0]?.fields.callstatus, "completed");
});

test("calls go to Events with every mandatory field, linked by contact_id or parent_id", async () => {
  const { crm, deliver } = await startBench({ settings: { module: "Events" } });
  const contact = crm.addContact({ lastname: "García", phone: "+34123456789" });
  const lead = crm.add("Leads", { lastname: "Lead", mobile: "600 000 002" });
  await deliver();
  await deliver({
    callUuid: "uuid-2",
    call: createCall({ from: parsePartyNumber("600000002", "ES"), outcome: "missed" }),
  });
  const [first, second] = crm.records("Events").map(({ fields }) => fields);
  assert.equal(first?.subject, "Llamada entrante de +34123456789");
  assert.deepEqual([first?.contact_id, first?.parent_id], [contact, ""]);
  assert.deepEqual([second?.contact_id, second?.parent_id], ["", lead]);
  assert.deepEqual([first?.eventstatus, second?.eventstatus], ["Held", "Not Held"]);
  assert.deepEqual([first?.activitytype, first?.duration_minutes], ["Call", "2"]);
  assert.equal(first?.cf_call_uuid, "uuid-555");
});

test("calls go to a custom module of the older system by the fields it has", async () => {
  const { crm, deliver } = await startBench({ settings: { module: "Calls" } });
  const contact = crm.addContact({ lastname: "García", phone: "+34123456789" });
  const { remote } = await deliver();
  await deliver({ revision: 2, remote });
  const [first, second] = crm.records("Calls").map(({ fields }) => fields);
  assert.equal(second, undefined);
  assert.equal(first?.subject, "Llamada entrante de +34123456789");
  assert.equal(first?.parent_id, contact);
  assert.deepEqual([first?.cf_call_uuid, first?.cf_duration_seconds], ["uuid-555", "150"]);
  assert.deepEqual([first?.call_direction, first?.start_time], ["inbound", "2025-08-02 14:00:00"]);
});

test("a field can be chosen by its label, and then the others are left alone", async () => {
  const { crm, deliver } = await startBench({ settings: { fieldMap: { call_uuid: "UI call uuid", duration: "" } } });
  await deliver();
  await deliver();
  const [record, second] = crm.records();
  assert.equal(second, undefined);
  assert.deepEqual(
    [record?.fields.cf_853, record?.fields.sourceuuid, record?.fields.totalduration],
    ["uuid-555", "", "0"],
  );
});

test("a missing module and a missing field for the call's id hold the lane and name themselves", async () => {
  const { open, record } = await startBench();
  const module = await record({}, open({ module: "Call" }));
  assert.ok(module.kind === "hold" && /module Call does not exist/.test(module.reason), JSON.stringify(module));
  const field = await record({}, open({ fieldMap: { call_uuid: "cf_nosuch" } }));
  assert.ok(field.kind === "hold" && /no field "cf_nosuch"/.test(field.reason), JSON.stringify(field));
});

test("odd call ids are kept by their hash and still make one record", async () => {
  const { crm, deliver } = await startBench();
  for (const callUuid of ['a"b\\c;\u{1f600}', "x".repeat(300)]) {
    await deliver({ callUuid });
    await deliver({ callUuid });
  }
  assert.equal(crm.records().length, 2);
});

test("an answer of an unknown form may or may not have been a success", async () => {
  const { crm, record, deliver } = await startBench();
  crm.faults.add({ kind: "oddResult", operation: "create" });
  const outcome = await record();
  assert.ok(
    outcome.kind === "retry" && outcome.uncertain && /unknown form/.test(outcome.reason),
    JSON.stringify(outcome),
  );
  await deliver();
});

test("a server error that names a time is tried again after it", async () => {
  const { crm, record } = await startBench();
  crm.faults.add({ kind: "empty500", operation: "query", retryAfterSeconds: 9 });
  const outcome = await record();
  assert.equal(outcome.kind === "retry" && outcome.afterMs, 9000);
});

test("a memory of another form than today's is as good as none", async () => {
  const { house, deliver } = await startBench();
  const { memory } = house.context({});
  await memory.save("session", "not JSON", 60_000);
  await deliver({ callUuid: "a" });
  await memory.save("session", '{"other":1}', 60_000);
  await deliver({ callUuid: "b" });
});

test("a bug is thrown, not taken for the CRM's doing", async () => {
  const { house, session } = await startBench();
  const http = (): never => {
    throw new TypeError("a bug");
  };
  const run = { http, signal: new AbortController().signal };
  await assert.rejects(async () => session.record?.(createSubject(), run), TypeError);
  assert.equal(house.clock.sleeps.length, 0);
});
