// A campaign in front of those who run it: people called by a simulated carrier, watched, looked back on, called again.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";
import { addDialerScenery, toPeople } from "./dialer-scenery.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();
const scenery = house ? await addDialerScenery(house) : undefined;

test("a campaign is watched while it calls, paused and gone on with, and its people end in the funnel", {
  skip,
}, async () => {
  const { signIn } = house ?? assert.fail();
  const { run, pbx } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  // The last two ring until this test says otherwise, so that there is something to pause.
  const id = await run("Winter check-ups", [...toPeople(8, 600_002_000), "600000091;Zoe;", "600000092;Teo;"]);
  await page.goto(`/dialer/campaigns/${id}`);
  const funnel = page.getByRole("region", { name: "What came of the calls" });
  await funnel.getByRole("row", { name: /^answered .*4$/ }).waitFor();
  await funnel.getByRole("row", { name: /^busy .*1$/ }).waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Add a contact" }).click();
  await page.getByRole("dialog").getByLabel("Number").fill("600 002 010");
  await page.getByRole("dialog").getByRole("button", { name: "Add a contact" }).click();
  await page.getByRole("button", { name: "Start" }).click();
  await funnel.getByRole("row", { name: /^answered .*5$/ }).waitFor();
  const ringing = await eventually(() => {
    const calls = pbx.calls.filter(({ number }) => /^34600000(091|092)$/.test(number));
    assert.equal(calls.length, 2);
    return calls;
  });
  for (const call of ringing) {
    call.answer();
    call.hangUp();
  }
  await funnel.getByRole("row", { name: /^answered .*7$/ }).waitFor();
  await page.getByRole("button", { name: "Call again…" }).waitFor();
  assertQuiet(desk);
});

test("somebody is added by hand, found, looked back on and left out", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  const { fill } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto(fill("/dialer/campaigns/$campaign"));
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Add a contact" }).click();
  await dialog.getByLabel("Number").fill("600 000 055");
  await dialog.getByLabel("nombre").fill("Rosa");
  await dialog.getByRole("button", { name: "Add a contact" }).click();
  await see(page, "The contact is on the list.");
  await page.getByRole("button", { name: "Add a contact" }).click();
  await dialog.getByLabel("Number").fill("+34600000055");
  await dialog.getByRole("button", { name: "Add a contact" }).click();
  await dialog.getByRole("alert").getByText("This number is in the campaign already.").waitFor();
  await page.keyboard.press("Escape");
  const contacts = page.getByRole("region", { name: "Contacts" });
  await contacts.getByLabel("Number").fill("600000055");
  await page.keyboard.press("Enter");
  await contacts.getByRole("cell", { name: "nombre: Rosa" }).waitFor();
  assert.equal(await contacts.getByRole("row").count(), 2, "the headings and her");
  await page.getByRole("button", { name: "Leave out +34600000055" }).click();
  await contacts.getByText("left out", { exact: true }).last().waitFor();
  await page.getByRole("button", { name: "Remove +34600000055" }).click();
  await page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
  await contacts.getByRole("cell", { name: "nombre: Rosa" }).waitFor();
  assertQuiet(desk);
});

test("a contact's history has every attempt and the rules by which it was called; its campaign is called again by outcome", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { fill, doneId } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto(fill("/dialer/campaigns/$done"));
  const contacts = page.getByRole("region", { name: "Contacts" });
  await contacts.getByLabel("Outcome").selectOption({ label: "busy" });
  await page.getByRole("button", { name: "History +34600001002" }).click();
  const history = page.getByRole("dialog");
  await history.getByRole("cell", { name: "busy (17)" }).waitFor();
  await history.getByText("Calls to it: 1.").waitFor();
  await history
    .getByRole("table", { name: "Calls to it that were allowed" })
    .getByRole("cell", { name: "Clinic" })
    .waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Call again…" }).click();
  const { body } = await enlace.api.get(`/api/v1/campaigns/${doneId}/statistics`);
  const busy = body.by_disposition.find(({ disposition }: Json) => disposition === "busy").contacts;
  await history.getByLabel(`busy · ${busy}`).check();
  await history.getByLabel(/^no answer/).uncheck();
  await history.getByRole("button", { name: "Call again…" }).click();
  await page.getByRole("heading", { level: 1, name: "October appointments 2" }).waitFor();
  await page.getByRole("row", { name: new RegExp(`^October appointments done ${busy} ${busy} 0 0`) }).waitFor();
  assertQuiet(desk);
});

test("a test call is watched from its wish to its end, and leads to the call's own page", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  const { pbx } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/calls");
  const card = page.locator("form", { hasText: "Calls your own phone" });
  await card.getByLabel("Project").selectOption({ label: "Clinic" });
  await card.getByLabel("Your number").fill("600 000 093");
  await card.getByRole("button", { name: "Call me" }).click();
  const story = page.getByRole("region", { name: "How the call goes" });
  await story.getByText("carrier-fast").waitFor();
  const call = pbx.calls.findLast(({ number }) => number === "34600000093") ?? assert.fail();
  call.answer();
  await story.getByText("Picked up").waitFor();
  call.hangUp();
  await story.getByText("answered", { exact: true }).waitFor();
  await story.getByRole("link", { name: "Open this call" }).click();
  await page.waitForURL(/\/calls\/\d+$/);
  assertQuiet(desk);
});

test("a question has its whole answer: each rule with what it looked at, calls that were allowed, what kept us back", {
  skip,
}, async () => {
  const { signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/calls");
  const why = page.locator("form", { hasText: "Why was a number called" });
  await why.getByLabel("Number").fill("600001000");
  await why.getByLabel("Project").selectOption({ label: "Clinic" });
  await why.getByRole("button", { name: "Ask" }).click();
  await why.getByText("This number may be called now.").waitFor();
  await why.getByText("Country of the number: Spain. The policy covers").waitFor();
  await why
    .getByRole("table", { name: "Calls to it that were allowed" })
    .getByRole("cell", { name: "answered" })
    .waitFor();
  assertQuiet(desk);
});

test("numbers not to be called are imported for one campaign, and those that are none are given back", {
  skip,
}, async () => {
  const { signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/do-not-call");
  const card = page.locator("form", { hasText: "Import numbers not to be called" });
  const list = { name: "robinson.csv", mimeType: "text/csv", buffer: Buffer.from("600000061\n600000062\nnobody\n") };
  await card.getByLabel("File with numbers").setInputFiles(list);
  await card.getByLabel("Holds for").selectOption({ label: "October appointments" });
  await card.getByLabel("Reason").fill("they asked");
  await card.getByRole("button", { name: "Import" }).click();
  await card.getByText("2 added, 0 known already, 1 unusable.").waitFor();
  const download = page.waitForEvent("download");
  await card.getByRole("button", { name: "Download" }).click();
  assert.equal((await download).suggestedFilename(), "invalid.csv");
  await page.getByLabel("Holds for").last().selectOption({ label: "a campaign" });
  await page.getByRole("row", { name: /^\+34600000062 a campaign · October appointments they asked a list/ }).waitFor();
  assert.equal(await page.getByRole("cell", { name: "+34600000099", exact: true }).count(), 0);
  assertQuiet(desk);
});
