// What is set once and rarely looked at again: recordings, how a PBX dials, keys that end, the hours of calls by hand.
import assert from "node:assert/strict";
import { test } from "node:test";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, startConsole } from "./console.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();

test("what the call centre wants of its recordings is said in the console", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/tenant");
  await page.getByLabel("What CRMs get").selectOption("enlace");
  await page.getByLabel("Copy complete recordings").check();
  const days = page.getByLabel("Days for which recordings are heard");
  await days.fill("45");
  await days.press("Enter");
  await see(page, "It holds for calls from now on.");
  const { body } = await enlace.api.get("/api/v1/recording-settings");
  assert.deepEqual([body.crm_link, body.keep_copies, body.retention_days], ["enlace", true, 45]);
  await page.getByLabel("Also take webhook signatures").uncheck();
  await page.locator("input[name=name]").press("Enter");
  await page.getByText("Saved.", { exact: true }).waitFor(); // the notice before begins with this word
  assert.deepEqual((await enlace.api.get("/api/v1/tenant")).body.signature_modes, ["raw"]);
  assertQuiet(desk);
});

test("how a PBX dials and where its recordings are is said with it; what is left alone stays as it was", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  const load = async () => (await enlace.api.get("/api/v1/pbxs")).body.items[0];
  await page.goto("/admin/pbxs");
  await page.getByRole("button", { name: "Add a PBX" }).click();
  await page.locator("input[name=name]").fill("madrid");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { dial: usual } = await load();
  await page.getByRole("button", { name: "Edit madrid" }).click();
  await page.getByText("Dialling for click-to-call").click();
  await page.getByLabel("What a phone dials for an outside number").fill(`9\${number}`);
  await page.locator("summary", { hasText: "Recordings" }).click();
  await page.getByLabel("Address of a recording").fill(`https://pbx.example.test/\${file}`);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const { dial, recordings, call_id_prefix } = await load();
  assert.deepEqual(dial, { ...usual, number: `9\${number}` });
  assert.equal(recordings.folder, null);
  assert.match(recordings.url, /^https:\/\/pbx\.example\.test\//);
  await page.getByRole("button", { name: "Edit madrid" }).click();
  await page.locator("input[name=name]").fill("madrid 2");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const after = await load();
  assert.deepEqual(
    [after.name, after.dial, after.recordings, after.call_id_prefix],
    ["madrid 2", dial, recordings, call_id_prefix],
  );
  assertQuiet(desk);
});

test("an API key may end by itself, after its last day is over where the call centre is", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/admin/keys");
  await page.getByLabel("Name").fill("wallboard");
  await page.getByLabel("Last day").fill("2027-12-31");
  await page.getByLabel("calls:read").check();
  await page.getByRole("button", { name: "Make key" }).click();
  await page.getByRole("dialog", { name: "API key" }).waitFor();
  const { time_zone: zone } = (await enlace.api.get("/api/v1/tenant")).body;
  const keys: { name: string; expires_at: string }[] = (await enlace.api.get("/api/v1/api-keys")).body.items;
  const key = keys.find(({ name }) => name === "wallboard") ?? assert.fail();
  const ends = new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short", timeStyle: "short" });
  assert.match(ends.format(new Date(key.expires_at)), /^2028-01-01, (12:00 a\.m\.|00:00|24:00)/);
  await page.keyboard.press("Escape");
  await page
    .getByRole("row", { name: /wallboard/ })
    .locator(`time[datetime="${key.expires_at}"]`)
    .waitFor();
  assertQuiet(desk);
});

test("that a policy's hours hold for calls by hand is said in its form, and stays when the rest is edited", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { body: policy } = await enlace.api.post("/api/v1/dialer/policies", {
    name: "Service",
    template: "zz-service",
  });
  const holds = async () => (await enlace.api.get(`/api/v1/dialer/policies/${policy.id}`)).body.pack.holds_by_hand;
  const { page } = await signIn();
  await page.goto("/dialer/policies");
  const edit = async (change: () => Promise<void>): Promise<void> => {
    await page.getByRole("button", { name: "Edit Service" }).click();
    await change();
    await page.getByRole("dialog").locator("[type=submit]").click();
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  assert.equal(await holds(), false);
  await edit(() => page.getByLabel("Hours hold for calls by hand too").check());
  assert.equal(await holds(), true);
  await edit(() => page.getByLabel("Countries").fill("ES"));
  assert.equal(await holds(), true);
});
