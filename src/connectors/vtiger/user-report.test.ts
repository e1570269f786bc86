import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "./fake-bench.ts";

test("active users come with their extensions, groups without, and both by the name the setting takes", async () => {
  const { users, crm } = await startBench({ settings: { ownerByExtension: { "2001": "Support Group" } } });
  crm.user("agent1002").isActive = false;
  const report = await users();
  assert.deepEqual([report.setting, report.owners], ["ownerByExtension", { "2001": "Support Group" }]);
  const find = (name: string) => report.users.find((user) => user.name === name);
  assert.deepEqual(find("agent1001"), {
    ...{ id: "19x6", name: "agent1001", label: "agent1001", kind: "user", extension: "1001" },
  });
  assert.deepEqual(find("Support Group"), {
    ...{ id: "20x4", name: "Support Group", label: "Support Group", kind: "group", extension: null },
  });
  assert.equal(find("agent1002"), undefined);
  assert.equal(report.isCut, false);
});

test("more users than Vtiger gives at a time are all listed", async () => {
  const { users, crm } = await startBench();
  for (let order = 100; order < 350; order += 1)
    crm.store.addUser({ id: `19x${order}`, userName: `desk${order}`, extension: String(order) });
  const listed = (await users()).users.filter(({ name }) => name.startsWith("desk"));
  assert.deepEqual([listed.length, new Set(listed.map(({ id }) => id)).size], [250, 250]);
});

test("an API user that may not see users is told so", async () => {
  const { users, crm } = await startBench();
  crm.user("apiuser").closed = ["Users"];
  await assert.rejects(users(), /Permission to perform the operation is denied/);
});
