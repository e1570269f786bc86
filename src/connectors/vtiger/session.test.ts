import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "./fake-bench.ts";

test("one log-in serves many calls and all sessions of the house", async () => {
  const { crm, deliver, open } = await startBench();
  await deliver({ callUuid: "a" });
  await deliver({ callUuid: "b" }, open());
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 1);
});

test("sessions that start at the same instant log in one after another, and only once", async () => {
  const { crm, deliver, open } = await startBench();
  await Promise.all([1, 2, 3, 4, 5, 6].map((number) => deliver({ callUuid: `call-${number}` }, open())));
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 1);
  assert.equal(crm.records().length, 6);
});

test("a session that the CRM forgot is renewed once and the delivery goes on", async () => {
  const { crm, deliver } = await startBench();
  await deliver({ callUuid: "a" });
  crm.faults.expireSessions();
  await deliver({ callUuid: "b" });
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 2);
});

test("what another process renewed in the meantime is taken over", async () => {
  const { crm, deliver, open } = await startBench();
  const other = open();
  await deliver({ callUuid: "a" });
  await deliver({ callUuid: "b" }, other);
  crm.faults.expireSessions();
  await deliver({ callUuid: "c" });
  await deliver({ callUuid: "d" }, other);
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 2);
});

test("sessions that are forgotten at once are a passing trouble, not an endless loop", async () => {
  const { crm, record } = await startBench();
  const error = { code: "INVALID_SESSIONID", message: "Session Identifier provided is Invalid" };
  crm.faults.add({ kind: "refused", operation: "describe", error, times: 2 });
  const outcome = await record();
  assert.equal(outcome.kind, "retry");
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 2);
});

test("somebody else's log-in between challenge and log-in does not count as wrong credentials", async () => {
  const { crm, house, deliver } = await startBench();
  crm.faults.overlapLogins(2);
  await deliver();
  assert.equal(house.clock.sleeps.length, 2);
});

test("credentials are wrong only after several tries, and then the lane is held", async () => {
  const { crm, record } = await startBench();
  crm.user("apiuser").accessKey = "changed-over-there";
  const outcome = await record();
  assert.deepEqual([outcome.kind, crm.operations.filter((name) => name === "login").length], ["hold", 3]);
});

test("an unknown user and an inactive one hold the lane", async () => {
  const { crm, open, record } = await startBench();
  assert.equal((await record({}, open({ username: "nobody" }))).kind, "hold");
  crm.user("apiuser").isActive = false;
  assert.equal((await record()).kind, "hold");
});

test("a session of other settings is not used, although it is remembered", async () => {
  const { crm, deliver, open, record } = await startBench();
  await deliver();
  assert.equal((await record({}, open({ accessKey: "wrongkey12345678" }))).kind, "hold");
  assert.equal((await record({}, open({ username: "APIUSER " }))).kind, "delivered");
  assert.equal(crm.records().length, 1);
});

test("a remembered session expires after a quarter of an hour, but the one in hand is used until it fails", async () => {
  const { crm, house, deliver, open } = await startBench();
  await deliver({ callUuid: "a" });
  house.clock.pass(16 * 60_000);
  await deliver({ callUuid: "b" });
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 1);
  await deliver({ callUuid: "c" }, open());
  assert.equal(crm.operations.filter((operation) => operation === "login").length, 2);
});

test("no secret is kept in exchanges or written to the log", async () => {
  const { crm, house, check, exchanges } = await startBench();
  await check();
  const kept = JSON.stringify(exchanges()) + house.logged();
  assert.match(kept, /getchallenge/);
  for (const secret of [...crm.secrets(), "apiuserkey123456"]) assert.ok(!kept.includes(secret), secret);
});
