// What was: the report of some days, the file of a filter's calls, the recording of one.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
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
  const file = await readFile(await (await coming).path(), "utf8");
  const [head = "", line = "", ...rest] = file.trimEnd().split("\r\n");
  assert.match(head, /started_at,started_local,direction/);
  assert.match(line, /\+34600000055/);
  assert.deepEqual(rest, []);
  await see(page, "1 call is in your downloads.");
  assertQuiet(desk);
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
