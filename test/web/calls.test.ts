// The call log: find a call, read its story, see what the CRM was told, send it again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { DOCUMENTED_CALL, FAST } from "../harness.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole({ clockFactor: FAST });
const MARKUP = '<script>window.wasRun=1</script><img src=x onerror="window.wasRun=1">';

const post = async (changes: object): Promise<void> => {
  const { status } = (await house?.enlace.postCall({ ...DOCUMENTED_CALL, ...changes })) ?? assert.fail();
  assert.ok(status < 300, String(status));
};

test("a filter goes into the address, narrows the list, and can be cleared", { skip }, async () => {
  const desk = (await house?.signIn()) ?? assert.fail();
  const { page } = desk;
  await post({ call_uuid: "answered-1" });
  await post({ call_uuid: "missed-1", status: "missed", from: "+34600000033" });
  await page.goto("/calls");
  await see(page, "+34600000033");
  await page.getByLabel("Outcome").selectOption("missed");
  await page.waitForURL("**/calls?outcome=missed");
  await page.getByText("+34123456789").waitFor({ state: "detached" });
  await see(page, "+34600000033");
  await page.getByLabel("From day").fill("2020-01-01");
  await page.getByLabel("To day").fill("2020-01-02");
  await see(page, "No call fits these filters");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await see(page, "+34123456789");
  await page.getByLabel("Number", { exact: true }).fill("600 000 033");
  await page.keyboard.press("Enter");
  await page.getByText("+34123456789").waitFor({ state: "detached" });
  assertQuiet(desk);
});

test("a day is the tenant's day, wherever the viewer sits", { skip }, async () => {
  const { page } = (await house?.signIn(undefined, { timezoneId: "Pacific/Auckland" })) ?? assert.fail();
  // 23:30 UTC is half past midnight of the next day in Madrid.
  await post({
    call_uuid: "midnight",
    from: "+34600000044",
    start_time: "2025-01-09T23:30:00Z",
    end_time: "2025-01-09T23:31:00Z",
  });
  await page.goto("/calls?from=2025-01-10&to=2025-01-10");
  await see(page, "+34600000044");
  assert.match((await page.locator("tbody time").first().textContent()) ?? "", /00:30/);
  await page.goto("/calls?from=2025-01-09&to=2025-01-09");
  await see(page, "No call fits these filters");
});

test("older calls come by the page, none twice", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  for (let number = 0; number < 55; number += 1) await post({ call_uuid: `many-${number}`, agent_ext: "1777" });
  await page.goto("/calls?extension=1777");
  await eventually(async () => assert.equal(await page.locator("tbody tr").count(), 50));
  await page.getByRole("button", { name: "Show more" }).click();
  await eventually(async () => assert.equal(await page.locator("tbody tr").count(), 55));
  const links = await page
    .locator("tbody a[href^='/calls/']")
    .evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  assert.equal(new Set(links).size, 55);
});

test("a call's page tells its story, and every attempt with what was sent and answered", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  enlace.crm.addContact({ firstname: "Ana", lastname: "Prueba", phone: "+34600000055" });
  await post({ call_uuid: "told", from: "+34600000055" });
  await eventually(() => assert.ok(enlace.crm.records().some(({ fields }) => fields.sourceuuid === "told")));
  await page.goto("/calls?number=%2B34600000055");
  await page.locator("tbody a").first().click();
  await page.getByRole("heading", { name: "+34600000055 → +34900112233" }).waitFor();
  await see(page, "told by webhook");
  await see(page, /^Linked to .+: the contact there whose number this is/);
  const open = page.getByRole("link", { name: /^Open .* there/ });
  assert.match((await open.getAttribute("href")) ?? "", /^http:\/\/127\.0\.0\.1/);
  await page.getByText("Attempts, with request and answer").click();
  await page.getByText("Attempt 1", { exact: true }).click();
  await see(page, /operation.*create/);
  assert.doesNotMatch(
    (await page.locator("body").textContent()) ?? "",
    new RegExp(enlace.crm.user("apiuser").accessKey),
  );
  assertQuiet(desk);
});

test("calls are found by how they stand with the CRM, a view of them gets a name, and a colleague's desk does not know it", {
  skip,
}, async () => {
  const { enlace, signIn, addUser } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await post({ call_uuid: "stranger", from: "+34600000091" });
  await eventually(() => assert.ok(enlace.crm.records().some(({ fields }) => fields.sourceuuid === "stranger")));
  await page.goto("/calls?number=%2B34600000091");
  await page.getByLabel("In the CRM").selectOption("not linked to a contact");
  await page.waitForURL(/crm=not_linked/);
  await page.locator("tbody tr").filter({ hasText: "+34600000091" }).waitFor();
  await page.getByRole("button", { name: "Keep view…" }).click();
  await page.getByLabel("Name of the view").fill("Strangers");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("button", { name: "Clear filters" }).click();
  await page.waitForURL((url) => url.search === "");
  await page.getByLabel("My views").selectOption("Strangers");
  await page.waitForURL(/crm=not_linked/);
  await page.reload();
  await page.getByRole("button", { name: "Forget view" }).waitFor();
  await page.locator("tbody a").first().click();
  const why = page.getByRole("region", { name: "Why it is (not) linked" });
  await why.getByText("nobody in the CRM has this number").waitFor();
  await page.goto("/calls?crm=failed&number=%2B34600000091");
  await see(page, "No call fits these filters");
  const colleague = await signIn(await addUser("carla", "viewer"));
  await colleague.page.goto("/calls");
  await colleague.page.getByLabel("In the CRM").waitFor();
  assert.equal(await colleague.page.getByLabel("My views").count(), 0);
  assertQuiet(desk);
});

test("on a telephone each call is a small card, and nothing is wider than the screen", { skip }, async () => {
  const desk = (await house?.signIn(undefined, { viewport: { width: 360, height: 740 } })) ?? assert.fail();
  const { page } = desk;
  await post({ call_uuid: "pocket", from: "+34600000092" });
  await page.goto("/calls?number=%2B34600000092");
  await page.locator("tbody tr").filter({ hasText: "+34600000092" }).waitFor();
  const overflow = () => page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  assert.equal(await overflow(), 0);
  await page.locator("tbody a").first().click();
  await page.getByRole("heading", { name: "What happened" }).waitFor();
  assert.equal(await overflow(), 0);
  assertQuiet(desk);
});

test("sending again updates the record over there and makes no second one", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { page } = await signIn();
  const mine = () => enlace.crm.records().filter(({ fields }) => fields.sourceuuid === "again");
  await post({ call_uuid: "again", from: "+34600000066" });
  await eventually(() => assert.equal(mine().length, 1));
  await page.goto("/calls?number=%2B34600000066");
  await page.locator("tbody a").first().click();
  const before = enlace.crm.operations.length;
  await page.getByRole("button", { name: "Send again" }).click();
  await see(page, "It is on its way.");
  await eventually(() => assert.ok(enlace.crm.operations.length > before));
  // The second, or a later one where a busy machine let one time out.
  await eventually(async () =>
    assert.ok((await page.getByText(/attempt ([2-9]|\d\d+), \d+ ms: delivered/).count()) > 0),
  );
  assert.equal(mine().length, 1);
});

test("markup in a call is text on every screen, and an address of another kind is no link", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await post({ call_uuid: "markup", from: MARKUP, agent_ext: "1999", trunk: MARKUP, pbx_system: MARKUP });
  const [call] = await enlace.rows("select id from calls where call_uuid = 'markup'");
  await enlace.rows("update calls set recording_url = 'javascript:window.wasRun=1' where call_uuid = 'markup'");
  for (const path of ["/calls?extension=1999", `/calls/${call.id}`]) {
    await page.goto(path);
    await see(page, "<script>");
    assert.equal(await page.evaluate("'wasRun' in window"), false);
    assert.equal(await page.locator("main img, main script").count(), 0);
  }
  await see(page, "Where the PBX keeps it");
  assert.equal(await page.locator("a[href^='javascript']").count(), 0);
  assertQuiet(desk);
});

test("calls in progress are seen live, come by themselves and go when they end", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  const now = new Date().toISOString();
  const running = {
    call_uuid: "live-1",
    from: "+34600000077",
    to: "+34900112233",
    direction: "inbound",
    start_time: now,
  };
  await page.goto("/live");
  await see(page, "Nobody is on the phone");
  await page.locator(".chart canvas").waitFor();
  await page.getByRole("button", { name: "Last day" }).click();
  await page.getByRole("button", { name: "Last day", pressed: true }).waitFor();
  await house?.enlace.postCall({ ...running, status: "ringing" });
  const row = page.locator("tbody tr").filter({ hasText: "+34600000077" });
  await row.getByText("ringing").waitFor();
  await house?.enlace.postCall({ ...running, status: "in-progress", answer_time: now, agent_ext: "1001" });
  await row.getByText("talking").waitFor();
  await house?.enlace.postCall({ ...running, status: "completed", end_time: new Date().toISOString() });
  await row.waitFor({ state: "detached" });
});

test("what the server refuses is a sentence with the id of the request", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.goto("/calls/999999999");
  const alert = page.getByRole("alert");
  await alert.filter({ hasText: "It is not there, or not any more." }).waitFor();
  assert.match((await alert.textContent()) ?? "", /Request id: [0-9a-f-]{36}/);
});

test("where the stream does not get through, the live page says so and asks instead", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.route("**/api/v1/live", (route) =>
    route.request().headers().accept === "text/event-stream" ? route.abort() : route.continue(),
  );
  await page.goto("/live");
  await see(page, /Asked anew every 2 seconds/);
  const now = new Date().toISOString();
  await post({ call_uuid: "polled", from: "+34600000078", start_time: now, end_time: undefined, status: "ringing" });
  await page.locator("tbody tr").filter({ hasText: "+34600000078" }).waitFor();
});
