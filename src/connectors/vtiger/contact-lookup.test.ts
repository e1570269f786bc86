import assert from "node:assert/strict";
import { test } from "node:test";
import { startBench } from "./fake-bench.ts";

test("a contact is found in whichever phone field and spelling the number stands", async () => {
  const { crm, lookup } = await startBench();
  const fields = ["phone", "mobile", "homephone", "otherphone", "assistantphone"];
  for (const [index, field] of fields.entries()) {
    const id = crm.addContact({ firstname: "María", lastname: `Nº ${index}`, [field]: `(+34) 600-00-00-1${index}` });
    const found = await lookup(`+3460000001${index}`);
    assert.deepEqual([found?.id, found?.name, found?.kind], [id, `María Nº ${index}`, "Contacts"], field);
  }
});

test("the found contact has a page that people can open", async () => {
  const { crm, lookup } = await startBench();
  const id = crm.add("Accounts", { accountname: "ACME S.L.", otherphone: "900 000 001" });
  const found = await lookup("900000001");
  assert.equal(
    found?.url,
    crm.url.replace("webservice.php", `index.php?module=Accounts&view=Detail&record=${id.slice(3)}`),
  );
});

test("the first module with a match decides", async () => {
  const { crm, lookup } = await startBench();
  crm.add("Accounts", { accountname: "ACME S.L.", phone: "600000001" });
  const lead = crm.add("Leads", { lastname: "Lead", mobile: "600000001" });
  assert.equal((await lookup("600000001"))?.id, lead);
});

test("nobody is linked when more than one has the number, and the review names them", async () => {
  const { crm, deliver } = await startBench();
  const ids = ["A", "B"].map((lastname) => crm.addContact({ lastname, mobile: "123456789" }));
  const { remote, review } = await deliver();
  assert.equal(remote.refs?.contact, undefined);
  assert.match(review, new RegExp(`2 records of Contacts have this number \\(${ids.join(", ")}\\)`));
});

test("an unknown number is delivered unlinked and marked", async () => {
  const { crm, deliver } = await startBench();
  crm.addContact({ lastname: "Other", phone: "1234567890" });
  assert.match((await deliver()).review, /nobody in the CRM has this number/);
  assert.equal(crm.records()[0]?.fields.customer, "");
});

test("what was found is remembered for ten minutes and what was not for one", async () => {
  const { crm, house, lookup } = await startBench();
  const queries = (): number => crm.operations.filter((name) => name === "query").length;
  assert.equal(await lookup("600000001"), null);
  const id = crm.addContact({ lastname: "New", phone: "600000001" });
  assert.equal(await lookup("600000001"), null);
  house.clock.pass(61_000);
  assert.equal((await lookup("600000001"))?.id, id);
  const before = queries();
  house.clock.pass(9 * 60_000);
  assert.equal((await lookup("600000001"))?.id, id);
  assert.equal(queries(), before);
  house.clock.pass(2 * 60_000);
  await lookup("600000001");
  assert.ok(queries() > before);
});

test("the keys of what is remembered do not show numbers", async () => {
  const { house, lookup } = await startBench();
  await lookup("+34600000001");
  const keys = [...house.remembered.keys()];
  assert.ok(keys.some((key) => key.startsWith("contact:")));
  assert.ok(!keys.some((key) => key.includes("600000001")));
});

test("more than a hundred resembling records are all looked at", async () => {
  const { crm, lookup } = await startBench();
  for (let index = 0; index < 130; index++) {
    crm.addContact({ lastname: `${index}`, phone: `6000 ${index} 00001` }); // has the digits, with others between them
  }
  const id = crm.addContact({ lastname: "The one", phone: "600 000 001" });
  assert.equal((await lookup("600000001"))?.id, id);
});

test("a module that is closed to us is left out and the others are searched", async () => {
  const { crm, lookup, house } = await startBench();
  crm.user("apiuser").closed = ["Contacts"];
  const lead = crm.add("Leads", { lastname: "Lead", phone: "600000001" });
  assert.equal((await lookup("600000001"))?.id, lead);
  assert.match(house.logged(), /vtiger\.lookup_denied/);
});

test("a look-up that fails finds nobody and is logged, because a pop-up cannot wait", async () => {
  const { crm, lookup, house } = await startBench();
  crm.faults.add({ kind: "html502", times: 3 });
  assert.equal(await lookup("600000001"), null);
  assert.match(house.logged(), /vtiger\.lookup_failed/);
  assert.equal(await lookup("not a number"), null);
});

test("no look-up is made for internal calls and hidden numbers", async () => {
  const { crm, deliver } = await startBench();
  const { createCall } = await import("../connector.contract.ts");
  const { parsePartyNumber } = await import("../../core/phone-number.ts");
  const internal = createCall({
    direction: "internal",
    from: parsePartyNumber("1001", "ES"),
    to: parsePartyNumber("1002", "ES"),
  });
  await deliver({ callUuid: "a", call: internal });
  const hidden = await deliver({ callUuid: "b", call: createCall({ from: parsePartyNumber("anonymous", "ES") }) });
  assert.match(hidden.review, /the number was withheld/);
  assert.equal(crm.records()[1]?.fields.customernumber, "anonymous");
  assert.deepEqual(crm.operations.filter((name) => name === "describe").length, 1);
});
