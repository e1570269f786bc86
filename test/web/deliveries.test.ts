// What did not reach a CRM: why, how many, and the two ways out. And the connections it goes through.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST } from "../harness.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: FAST });

async function die(...uuids: string[]): Promise<void> {
  const { enlace } = house ?? assert.fail();
  for (const call_uuid of uuids) {
    enlace.crm.faults.add({ kind: "trace", operation: "create" });
    await enlace.postCall({ ...DOCUMENTED_CALL, call_uuid });
    await eventually(async () => {
      const { body } = await enlace.api.get(`/api/v1/calls?call_uuid=${call_uuid}`);
      assert.equal(body.items[0]?.deliveries[0]?.state, "dead");
    });
  }
}

test("without dead letters the page says that nothing needs anybody", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  await desk.page.goto("/deliveries");
  await see(desk.page, "No dead letters");
  assertQuiet(desk);
});

test("a dead letter says why and shows its attempts; sent again alone it arrives", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await die("dead-1");
  await page.goto("/deliveries");
  const row = page.getByRole("row").filter({ has: page.getByText("dead letter") });
  await row.getByText("1 attempt").click();
  await row.getByText("Attempt 1", { exact: true }).click();
  await row
    .getByText(/Query Failed/)
    .first()
    .waitFor();
  await row.getByRole("button", { name: "Send again" }).click();
  await see(page, "No dead letters");
  await eventually(() => assert.equal(house?.enlace.crm.records().length, 1));
  assertQuiet(desk);
});

test("a bulk replay first says how many it will send, and cancelling sends none", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn();
  await die("dead-2", "dead-3");
  await page.goto("/deliveries?state=dead");
  await page.getByRole("button", { name: "Send all of these anew…" }).click();
  await see(page, "2 deliveries will be sent anew");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("row", { name: /Vtiger.*2 records are made/ }).waitFor();
  assert.equal(await dialog.getByRole("region", { name: "The newest of them" }).getByRole("listitem").count(), 2);
  await page.getByRole("button", { name: "Cancel" }).click();
  const dead = await enlace.api.get("/api/v1/deliveries?state=dead");
  assert.equal(dead.body.items.length, 2);
  await page.getByRole("button", { name: "Send all of these anew…" }).click();
  await page.getByRole("button", { name: "Send 2 deliveries" }).click();
  await see(page, "2 deliveries are on their way.");
  await eventually(() => assert.equal(enlace.crm.records().length, 3));
});

test("a word finds what has to do with a number or a reason, and a bulk deed is about what was found", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await die("dead-word");
  const [{ id, reason } = assert.fail()] = (await enlace.api.get("/api/v1/deliveries?state=dead")).body.items;
  await page.goto("/deliveries?state=all");
  const word = page.getByLabel("Number, call, record or reason");
  await word.fill(reason.slice(0, 30).toUpperCase());
  await page.keyboard.press("Enter");
  await page.waitForURL(/word=/);
  const rows = page.locator("tbody").first().locator(":scope > tr");
  await eventually(async () => assert.equal(await rows.count(), 1));
  assert.equal(await page.getByRole("button", { name: "Send all of these anew…" }).count(), 0, "of any state");
  await word.fill("dead-1");
  await page.keyboard.press("Enter");
  await rows.getByText("delivered", { exact: true }).first().waitFor();
  await word.fill("nobody has this");
  await page.keyboard.press("Enter");
  await see(page, "No delivery fits these filters");
  await die("dead-other");
  await page.goto("/deliveries");
  await word.fill("dead-word");
  await page.keyboard.press("Enter");
  await eventually(async () => assert.equal(await rows.count(), 1));
  await page.getByRole("button", { name: "Send all of these anew…" }).click();
  await see(page, "1 delivery will be sent anew");
  await page.getByRole("button", { name: "Send 1 delivery" }).click();
  await eventually(() => assert.equal(enlace.crm.records().length, 4));
  const [other, ...more] = (await enlace.api.get("/api/v1/deliveries?state=dead")).body.items;
  assert.notEqual(other.id, id);
  assert.deepEqual(more, [], "what was not found stays");
  assert.equal((await enlace.api.post(`/api/v1/deliveries/${other.id}/discard`)).status, 200);
  assertQuiet(desk);
});

test("more than the server changes at once is done by asking again, with progress, until all that was told of is done", {
  skip,
}, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await die("dead-many");
  const asked: string[] = [];
  const second = Promise.withResolvers<void>();
  // So many are made faster by somebody who stands in for the answers.
  await page.route("**/api/v1/deliveries/preview?*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), matched: 25_000, at_once: 10_000 } });
  });
  await page.route("**/api/v1/deliveries/discard", async (route) => {
    asked.push(route.request().method());
    if (asked.length === 2) await second.promise;
    const changed = asked.length === 3 ? 5_000 : 10_000;
    await route.fulfill({ json: { matched: 25_000, changed } });
  });
  await page.goto("/deliveries");
  await page.getByRole("button", { name: "Discard all of these…" }).click();
  await page.getByRole("button", { name: "Discard 25,000 deliveries" }).click();
  await see(page, "10000 of 25000 done");
  assert.equal(await page.getByRole("progressbar").getAttribute("aria-valuenow"), "40");
  second.resolve();
  await see(page, "25,000 deliveries discarded.");
  assert.equal(asked.length, 3);
  await page.unrouteAll();
  assertQuiet(desk);
});

test("a bulk discard keeps the calls and sends nothing", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn();
  await die("dead-4");
  await page.goto("/deliveries?state=dead");
  await page.getByRole("button", { name: "Discard all of these…" }).click();
  await page.getByRole("button", { name: "Discard 2 deliveries" }).click();
  await see(page, "No dead letters");
  const { body } = await enlace.api.get("/api/v1/calls?call_uuid=dead-4");
  assert.equal(body.items[0].deliveries[0].state, "discarded");
  assert.equal(enlace.crm.records().length, 4);
});

test("a connection is checked, paused and resumed, and a paused one is told about among the deliveries", {
  skip,
}, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await page.goto("/connections");
  await page.getByRole("link", { name: "Vtiger", exact: true }).first().click();
  await page.getByRole("button", { name: "Check now" }).click();
  await see(page, "All is well.");
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).waitFor();
  await page.getByRole("link", { name: "Deliveries", exact: true }).click();
  const stopped = page.getByRole("region", { name: "Connections that deliver nothing now" });
  await stopped.getByText("paused", { exact: true }).waitFor();
  await stopped.getByRole("link", { name: "Vtiger" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByRole("button", { name: "Pause" }).waitFor();
  assertQuiet(desk);
});

test("the form of a new connection comes from its connector; its secret is masked and stays when saved", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/connections");
  await page.getByRole("link", { name: "+ Webhook" }).click();
  await page.getByLabel("Name").fill("Hooks");
  await page.getByLabel("Address").fill("not an address");
  await page.getByLabel("Secret", { exact: false }).first().fill("a secret of sixteen characters");
  await page.getByRole("button", { name: "Create connection" }).click();
  await see(page, "Something is not filled in right.");
  await page.getByLabel("Address").fill(`${enlace.url}/nobody`);
  await page.getByRole("button", { name: "Create connection" }).click();
  await page.getByRole("heading", { name: "Hooks", level: 1 }).waitFor();
  await page.waitForURL(/\/connections\/\d+$/);
  const id = page.url().split("/").at(-1);
  const secret = page.getByLabel("Secret", { exact: false }).first();
  assert.equal(await secret.inputValue(), "••••");
  await page.getByLabel("Name").fill("Hooks of tests");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("heading", { name: "Hooks of tests", level: 1 }).waitFor();
  const { body } = await enlace.api.get(`/api/v1/connections/${id}`);
  assert.ok(body.settings, `${page.url()}: ${JSON.stringify(body)}`);
  assert.deepEqual([body.settings.secret, body.settings.events], ["••••", ["ended"]]);
  await page.getByRole("button", { name: "Check now" }).click();
  await see(page, "Something must be mended.");
  await page.getByRole("button", { name: "Remove connection" }).click();
  await page.waitForURL("**/connections");
  await page.getByRole("alert").filter({ hasText: "is removed." }).getByRole("button").last().click();
  await eventually(async () => assert.equal((await enlace.api.get(`/api/v1/connections/${id}`)).status, 404));
  assertQuiet(desk);
});

test("whose calls are whose in the CRM is written line by line; a double and an unknown extension are told", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  await enlace.api.put("/api/v1/extensions/101", { name: "Ana" });
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/connections");
  await page.getByRole("link", { name: "Vtiger", exact: true }).first().click();
  const owners = page.getByRole("group", { name: "Owners by extension" });
  const add = owners.getByRole("button", { name: "Add a line" });
  await add.click();
  await owners.getByLabel("Extension 1").fill("101");
  await owners.getByLabel("Belongs to 1").fill("ana");
  await add.click();
  await owners.getByLabel("Extension 2").fill("999");
  await owners.getByText("no such extension here").waitFor();
  await owners.getByLabel("Extension 2").fill("101");
  await owners.getByText("is there twice").first().waitFor();
  await owners.getByRole("button", { name: "Remove 101" }).last().click();
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await see(page, "Saved.");
  const { body } = await enlace.api.get("/api/v1/connections/1");
  assert.deepEqual(body.settings.ownerByExtension, { "101": "ana" });
  assertQuiet(desk);
});
