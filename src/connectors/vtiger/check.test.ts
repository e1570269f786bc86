import assert from "node:assert/strict";
import { test } from "node:test";
import { createLocalClient, createRun } from "../connector.contract.ts";
import type { CheckReport } from "../connector.ts";
import { startBench } from "./fake-bench.ts";

const finding = ({ findings }: CheckReport, subject: string): string => {
  const found = findings.find((one) => one.subject === subject);
  return found === undefined ? "" : `${found.level}: ${found.message} | ${found.mend ?? ""}`;
};

test("a good installation passes, with every step named", async () => {
  const { crm, check } = await startBench({ isAdmin: true });
  const report = await check();
  assert.equal(report.ok, true, JSON.stringify(report));
  assert.deepEqual(
    report.findings.map(({ level, subject }) => `${level} ${subject}`),
    [
      "ok login",
      "ok module:PBXManager",
      "ok read",
      "ok write",
      "ok lookup:Contacts",
      "ok lookup:Leads",
      "ok lookup:Accounts",
    ],
  );
  assert.equal(crm.store.records.size, 0);
});

test("a user who is no administrator is warned of private sharing, and on 7.5 to 8.2 of the assign bug", async () => {
  const { check } = await startBench();
  const report = await check();
  assert.equal(report.ok, true);
  assert.match(finding(report, "sharing"), /^warning: .*private/);
  assert.equal(finding(report, "version"), "");
  const old = await startBench({ version: "7.5.0" });
  assert.match(finding(await old.check(), "version"), /^warning: Vtiger 7\.5\.0 .*update Vtiger to 8\.3/);
});

test("a module that does not exist is named together with those that do", async () => {
  const { check } = await startBench();
  const report = await check({ module: "Call" });
  assert.equal(report.ok, false);
  assert.match(finding(report, "module:Call"), /^error: .*Choose one of: .*Calls.*Events.*PBXManager/);
});

test("a missing field for the call's id is an error and any other one a warning", async () => {
  const { check } = await startBench({ customFields: false });
  const events = await check({ module: "Events" });
  assert.equal(events.ok, false);
  assert.match(
    finding(events, "field:cf_call_uuid"),
    /^error: Events has no field .*call_uuid should go.*Module Layouts/,
  );
  const trunk = await check({ fieldMap: { trunk: "Line" } });
  assert.equal(trunk.ok, true);
  assert.match(
    finding(trunk, "field:Line"),
    /^warning: PBXManager has no field with the name or label "Line", where trunk/,
  );
});

test("a field that is hidden from the API user is as good as missing", async () => {
  const { check } = await startBench();
  const limited = await check({ username: "limited", accessKey: "limitedkey123456", module: "Events" });
  assert.match(finding(limited, "field:cf_call_uuid"), /^error: .*show it in the API user's profile/);
});

test("missing rights to write are found without writing", async () => {
  const { crm, check } = await startBench();
  crm.user("apiuser").readOnly = ["PBXManager"];
  const report = await check();
  assert.equal(report.ok, false);
  assert.match(
    finding(report, "write"),
    /^error: the API user may not create .*Let the API user's profile create and edit PBXManager/,
  );
});

test("rights that describe promises and create denies are found as well", async () => {
  const { crm, check } = await startBench();
  const error = { code: "ACCESS_DENIED", message: "Permission to write is denied" };
  crm.faults.add({ kind: "refused", operation: "create", error });
  assert.match(finding(await check(), "write"), /^error: create: .*ACCESS_DENIED: Permission to write is denied/);
});

test("rights to read that are missing are found by asking", async () => {
  const { crm, check } = await startBench();
  const error = { code: "ACCESS_DENIED", message: "Permission to access sourceuuid attribute denied." };
  crm.faults.add({ kind: "refused", operation: "query", error });
  const report = await check();
  assert.equal(report.ok, false);
  assert.match(finding(report, "read"), /^error: .*sourceuuid.*view PBXManager and its field sourceuuid/);
});

test("a field that somebody made mandatory and that a call cannot fill is named", async () => {
  const { crm, check } = await startBench();
  const field = crm.store.modules.get("PBXManager")?.fields.find(({ name }) => name === "cf_853");
  if (field) field.mandatory = true;
  const report = await check();
  assert.equal(report.ok, false);
  assert.match(
    finding(report, "field:UI Call UUID"),
    /^error: PBXManager demands a value for "UI Call UUID" \(cf_853\)/,
  );
});

test("modules that cannot be searched and users that cannot be seen are warnings", async () => {
  const { crm, check } = await startBench();
  crm.user("apiuser").closed = ["Leads", "Users"];
  const report = await check();
  assert.equal(report.ok, true);
  assert.match(finding(report, "lookup:Leads"), /^warning: the API user cannot read Leads/);
  assert.match(finding(report, "extensions"), /^warning: .*list every extension/);
});

test("owners are proved to exist", async () => {
  const { check } = await startBench();
  const report = await check({ fallbackOwner: "Nobody", ownerByExtension: { "1": "agent1001", "2": "ghost" } });
  assert.equal(report.ok, false);
  assert.match(finding(report, "owner:fallback"), /^error: there is no active user or group "Nobody"/);
  assert.match(finding(report, "owner:1"), /^ok: "agent1001" is 19x6/);
  assert.match(finding(report, "owner:2"), /^warning/);
});

test("wrong credentials, a wrong address and a CRM that is down each say what to do", async () => {
  const { crm, check } = await startBench();
  assert.match(
    finding(await check({ accessKey: "wrong" }), "login"),
    /^error: .*INVALID_USER_CREDENTIALS.*Check user and access key/,
  );
  crm.faults.add({ kind: "forbidden" });
  assert.match(finding(await check(), "getchallenge"), /^error: .*HTTP 403.*Check the address/);
  crm.faults.add({ kind: "html502" });
  const down = await check();
  assert.equal(down.ok, false);
  assert.match(finding(down, "getchallenge"), /^error: .*HTTP 502/);
});

test("a check proves the credentials of now, not the session of before", async () => {
  const { crm, deliver, check } = await startBench();
  await deliver();
  crm.user("apiuser").accessKey = "changed-over-there";
  assert.equal((await check()).ok, false);
});

test("where a record without an owner is taken, the test record is taken away again", async () => {
  const { crm, check } = await startBench({ isAdmin: true });
  for (const field of crm.store.modules.get("PBXManager")?.fields ?? []) field.mandatory = false;
  assert.match(finding(await check(), "write"), /^ok/);
  assert.deepEqual(crm.records(), []);
});

test("a check that is interrupted says so", async () => {
  const { crm, house, session } = await startBench();
  const client = createLocalClient(house);
  const run = createRun(client, house);
  crm.faults.add({ kind: "silent", operation: "listtypes" });
  crm.faults.onSilence(run.abort);
  const report = await session.check(run);
  assert.equal(report.ok, false);
  assert.match(report.findings.at(-1)?.message ?? "", /aborted|interrupted/);
  run.abort();
  assert.equal(finding(await session.check(run), "check"), "error: interrupted | ");
  await client.close();
});

test("leaving out a field that the module demands is found before any call is lost", async () => {
  const { check } = await startBench();
  const report = await check({ fieldMap: { customer_number: "" } });
  assert.match(finding(report, "field:Customer Number"), /^error: PBXManager demands a value/);
});
