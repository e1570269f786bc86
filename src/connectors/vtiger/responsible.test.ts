import assert from "node:assert/strict";
import { test } from "node:test";
import { type Bench, type BenchOptions, startBench } from "./fake-bench.ts";

const NUMBER = "+34600000001";

async function startWithContact(owner: string, options: BenchOptions = {}) {
  const bench = await startBench(options);
  const id = bench.crm.addContact({
    firstname: "Ann",
    lastname: "Test",
    mobile: "600 00 00 01",
    assigned_user_id: owner,
  });
  return { ...bench, id };
}
const find = (bench: Bench, number = NUMBER) => bench.responsible(number);

test("the extension of the contact's owner is the owner's CRM Phone Extension", async () => {
  const bench = await startWithContact("19x7");
  const found = await find(bench);
  assert.deepEqual([found?.extension, found?.owner, found?.contact.name], ["1002", "agent1002", "Ann Test"]);
  assert.equal(found?.contact.id, bench.id);
});

test("an owner without a phone of its own has the one that the static map gives it, by name, group or id", async () => {
  for (const [owner, wanted] of [
    ["19x5", "apiuser"],
    ["19x5", "19x5"],
    ["20x2", "Team Selling"],
  ] as const) {
    const bench = await startWithContact(owner, { settings: { ownerByExtension: { "2001": wanted } } });
    assert.equal((await find(bench))?.extension, "2001", `${owner} as ${wanted}`);
  }
});

test("an owner nobody knows a phone of is named without one, and a number nobody has is nobody's", async () => {
  const bench = await startWithContact("19x5");
  assert.deepEqual(await find(bench).then((found) => [found?.extension, found?.owner]), [null, "apiuser"]);
  assert.equal(await find(bench, "+34600000099"), null);
  assert.equal(await find(bench, "not a number"), null);
});

test("an owner who is not active any more is nobody's phone", async () => {
  const bench = await startWithContact("19x7");
  bench.crm.user("agent1002").isActive = false;
  const found = await find(bench);
  assert.deepEqual([found?.extension, found?.owner], [null, "19x7, who is not active"]);
});

test("where users may not be seen the static map is taken at its word, by id alone", async () => {
  const bench = await startWithContact("19x7", {
    settings: { ownerByExtension: { "2001": "agent1002", "2002": "19x7" } },
  });
  bench.crm.user("apiuser").closed = ["Users"];
  assert.equal((await find(bench))?.extension, "2002");
});

test("a CRM that cannot be asked is a failure, never an answer, and is asked again next time", async () => {
  const bench = await startWithContact("19x7");
  bench.crm.faults.add({ kind: "html502", times: 5 });
  await assert.rejects(find(bench));
  bench.crm.faults.clear();
  assert.equal((await find(bench))?.extension, "1002");
});

test("owner and contact are remembered, so the next call of the number asks nothing", async () => {
  const bench = await startWithContact("19x7");
  await find(bench);
  const before = bench.crm.operations.length;
  assert.equal((await find(bench))?.extension, "1002");
  assert.equal(bench.crm.operations.length, before);
  bench.house.clock.pass(11 * 60_000);
  bench.crm.user("agent1002").extension = "1005";
  assert.equal((await find(bench))?.extension, "1005");
});
