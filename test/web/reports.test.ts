// What was: the report of some days, the file of a filter's calls, the recording of one.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import type { TenantId } from "../../src/core/ids.ts";
import { addCampaign, addProject } from "../../src/dialer/campaigns/fake-campaign.ts";
import { readXlsxRows } from "../../src/dialer/campaigns/imports/xlsx-rows.ts";
import { eventually } from "../eventually.ts";
import { chromiumIsMissing } from "./chromium.ts";
import { assertQuiet, see, settle, startConsole } from "./console.ts";
import { startTone } from "./tone.ts";

const skip = chromiumIsMissing;
const house = skip ? undefined : await startConsole();
const tone = skip ? "" : await startTone();
const MINUTE_MS = 60_000;
const ago = (minutes: number): string => new Date(Date.now() - minutes * MINUTE_MS).toISOString();

const post = async (uuid: string, changes: object = {}): Promise<void> => {
  const { enlace } = house ?? assert.fail();
  const { status } = await enlace.postCall({
    ...{ call_uuid: uuid, from: "+34600000010", to: "+34900112233", direction: "inbound", status: "completed" },
    ...{ start_time: ago(30), answer_time: ago(29), end_time: ago(28), agent_ext: "1001" },
    ...changes,
  });
  assert.ok(status < 300, String(status));
};

test("a report counts the calls of its days by outcome, extension and hour, and says who was called back", {
  skip,
}, async () => {
  const { signIn } = house ?? assert.fail();
  await post("told-1");
  await post("told-2", { agent_ext: "1002" });
  const missed = { from: "+34600000021", status: "missed", answer_time: undefined, agent_ext: undefined };
  await post("missed-1", { ...missed, start_time: ago(50), end_time: ago(49) });
  await post("back-1", { direction: "outbound", from: "1001", to: "+34600000021", start_time: ago(40) });
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/live");
  await page.getByRole("link", { name: "Reports" }).click();
  await page.getByRole("heading", { name: "Reports", level: 1 }).waitFor();
  const extensions = page.getByRole("region", { name: "By extension" });
  await extensions.getByRole("row", { name: /^1001/ }).waitFor();
  const missedCallers = page.locator("section", { has: page.getByRole("heading", { name: "Missed callers" }) });
  await missedCallers.getByText("1 · 100%").first().waitFor();
  assert.equal(await page.locator(".heat tbody tr").count(), 7);
  await page.getByLabel("Extension", { exact: true }).fill("1002");
  await page.keyboard.press("Enter");
  await page.waitForURL(/extension=/);
  await extensions.getByRole("row", { name: /^1001/ }).waitFor({ state: "detached" });
  await page.getByLabel("From day").fill("2020-01-01");
  await page.getByLabel("To day").fill("2020-01-02");
  await see(page, "No calls in these days");
  await settle(desk);
  assertQuiet(desk);
});

test("an export is a file of the calls that the filters show, and tells how far it is", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  await post("wanted", { agent_ext: "1555", from: "+34600000055" });
  await post("unwanted", { agent_ext: "1556" });
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/calls?extension=1555");
  await see(page, "+34600000055");
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export" }).click();
  await page.getByRole("button", { name: "As CSV" }).click();
  const file = await readFile(await (await coming).path(), "utf8");
  const [head = "", line = "", ...rest] = file.trimEnd().split("\r\n");
  assert.match(head, /started_at,started_local,direction/);
  assert.match(line, /\+34600000055/);
  assert.deepEqual(rest, []);
  await see(page, "1 call is in your downloads.");
  assertQuiet(desk);
});

test("a workbook comes too, and its rows are counted while it does", { skip }, async () => {
  const { signIn } = house ?? assert.fail();
  await post("booked-1", { agent_ext: "1666" });
  await post("booked-2", { agent_ext: "1666" });
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/calls?extension=1666");
  await page.getByRole("button", { name: "Export" }).click();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "As workbook (XLSX)" }).click();
  const download = await coming;
  assert.match(download.suggestedFilename(), /^calls-.*\.xlsx$/);
  const rows: (readonly string[])[] = [];
  for await (const { cells } of readXlsxRows(await download.path(), AbortSignal.timeout(60_000))) rows.push(cells);
  assert.deepEqual(
    rows.map((cells) => cells[6]),
    ["extension", "1666", "1666"],
  );
  await see(page, "2 calls are in your downloads.");
  assertQuiet(desk);
});

test("a report tells of the dialer's projects, campaigns, outcomes and numbers shown, leads to their calls, and is taken away", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  const [tenant] = await enlace.rows<{ id: TenantId }>("select id from tenants");
  const at = new Date(Date.now() - 20 * MINUTE_MS);
  const { id: tenantId } = tenant ?? assert.fail();
  const projectId = await addProject(enlace.database, tenantId, { at });
  const campaignId = await addCampaign(enlace.database, { tenantId, projectId, contacts: 0, at });
  await enlace.rows(
    `insert into dial_attempts (tenant_id, id, queued_at, project_id, campaign_id, source, number, state, caller_id, disposition,
       dialed_at, answered_at, ended_at)
     select $1, 'd' || lpad(to_hex(n), 24, '0'), $2, $3, $4, 'campaign', '+34600000077', 'ended', '+34900000001',
            case when n = 1 then 'transferred' else 'no_answer' end, $2, case when n = 1 then $2::timestamptz end, $2
       from generate_series(1, 4) n`,
    [tenantId, at, projectId, campaignId],
  );
  await post("dialed-1", { direction: "outbound", from: "+34900000001", to: "+34600000077", agent_ext: undefined });
  await enlace.rows("update calls set details = $1 where call_uuid = 'dialed-1'", [
    {
      ...{ rings: [], talks: [], holds: [], queues: [], transfers: [], pickups: [], parkings: [], conferences: [] },
      recordings: [],
      dialer: {
        ...{ attemptId: "d1", projectId, project: "Project 1", campaignId, disposition: "transferred", attempt: 1 },
        digit: "1",
      },
    },
  ]);
  const desk = await signIn();
  const { page } = desk;
  await page.goto("/reports");
  const callerIds = page.getByRole("region", { name: "Answer rate by caller id" });
  await callerIds.getByRole("row", { name: /\+34900000001 4 4 1 25% 1 · 25%/ }).waitFor();
  await page.getByRole("region", { name: "How attempts came out" }).getByText("no answer").waitFor();
  await page.getByRole("region", { name: "By campaign" }).getByRole("link", { name: "Campaign" }).waitFor();
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  assert.match(await readFile(await (await coming).path(), "utf8"), /caller ids\r\n[^\r]*\r\n\+34900000001,4,4,1,1,0/);
  await page.getByLabel("Project", { exact: true }).selectOption({ label: "Project 1" });
  await page.waitForURL(/project=/);
  await page.getByRole("region", { name: "By project" }).getByRole("link", { name: "Project 1" }).click();
  await page.getByRole("heading", { name: "Calls", level: 1 }).waitFor();
  await page.locator("tbody a[href^='/calls/']").click();
  await see(page, "Key pressed");
  await page.getByRole("link", { name: "Project 1" }).waitFor();
  await settle(desk);
  assertQuiet(desk);
});

test("a supervisor's report and calls leave out what the dialer did for other people's projects", {
  skip,
}, async () => {
  const { signIn, addUser } = house ?? assert.fail();
  const desk = await signIn(await addUser("sofia", "supervisor"));
  await desk.page.goto("/calls?number=%2B34600000077");
  await see(desk.page, "No call fits these filters");
  await desk.page.goto("/reports");
  await desk.page.getByRole("region", { name: "By extension" }).waitFor();
  assert.equal(await desk.page.getByRole("region", { name: "By project" }).count(), 0);
  assertQuiet(desk);
});

test("on paper a report has its figures and none of the buttons", { skip }, async () => {
  const { page } = (await house?.signIn()) ?? assert.fail();
  await page.goto("/reports");
  await page.getByRole("region", { name: "By extension" }).waitFor();
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("button").filter({ visible: true }).count(), 0);
  assert.equal(await page.getByRole("navigation").filter({ visible: true }).count(), 0);
  await page.getByRole("heading", { name: "By hour of the week" }).waitFor();
});

test("a recording plays on the call's page, is drawn, sped up and saved; it goes through Enlace", {
  skip,
}, async () => {
  const { enlace, signIn } = house ?? assert.fail();
  await post("heard", { recording_url: tone, from: "+34600000066" });
  const [call] = await enlace.rows("select id from calls where call_uuid = 'heard'");
  const desk = await signIn();
  const { page } = desk;
  await page.goto(`/calls/${call.id}`);
  await page.getByRole("button", { name: "Play the recording" }).click();
  await page.locator(".waveform rect").first().waitFor();
  const read = (what: string) => page.evaluate<number>(`document.querySelector("audio").${what}`);
  await eventually(async () => assert.equal(Math.round(await read("duration")), 1));
  await page.getByLabel("Speed").selectOption("2");
  assert.equal(await read("playbackRate"), 2);
  const coming = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download" }).click();
  assert.match((await coming).suggestedFilename(), /\.wav$/);
  const heard = await enlace.api.get("/api/v1/audit?action=recording.listen");
  assert.deepEqual(heard.body.items.length, 1);
  assertQuiet(desk);
});
