// What an administrator sets up so that Enlace calls by itself: lines, rules, what is said, whom.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { toWorkbook } from "../../src/dialer/campaigns/imports/fake-workbook.ts";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, settle, startConsole } from "./console.ts";
import { addDialerScenery, makeWave } from "./dialer-scenery.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();
const scenery = house ? await addDialerScenery(house) : undefined;

const confirm = (page: Page, name: string) => page.getByRole("dialog").getByRole("button", { name }).click();

test("a trunk, a policy and a project are made, and the project keeps what was said of it", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/trunks");
  await page.getByRole("button", { name: "Add a trunk" }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name in Asterisk").fill("carrier-b");
  await form.getByLabel("PBX").selectOption({ label: "lima" });
  await form.getByLabel("Calls at once").fill("12");
  await form.getByRole("button", { name: "Save" }).click();
  await page.getByRole("cell", { name: "carrier-b", exact: true }).waitFor();

  await page.getByRole("link", { name: "Policies" }).click();
  await page.getByLabel("Name").fill("Our rules");
  await page.getByRole("button", { name: "Make policy" }).click();
  await page.getByRole("button", { name: "Take over these rules Our rules" }).click();
  await form.getByLabel("Your full name").fill("Ana Prueba");
  await form.getByLabel("I have read these rules").check();
  await form.getByRole("button", { name: "Take over these rules" }).click();
  await see(page, "Taken over by Ana Prueba");

  await page.getByRole("link", { name: "Projects" }).click();
  await page.getByRole("link", { name: "+ Make a project" }).click();
  await page.getByLabel("Name").fill("Surveys");
  await page.getByRole("button", { name: "Make a project" }).click();
  await page.getByRole("heading", { level: 1, name: "Surveys" }).waitFor();
  await page.getByLabel("Policy").selectOption({ label: "Our rules" });
  await page.getByLabel("carrier-b · lima").check();
  await page.getByLabel("Text").fill("Hola {{nombre}}");
  await page.getByLabel("Expected key", { exact: true }).selectOption("2");
  await page.getByText("Retries", { exact: true }).click();
  await page.getByLabel("busy", { exact: true }).selectOption("15");
  await page.getByLabel("no answer", { exact: true }).selectOption("never");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await see(page, "The project is saved.");
  const { body } = await enlace.api.get("/api/v1/projects?limit=200");
  const project = body.items.find(({ name }: { name: string }) => name === "Surveys");
  assert.deepEqual([project.ivr.text, project.ivr.expected_digit, project.trunks.length], ["Hola {{nombre}}", "2", 1]);
  const { by_disposition: rules } = project.retry;
  assert.deepEqual([rules.busy, rules.no_answer, rules.opted_out], [{ after_seconds: 900 }, null, null]);
  assert.deepEqual(rules.congestion, { after_seconds: 30, other_trunk: true }, "what the form does not show is kept");
  assertQuiet(desk);
});

test("an audio is uploaded, heard, refused under the same name, removed, had back and removed for good", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/audios");
  const file = { name: "My Welcome!.wav", mimeType: "audio/wav", buffer: makeWave() };
  const upload = async (): Promise<void> => {
    await page.getByLabel("Drop a sound here").setInputFiles(file);
    await page.getByRole("button", { name: "Upload" }).click();
  };
  await upload();
  await see(page, "my_welcome_");
  await page.getByRole("button", { name: "Listen my_welcome_" }).click();
  await page.locator("audio").waitFor();
  await eventually(async () => {
    const seconds = await page.evaluate<number>("document.querySelector('audio').duration");
    assert.ok(seconds > 0.4, `${seconds} s`);
  });
  await upload();
  await see(page, "There is an audio called my_welcome_ already.");
  const remove = page.getByRole("button", { name: "Remove my_welcome_" });
  await remove.click();
  await remove.waitFor({ state: "detached" });
  await page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
  await remove.click();
  await see(page, "my_welcome_ is removed.");
  await page.goto("/dialer/projects"); // nobody can take it back any more
  await eventually(async () => {
    const { items } = (await enlace.api.get("/api/v1/audios")).body;
    assert.ok(!items.some(({ name }: { name: string }) => name === "my_welcome_"));
  });
  await page.goto("/dialer/audios");
  await page.getByText("Built-in prompts", { exact: true }).click();
  await page.getByRole("cell", { name: "Разговор может быть записан.", exact: true }).waitFor();
  assertQuiet(desk);
});

test("a sound that is dropped is taken like one that was chosen", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  const { page } = await signIn();
  await page.goto("/dialer/audios");
  await page.getByLabel("Drop a sound here").waitFor();
  const bytes = [...makeWave()];
  await page.evaluate(`(() => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(${JSON.stringify(bytes)})], "dropped.wav"));
    document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { bubbles: true, dataTransfer: data }));
  })()`);
  await see(page, "Chosen: dropped.wav");
  await page.getByRole("button", { name: "Upload" }).click();
  await page.getByRole("cell", { name: "dropped", exact: false }).first().waitFor();
});

test("a list is shown before it is sent, its columns are mapped, and unusable lines are given back", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer");
  await page.getByLabel("Name").fill("Winter");
  await page.getByLabel("Project").first().selectOption({ label: "Reminders" });
  await page.getByRole("button", { name: "Make campaign" }).click();
  await page.getByRole("heading", { level: 1, name: "Winter" }).waitFor();
  const list = 'telefono,nombre,movil,nota\n1234,"Pérez, Ana",600 000 031,a\n,Luis,600000032,b\n,Eva,none,c\n';
  const file = { name: "winter.csv", mimeType: "text/csv", buffer: Buffer.from(list) };
  await page.getByLabel("List of contacts").setInputFiles(file);
  await page.getByRole("row", { name: /nombre Pérez, Ana · Luis · Eva/ }).waitFor();
  await page.getByLabel("What movil becomes").selectOption({ label: "the number" });
  await page.getByLabel("What nota becomes").selectOption({ label: "left out" });
  assert.equal(await page.getByLabel("What telefono becomes").inputValue(), "variable");
  await page.getByLabel("Variable from nombre").fill("name");
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("row", { name: /winter\.csv done 4 2 0 1/ }).waitFor();
  await page.getByRole("cell", { name: "+34600000031", exact: true }).waitFor();
  await page.getByRole("cell", { name: "name: Pérez, Ana · telefono: 1234", exact: true }).waitFor();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download winter.csv" }).click();
  assert.match(await readFile(await (await download).path(), "utf8"), /none/);
  const { body } = await enlace.api.get("/api/v1/campaigns");
  assert.equal(body.items.find(({ name }: { name: string }) => name === "Winter").contacts.total, 2);
  const cell = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`;
  const sheet = `<row>${cell("cliente")}${cell("celular")}</row><row>${cell("Marta")}${cell("600000033")}</row>`;
  await page.getByLabel("List of contacts").setInputFiles({
    ...{ name: "more.xlsx", mimeType: "application/octet-stream", buffer: toWorkbook(sheet) },
  });
  await page.getByRole("row", { name: /cliente Marta/ }).waitFor();
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("row", { name: /more\.xlsx done 2 1 0 0/ }).waitFor();
  assertQuiet(desk);
});

test("a campaign's hours are saved, tried dry, and it is started, paused, stopped and called again", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const { fill, campaignId, projectId } = scenery ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto(fill("/dialer/campaigns/$campaign"));
  await page.getByRole("checkbox", { name: "Sunday" }).check();
  await page.getByLabel("Sunday, from").fill("22:00");
  await page.getByLabel("Sunday, until").fill("06:00");
  await page.getByRole("button", { name: "More hours on Monday" }).click();
  await page.getByRole("button", { name: "Save hours" }).click();
  await see(page, "The hours are saved.");
  const { body: schedule } = await enlace.api.get(`/api/v1/campaigns/${campaignId}/schedule`);
  assert.deepEqual(schedule.windows.map(({ weekday }: { weekday: number }) => weekday).sort(), [0, 1, 1, 2, 3]);
  await page.getByRole("button", { name: "Try" }).click();
  await see(page, "Nobody has taken over the rules of this project yet");
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("alert").first().waitFor();
  const { body: project } = await enlace.api.get(`/api/v1/projects/${projectId}`);
  const policy = `/api/v1/dialer/policies/${project.policy_id}`;
  const { version } = (await enlace.api.get(policy)).body;
  await enlace.api.post(`${policy}/acknowledge`, { version, name: "Ana Prueba", reviewed: true });
  await page.reload();
  await page.getByRole("button", { name: "Start" }).click();
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Start" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await confirm(page, "Stop");
  await page.getByRole("button", { name: "Call again…" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("November again");
  await page.getByRole("dialog").getByRole("button", { name: "Call again…" }).click();
  await page.getByRole("heading", { level: 1, name: "November again" }).waitFor();
  assertQuiet(desk);
});

test("a number is put on the list, found there, and taken off with a reason; a question says why it is not called", {
  skip,
}, async () => {
  const { signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/do-not-call");
  const card = page.locator("form", { hasText: "Somebody is not to be called" });
  await card.getByLabel("Number").fill("600 000 077");
  await card.getByLabel("Reason").fill("called us angry");
  await card.getByRole("button", { name: "Do not call" }).click();
  await page.getByRole("cell", { name: "+34600000077", exact: true }).waitFor();
  await page.goto("/dialer/calls");
  const why = page.locator("form", { hasText: "Why was a number called" });
  await why.getByLabel("Number").fill("600000077");
  await why.getByRole("button", { name: "Ask" }).click();
  await see(page, /This number may not be called now\. On the do-not-call list/);
  await page.goto("/dialer/do-not-call");
  await page.getByRole("button", { name: "Remove +34600000077" }).click();
  await page.getByRole("dialog").getByLabel("Reason").fill("a mistake");
  await confirm(page, "Remove");
  await page.getByRole("cell", { name: "+34600000077", exact: true }).waitFor({ state: "detached" });
  await page.getByRole("alert").getByRole("button", { name: "Undo" }).click();
  await page.getByRole("cell", { name: "+34600000077", exact: true }).waitFor();
  assertQuiet(desk);
});

test("a number of one's own is added to a project and rests; supervisors are assigned to it", { skip }, async () => {
  const { enlace, signIn, addUser } = house ?? assert.fail();
  const { fill, projectId } = scenery ?? assert.fail();
  await addUser("susana", "supervisor");
  const desk = await signIn();
  const { page } = desk;
  await page.goto(fill("/dialer/projects/$project"));
  await page.getByLabel("A number of your own").fill("+34910000002");
  await page.getByRole("button", { name: "Add number" }).click();
  await page.getByRole("button", { name: "Let rest +34910000002" }).click();
  await page.getByRole("button", { name: "Use again +34910000002" }).waitFor();
  await page.getByLabel("susana").check();
  await page.getByRole("button", { name: "Save supervisors" }).click();
  await see(page, "The supervisors are saved.");
  assert.equal((await enlace.api.get(`/api/v1/projects/${projectId}/users`)).body.user_ids.length, 1);
  assertQuiet(desk);
});

test("limits, holidays and how a PBX gets its sounds are set", { skip }, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/dialer/trunks");
  await page.getByLabel("Calls started per second").fill("7.5");
  await page.getByRole("button", { name: "Save limits" }).click();
  await see(page, "The limits hold from now on.");
  assert.equal((await enlace.api.get("/api/v1/dialer/limits")).body.per_second, 7.5);
  await page.getByText("How PBXs get what they play").click();
  await page.getByLabel("Address where the PBX reaches Enlace").fill("http://10.0.0.5:8080");
  await page.getByRole("button", { name: "Save lima" }).click();
  await see(page, "The PBX gets its sounds so from now on.");
  await page.goto("/dialer/policies");
  await page.getByLabel("Days without calls").fill("2026-12-25 Christmas");
  await page.getByRole("button", { name: "Save holidays" }).click();
  await see(page, "The holidays are saved.");
  const { body } = await enlace.api.get("/api/v1/holidays");
  assert.deepEqual(body.holidays, [{ on: "2026-12-25", name: "Christmas" }]);
  assertQuiet(desk);
});

for (const role of ["supervisor", "viewer"] as const) {
  test(`a role sees only what it may: ${role} is never refused by a screen of the dialer`, { skip }, async () => {
    const { signIn, addUser } = house ?? assert.fail();
    const desk = await signIn(await addUser(`dialer-${role}`, role));
    const { page } = desk;
    const refused: string[] = [];
    page.on("response", (response) => {
      if (response.status() === 403) refused.push(response.url());
    });
    await page.goto("/dialer");
    for (const part of ["Campaigns", "Projects", "Audios", "Do not call", "Policies", "Calls", "Trunks"]) {
      await page.getByRole("navigation", { name: "Dialer" }).getByRole("link", { name: part }).click();
      await settle(desk);
    }
    assert.equal(await page.getByRole("button", { name: /Add|Make|Remove|Upload/ }).count(), 0);
    assert.deepEqual(refused, []);
    assertQuiet(desk);
  });
}
