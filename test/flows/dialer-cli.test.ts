// A campaign from its trunk to its start at the command line, against the whole Enlace.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Command } from "commander";
import { createAudio } from "../../src/cli/audio.ts";
import { createCall } from "../../src/cli/call.ts";
import { createCampaign } from "../../src/cli/campaign.ts";
import type { CommandContext } from "../../src/cli/command.ts";
import { createFakeContext, createFakeTerminal } from "../../src/cli/fake-terminal.ts";
import { createProject } from "../../src/cli/project.ts";
import { createSuppression } from "../../src/cli/suppression.ts";
import { createTrunk } from "../../src/cli/trunk.ts";
import { toWav } from "../../src/dialer/audios/wav.ts";
import { startTestEnlace } from "../harness.ts";

const enlace = await startTestEnlace({ env: { ENLACE_API_RATE: "1000000" } });
const { api } = enlace;
const folder = mkdtempSync(join(tmpdir(), "enlace-dialer-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const scopes = ["dialer:read", "dialer:write", "pbxs:read"];
const { key: apiKey } = (await api.post("/api/v1/api-keys", { name: "cli", scopes })).body;
await api.post("/api/v1/pbxs", { name: "main", host: "192.0.2.1", username: "enlace", secret: "x", enabled: false });

/** What a command prints; it must succeed. */
async function enlaceCli(create: (context: CommandContext) => Command, words: string): Promise<string> {
  const context = createFakeContext({ url: enlace.url, apiKey }, createFakeTerminal());
  await create(context).exitOverride().parseAsync(words.split("|"), { from: "user" });
  return context.terminal.printed();
}

function makeFile(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("a trunk, an audio and a project are made, changed and shown", async () => {
  await enlaceCli(createTrunk, "add|--name|carrier|--pbx|main|--channels|30|--per-second|5");
  assert.match(await enlaceCli(createTrunk, "list"), /carrier\s+\d+\s+of the PBX\s+30\s+5\s+on/);
  assert.match(
    await enlaceCli(createAudio, `add|${makeFile("hola.wav", toWav(Buffer.alloc(16_000)))}`),
    /Audio hola \(1\.0 s\)/,
  );
  const words =
    "add|--name|Reminders|--number|100|--trunk|carrier|--audio|hola|--time-zone|Europe/Madrid|--overflow|+34600000099";
  assert.equal(await enlaceCli(createProject, words), "Project Reminders has the number 100.\n");
  await enlaceCli(createProject, "set|100|--amd|--attempts|4|--digit|-");
  const shown = await enlaceCli(createProject, "show|Reminders");
  assert.match(shown, /AMD\s+yes/);
  assert.match(shown, /Attempts\s+4, 300 s apart/);
  const [project] = (await api.get("/api/v1/projects?number=100")).body.items;
  assert.deepEqual(project.ivr.overflow, { kind: "number", number: "+34600000099" }, "the rest stays");
  await assert.rejects(enlaceCli(createTrunk, "remove|carrier"), /dials over this trunk/);
});

test("a campaign is filled, timed, refused without rules, started with them, and recycled", async () => {
  await enlaceCli(createCampaign, "add|--project|100|--name|Mayo");
  const list = makeFile("list.csv", "telefono,nombre\n+34600000001,Ana\nabc,Eva\n+34600000001,Ana\n");
  const report = "1 contacts added, 1 were there already, 1 lines are no number.\n";
  assert.equal(await enlaceCli(createCampaign, `import|Mayo|${list}`), report);
  assert.match(await enlaceCli(createCampaign, "schedule|Mayo|--window|mon-tue=09:00-18:00"), /mon 09:00-18:00, tue/);
  await assert.rejects(enlaceCli(createCampaign, "start|Mayo"), /policy/);
  const policy = (await api.post("/api/v1/dialer/policies", { name: "None", template: "zz-service" })).body;
  const said = { version: policy.version, name: "Ana Reviewer", reviewed: true };
  await api.post(`/api/v1/dialer/policies/${policy.id}/acknowledge`, said);
  await enlaceCli(createProject, `set|100|--policy|${policy.id}`);
  assert.equal(await enlaceCli(createCampaign, "start|Mayo"), "Campaign Mayo is active.\n");
  assert.match(await enlaceCli(createCampaign, "list|--project|100|--state|active"), /Mayo\s+active\s+1/);
  assert.equal(await enlaceCli(createCampaign, "stop|Mayo"), "Campaign Mayo is stopped.\n");
  const again = await enlaceCli(createCampaign, "recycle|Mayo|--name|Junio|--disposition|busy");
  assert.match(again, /Campaign Junio has id \d+ and 0 contacts/);
  assert.match(await enlaceCli(createCampaign, "show|Mayo"), /State\s+stopped[\s\S]*pending\s+1/);
});

test("somebody is added to a campaign, left out of it and taken away", async () => {
  await enlaceCli(createCampaign, "add|--project|100|--name|Leads");
  const add = "add-contact|Leads|+34600000031|--var|name=Ana";
  assert.equal(await enlaceCli(createCampaign, add), "+34600000031 is to be called.\n");
  assert.equal(await enlaceCli(createCampaign, add), "+34600000031 was there already.\n");
  await assert.rejects(enlaceCli(createCampaign, "add-contact|Leads|nobody"), /"nobody" is not a phone number/);
  assert.equal(await enlaceCli(createCampaign, "skip-contact|Leads|+34600000031"), "+34600000031 is skipped.\n");
  assert.match(await enlaceCli(createCampaign, "show|Leads"), /skipped\s+1/);
  const removed = "+34600000031 is out of the campaign.\n";
  assert.equal(await enlaceCli(createCampaign, "remove-contact|Leads|+34600000031"), removed);
  await assert.rejects(enlaceCli(createCampaign, "remove-contact|Leads|+34600000031"), /is not in this campaign/);
});

test("a number on the list is not called, and one off it waits in the queue", async () => {
  await enlaceCli(createSuppression, "add|+34600000011|--reason|asked");
  await assert.rejects(enlaceCli(createCall, "100|+34600000011"), /list/);
  const [entry] = JSON.parse(await enlaceCli(createSuppression, "list|--json")).items;
  await enlaceCli(createSuppression, `remove|${entry.id}|--reason|asked again`);
  assert.match(await enlaceCli(createSuppression, "check|+34600000011"), /free/);
  assert.match(
    await enlaceCli(createCall, "100|+34600000011|--var|nombre=Ana"),
    /^Call d[0-9a-f]{24} waits in the queue\.\n$/,
  );
  const file = makeFile("stop.csv", "+34600000021\n+34600000022\n");
  assert.match(await enlaceCli(createSuppression, `import|${file}|--project|100`), /^2 numbers added/);
});
