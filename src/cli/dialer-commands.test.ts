import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Command } from "commander";
import { createApicall } from "./apicall/apicall.ts";
import { createAudio } from "./audio.ts";
import { createCall } from "./call.ts";
import { createCampaign } from "./campaign.ts";
import type { CommandContext } from "./command.ts";
import { CommandFailure } from "./exit.ts";
import { startFakeApi } from "./fake-api.ts";
import { createFakeContext, createFakeTerminal } from "./fake-terminal.ts";
import { createProject } from "./project.ts";
import { createSuppression } from "./suppression.ts";
import { createTrunk } from "./trunk.ts";

/** Runs one command line against fixed answers; `|` stands between its words. */
async function run(
  t: TestContext,
  create: (context: CommandContext) => Command,
  { words, answers, typed = "" }: { words: string; answers: Record<string, unknown>; typed?: string },
) {
  const { url, asked } = await startFakeApi(t, answers);
  const context = createFakeContext({ url }, createFakeTerminal({ typed }));
  const failure = await create(context)
    .exitOverride()
    .parseAsync(words.split("|"), { from: "user" })
    .then(() => null)
    .catch((error: Error) => error);
  return { asked, failure, printed: context.terminal.printed() };
}

const page = (...items: readonly unknown[]) => ({ items, next_cursor: null });
const COUNTS = { total: 3, pending: 1, dialing: 0, completed: 1, failed: 1, skipped: 0 };
const PROJECT = {
  ...{ id: "41", number: "100", name: "Cobranza", time_zone: "America/Bogota", mode: "ivr", caller_id: null },
  ...{ prefix: "", trunks: [], ivr: { audio_id: null, expected_digit: "1", barge_in: true }, amd: { enabled: false } },
  ...{ retry: { attempts_max: 3, after_seconds: 60 }, policy_id: null, disabled: false },
};
const CAMPAIGN = { id: "7", name: "Mayo", state: "draft", contacts: COUNTS, started_at: null, ended_at: null };
const PROJECTS = { "GET /api/v1/projects": page(PROJECT) };
const CAMPAIGNS = { "GET /api/v1/campaigns": page(CAMPAIGN) };

async function makeFile(t: TestContext, name: string, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "enlace-cli-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, name), text);
  return join(folder, name);
}

test("a flag changes its part of a block and leaves the rest of it", async (t) => {
  const answers = { ...PROJECTS, "GET /api/v1/projects/41": PROJECT, "PATCH /api/v1/projects/41": PROJECT };
  const { asked } = await run(t, createProject, { words: "set|100|--digit|2|--amd", answers });
  const ivr = { audio_id: null, expected_digit: "2", barge_in: true };
  assert.equal(asked[2], `PATCH /api/v1/projects/41 ${JSON.stringify({ ivr, amd: { enabled: true } })}`);
});

test("a project is made with trunks and audio by their names", async (t) => {
  const answers = {
    "GET /api/v1/trunks": page({ id: "5", name: "carrier", account: null }),
    "GET /api/v1/audios": page({ id: "9", name: "hola" }),
    "POST /api/v1/projects": PROJECT,
  };
  const words = "add|--name|Cobranza|--number|100|--trunk|carrier|--audio|hola|--overflow|101";
  const { asked, printed } = await run(t, createProject, { words, answers });
  const body = JSON.parse(asked[2]?.replace("POST /api/v1/projects ", "") ?? "");
  assert.deepEqual(body, {
    ...{ name: "Cobranza", number: "100", trunks: [{ trunk_id: "5" }] },
    ivr: { audio_id: "9", overflow: { kind: "extension", extension: "101" } },
  });
  assert.match(printed, /has the number 100/);
});

test("a thing that is not there, or not one only, is said so before anything is asked", async (t) => {
  const none = await run(t, createProject, { words: "remove|200", answers: PROJECTS });
  assert.match(none.failure?.message ?? "", /no project 200/);
  const twice = { "GET /api/v1/campaigns": page(CAMPAIGN, { ...CAMPAIGN, id: "8" }) };
  const { failure, asked } = await run(t, createCampaign, { words: "start|Mayo", answers: twice });
  assert.match(failure?.message ?? "", /2 have the name Mayo/);
  assert.equal(asked.length, 1);
});

test("a trunk's password never stands on the command line", async (t) => {
  const answers = { "POST /api/v1/trunks": { id: "5" } };
  const words = "add|--name|carrier|--host|sip.example.test|--username|u|--password|";
  const { failure, asked } = await run(t, createTrunk, { words: `${words}geheim`, answers });
  assert.match(failure?.message ?? "", /seen by others/);
  assert.deepEqual(asked, []);
});

test("a list is followed to its end, and one that cannot be taken is a failure", async (t) => {
  const file = await makeFile(t, "list.csv", "telefono\n+34600000001\n");
  const report = { id: "3", state: "running", inserted: 0, duplicates: 0, invalid: 0, problem: null };
  const done = { ...report, state: "finished", inserted: 1 };
  const answers = { ...CAMPAIGNS, "POST /api/v1/campaigns/7/import": report, "GET /api/v1/imports/3": [report, done] };
  const { printed, asked } = await run(t, createCampaign, { words: `import|Mayo|${file}`, answers });
  assert.match(printed, /1 contacts added/);
  assert.match(asked[1] ?? "", /name="file"; filename="list\.csv"[\s\S]*\+34600000001/);
  const failed = { ...answers, "GET /api/v1/imports/3": { ...report, state: "failed", problem: "not a list" } };
  const { failure } = await run(t, createCampaign, { words: `import|7|${file}`, answers: failed });
  assert.match(failure?.message ?? "", /not a list/);
});

test("windows are days of the week with their hours", async (t) => {
  const schedule = { time_zone: "America/Bogota", windows: [{ weekday: 1, starts: "09:00", ends: "18:00" }] };
  const answers = { ...CAMPAIGNS, "PUT /api/v1/campaigns/7/schedule": schedule };
  const words = "schedule|7|--window|fri-sun=09:00-18:00|--window|mon=22:00-06:00";
  const { asked, printed } = await run(t, createCampaign, { words, answers });
  const days = [5, 6, 0].map((weekday) => ({ weekday, starts: "09:00", ends: "18:00" }));
  const windows = [...days, { weekday: 1, starts: "22:00", ends: "06:00" }];
  assert.equal(asked[1], `PUT /api/v1/campaigns/7/schedule ${JSON.stringify({ windows })}`);
  assert.equal(printed, "mon 09:00-18:00 (America/Bogota)\n");
});

test("a call is waited for until it has ended", async (t) => {
  const attempt = { id: "d1", state: "dialing", disposition: null };
  const answers = {
    ...PROJECTS,
    "POST /api/v1/dial": { attempt_id: "d1", is_new: true },
    "GET /api/v1/attempts/d1": [attempt, { ...attempt, state: "ended", disposition: "busy" }],
  };
  const words = "100|+34600000001|--var|nombre=Ana|--wait|60";
  const { asked, printed } = await run(t, createCall, { words, answers });
  const body = { project_id: "41", number: "+34600000001", variables: { nombre: "Ana" }, test: false };
  assert.equal(asked[1], `POST /api/v1/dial ${JSON.stringify(body)}`);
  assert.equal(printed, "Call d1: busy.\n");
});

test("a file that is not there is wrong usage", async (t) => {
  const { failure, asked } = await run(t, createAudio, { words: "add|/nowhere/hola.wav", answers: {} });
  assert.ok(failure instanceof CommandFailure && failure.exitCode === 2);
  assert.deepEqual(asked, []);
});

test("numbers are checked, and put on the list of one project", async (t) => {
  const results = [{ value: "600000001", number: "+34600000001", suppression: null }];
  const answers = {
    ...PROJECTS,
    "POST /api/v1/suppressions": { is_new: true },
    "POST /api/v1/suppressions/check": { results },
  };
  assert.match((await run(t, createSuppression, { words: "check|600000001", answers })).printed, /free/);
  const { asked } = await run(t, createSuppression, { words: "add|600000001|--project|100|--reason|asked", answers });
  const body = { number: "600000001", reason: "asked", scope: "project", project_id: "41" };
  assert.equal(asked[1], `POST /api/v1/suppressions ${JSON.stringify(body)}`);
});

test("apicall-cli speaks the older surface, and keeps the carrier's host apart from Enlace's", async (t) => {
  const answers = {
    "POST /apicall/api/v1/login": { token: "a.b.c", user: {} },
    "GET /apicall/api/v1/proyectos": [[]],
    "POST /apicall/api/v1/troncales": { id: 1 },
  };
  const login = await run(t, createApicall, { words: "login|--username|ana", answers, typed: "geheim\n" });
  assert.deepEqual(login.asked, ['POST /apicall/api/v1/login {"username":"ana","password":"geheim"}']);
  assert.equal(login.printed, "a.b.c\n");
  const listed = await run(t, createApicall, { words: "--token|a.b.c|project|list|--json", answers });
  assert.deepEqual(JSON.parse(listed.printed), []);
  const { asked } = await run(t, createApicall, {
    words: "--token|a.b.c|trunk|add|--nombre|t|--host|sip.example.test",
    answers,
  });
  assert.equal(asked[0], 'POST /apicall/api/v1/troncales {"nombre":"t","host":"sip.example.test","activo":true}');
});

test("without a token apicall-cli is told that it lacks one", async (t) => {
  const { failure } = await run(t, createApicall, { words: "project|list", answers: {} });
  assert.ok(failure instanceof CommandFailure && failure.exitCode === 1);
});
