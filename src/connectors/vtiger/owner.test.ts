import assert from "node:assert/strict";
import { test } from "node:test";
import { createCall } from "../connector.contract.ts";
import { startBench } from "./fake-bench.ts";

const by = (agentExtension: string | null) => ({ call: createCall({ agentExtension }) });

test("the CRM user with the extension owns the record", async () => {
  const { deliver } = await startBench();
  assert.equal((await deliver(by("1002"))).remote.refs?.owner, "19x7");
});

test("an extension that no user has is looked up in the static map, by user name, group or id", async () => {
  const ownerByExtension = { "2001": "agent1002", "2002": "Team Selling", "2003": "19x6", "2004": "20x3" };
  const { crm, deliver } = await startBench({ settings: { ownerByExtension } });
  const owners: unknown[] = [];
  for (const extension of Object.keys(ownerByExtension)) {
    owners.push((await deliver({ callUuid: extension, ...by(extension) })).remote.refs?.owner);
  }
  assert.deepEqual(owners, ["19x7", "20x2", "19x6", "20x3"]);
  assert.deepEqual(
    crm.records().map(({ fields }) => fields.user),
    ["19x7", "", "19x6", ""], // a group is no user
  );
});

test("an owner that does not exist is never sent, even where Vtiger would take it from an administrator", async () => {
  const ownerByExtension = { "2001": "19x9999", "2002": "12x2", "2003": "nobody", "2004": "1001" };
  const { deliver } = await startBench({ isAdmin: true, settings: { ownerByExtension } });
  for (const extension of Object.keys(ownerByExtension)) {
    const { remote } = await deliver({ callUuid: extension, ...by(extension) });
    assert.equal(remote.refs?.owner, "19x5", extension);
  }
});

test("without an agent the fallback owner gets the record, and without one we ourselves", async () => {
  const { deliver, open } = await startBench();
  const fallback = open({ fallbackOwner: "Support Group" });
  assert.equal((await deliver({ callUuid: "a", ...by(null) }, fallback)).remote.refs?.owner, "20x4");
  assert.equal((await deliver({ callUuid: "b", ...by("9999") }, fallback)).remote.refs?.owner, "20x4");
  assert.equal((await deliver({ callUuid: "c", ...by(null) })).remote.refs?.owner, "19x5");
});

test("a fallback owner that does not exist is told", async () => {
  const { deliver } = await startBench({ settings: { fallbackOwner: "Nobody" } });
  const { remote, review } = await deliver(by(null));
  assert.equal(remote.refs?.owner, "19x5");
  assert.match(review, /fallback owner "Nobody" does not exist/);
});

test("an extension that two users share is nobody's", async () => {
  const { crm, deliver } = await startBench();
  crm.user("agent1002").extension = "1001";
  assert.equal((await deliver(by("1001"))).remote.refs?.owner, "19x5");
});

test("inactive users own nothing", async () => {
  const { crm, deliver } = await startBench();
  crm.user("agent1001").isActive = false;
  assert.equal((await deliver(by("1001"))).remote.refs?.owner, "19x5");
});

test("where users may not be seen the static map is taken at its word", async () => {
  const { crm, deliver } = await startBench({
    settings: { ownerByExtension: { "1001": "19x6", "1002": "agent1002" } },
  });
  crm.user("apiuser").closed = ["Users"];
  assert.equal((await deliver({ callUuid: "a", ...by("1001") })).remote.refs?.owner, "19x6");
  assert.equal((await deliver({ callUuid: "b", ...by("1002") })).remote.refs?.owner, "19x5");
});

test("owners are remembered for ten minutes, and unknown extensions for one", async () => {
  const { crm, house, deliver } = await startBench();
  await deliver({ callUuid: "a", ...by("3001") });
  crm.user("agent1001").extension = "3001";
  assert.equal((await deliver({ callUuid: "b", ...by("3001") })).remote.refs?.owner, "19x5");
  house.clock.pass(61_000);
  assert.equal((await deliver({ callUuid: "c", ...by("3001") })).remote.refs?.owner, "19x6");
  crm.user("agent1001").extension = "";
  house.clock.pass(9 * 60_000);
  assert.equal((await deliver({ callUuid: "d", ...by("3001") })).remote.refs?.owner, "19x6");
});

test("an extension that no query can carry is nobody's", async () => {
  const { deliver } = await startBench();
  assert.equal((await deliver(by("10\\01';--"))).remote.refs?.owner, "19x5");
});
