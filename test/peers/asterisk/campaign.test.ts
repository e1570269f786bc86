// A thousand people are called by the whole Enlace, over a real Asterisk and a carrier that writes down every call it saw. Some
// answer, some are machines, busy, away, unknown, refuse, hang up, or press keys. In the end each contact is in the state that its
// carrier's behaviour makes it, and all counts are the carrier's own.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { startTestEnlace, type TestEnlace } from "../../harness.ts";
import { soxIsMissing } from "../sound-programs.ts";
import { AMI_SECRET, type Asterisk, startAsterisks } from "./asterisk.ts";
import { type Carrier, type CarrierCall, findCarrierProblem, startCarrier } from "./carrier.ts";
import { writeTones } from "./tones.ts";

const problem = findCarrierProblem() || soxIsMissing;
const started = problem === false ? await startAsterisks() : problem;
const skip = typeof started === "string" && started;

const TOKEN = "the event token of the dialer's PBX";
/** Also the overflow number: who presses 1 talks with somebody who answers. */
const OVERFLOW = "600999001";
const CALLER_ID = "+34910000001";
const RING_SECONDS = 15;
const BUSY_AGAIN_SECONDS = 30;
const ENDED_MS = 420_000;

/** How many of each, by what the number ends in, and what becomes of them. */
interface Group {
  ends: string;
  people: number;
  expected: readonly [state: string, disposition: string, attempts: number];
}
const LISTENERS: readonly Group[] = [
  { ends: "1", people: 200, expected: ["failed", "no_input", 1] },
  { ends: "2", people: 150, expected: ["failed", "machine", 1] },
  { ends: "3", people: 140, expected: ["failed", "busy", 2] },
  { ends: "4", people: 100, expected: ["failed", "no_answer", 1] },
  { ends: "5", people: 90, expected: ["failed", "invalid_number", 1] },
  { ends: "6", people: 20, expected: ["failed", "congestion", 0] },
  { ends: "7", people: 120, expected: ["completed", "answered", 1] },
  { ends: "0", people: 80, expected: ["failed", "rejected", 1] },
];
/** Without AMD: while it listens, no key is heard. */
const PRESSERS: readonly Group[] = [
  { ends: "18", people: 60, expected: ["completed", "transferred", 1] },
  { ends: "28", people: 40, expected: ["failed", "no_input", 1] },
];

const IVR = { expected_digit: "1", digit_attempts: 1, digit_wait_ms: 1_000, barge_in: true, opt_out_digit: "9" };
const RETRY = {
  attempts_max: 2,
  after_seconds: BUSY_AGAIN_SECONDS,
  by_disposition: {
    ...{ busy: { after_seconds: BUSY_AGAIN_SECONDS }, no_answer: null, machine: null, congestion: null, failed: null },
    ...{ answered: null, no_input: null, rejected: null },
  },
};

interface Scene {
  enlace: TestEnlace;
  carrier: Carrier;
  projects: { listening: string; pressing: string };
}

async function open(pbx: Asterisk): Promise<Scene> {
  const etc = join(pbx.folder, "etc", "asterisk", "extensions.conf");
  const deployed = join(import.meta.dirname, "..", "..", "..", "deploy", "asterisk", "extensions-dialer.conf");
  const dialer = readFileSync(deployed, "utf8").replace(/127\.0\.0\.1:4573/, `127.0.0.1:${pbx.agiPort}`);
  writeFileSync(etc, `${readFileSync(etc, "utf8")}\n${dialer.replace("change-me", TOKEN)}`);
  await pbx.cli("dialplan reload");
  const sounds = join(pbx.folder, "var", "lib", "asterisk", "sounds", "enlace");
  mkdirSync(sounds, { recursive: true });
  const enlace = await startTestEnlace({
    env: {
      ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.amiPort), AMI_USERNAME: "enlace", AMI_SECRET },
      ...{ PBX_TOKEN: TOKEN, ENLACE_AGI_PORT: String(pbx.agiPort), ENLACE_AGI_ALLOW: "127.0.0.1" },
      ...{ ENLACE_COUNTRY: "ES", ENLACE_SOUND_FOLDERS: pbx.folder, ENLACE_API_RATE: "100000" },
    },
  });
  const carrier = await startCarrier({ pbx, trunk: "carrier", ringMs: 300, talkMs: 8_000 });
  const ready = await eventually(async () => {
    const [item] = (await enlace.api.get("/api/v1/pbxs")).body.items;
    assert.equal(item.status.state, "ready");
    return item;
  });
  const shared = { delivery: "folder", folder: sounds };
  assert.equal((await enlace.api.put(`/api/v1/pbxs/${ready.id}/sounds`, shared)).status, 200);
  return { enlace, carrier, projects: await makeProjects(enlace, pbx) };
}

/** Refused requests fail the test with what was said. */
async function make(enlace: TestEnlace, path: string, body: unknown): Promise<Json> {
  const answer = await enlace.api.post(path, body);
  assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

async function makeProjects(enlace: TestEnlace, pbx: Asterisk): Promise<Scene["projects"]> {
  const trunk = await make(enlace, "/api/v1/trunks", { name: "carrier", channels_max: 250, per_second: 15 });
  const policy = await make(enlace, "/api/v1/dialer/policies", { name: "Rehearsal", template: "zz-service" });
  await make(enlace, `/api/v1/dialer/policies/${policy.id}/acknowledge`, {
    ...{ version: policy.version, name: "Ann Test", reviewed: true },
  });
  const audioId = await uploadMessage(enlace, pbx);
  const base = {
    ...{ time_zone: "Europe/Madrid", language: "es", trunks: [{ trunk_id: trunk.id }], caller_id: CALLER_ID },
    ...{ ring_seconds: RING_SECONDS, retry: RETRY, policy_id: policy.id },
  };
  const ivr = { ...IVR, audio_id: audioId };
  const listening = await make(enlace, "/api/v1/projects", { ...base, name: "Listening", ivr, amd: { enabled: true } });
  const pressing = await make(enlace, "/api/v1/projects", {
    ...{ ...base, name: "Pressing", amd: { enabled: false } },
    ivr: { ...ivr, digit_wait_ms: 8_000, overflow: { kind: "number", number: `+34${OVERFLOW}` } },
  });
  return { listening: listening.id, pressing: pressing.id };
}

async function uploadMessage(enlace: TestEnlace, { folder }: Asterisk): Promise<string> {
  writeTones(join(folder, "tmp"), "message", [{ pitch: 500, seconds: 1.5 }]);
  const { body } = await enlace.api.post("/api/v1/api-keys", { name: "uploads", scopes: ["dialer:write"] });
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(readFileSync(join(folder, "tmp", "message.wav")))]), "message.wav");
  const headers = { "x-api-key": body.key };
  const answer = await fetch(`${enlace.url}/api/v1/audios`, { method: "POST", body: form, headers });
  const audio = (await answer.json()) as Json;
  assert.equal(answer.status, 201, JSON.stringify(audio));
  return audio.id;
}

/** Nine digits each: the group's own middle, a number, and what it ends in. */
const listNumbers = (groups: readonly Group[]): string[] =>
  groups.flatMap(({ ends, people }) =>
    Array.from({ length: people }, (_, index) => `6${String(index).padStart(8 - ends.length, "0")}${ends}`),
  );

async function startCampaign(enlace: TestEnlace, projectId: string, groups: readonly Group[]): Promise<string> {
  const { id } = await make(enlace, "/api/v1/campaigns", { project_id: projectId, name: "A thousand" });
  const { body } = await enlace.api.post("/api/v1/api-keys", { name: `lists of ${id}`, scopes: ["dialer:write"] });
  const answer = await fetch(`${enlace.url}/api/v1/campaigns/${id}/import?wait_seconds=20`, {
    method: "POST",
    body: `telefono\n${listNumbers(groups).join("\n")}\n`,
    headers: { "x-api-key": body.key, "content-type": "text/csv" },
  });
  const report = (await answer.json()) as Json;
  assert.deepEqual([report.inserted, report.invalid], [listNumbers(groups).length, 0], JSON.stringify(report));
  const windows = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
  assert.equal((await enlace.api.put(`/api/v1/campaigns/${id}/schedule`, { windows })).status, 200);
  await make(enlace, `/api/v1/campaigns/${id}/start`, {});
  return id;
}

const isCompleted = ({ api }: TestEnlace, id: string): Promise<Json> =>
  eventually(
    async () => {
      const { body } = await api.get(`/api/v1/campaigns/${id}`);
      assert.equal(body.state, "completed", JSON.stringify(body.contacts));
      return body;
    },
    { timeoutMs: ENDED_MS },
  );

async function listContacts({ api }: TestEnlace, id: string): Promise<Json[]> {
  const contacts: Json[] = [];
  for (let cursor = ""; ; ) {
    const { body } = await api.get(`/api/v1/campaigns/${id}/contacts?limit=200${cursor && `&cursor=${cursor}`}`);
    contacts.push(...body.items);
    if (!body.next_cursor) return contacts;
    cursor = encodeURIComponent(body.next_cursor);
  }
}

/** By what their numbers end in: how many came to what. */
function countOutcomes(contacts: readonly Json[], groups: readonly Group[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { number, state, disposition, attempts } of contacts) {
    const group = groups.find(({ ends }) => number.endsWith(ends));
    const key = `…${group?.ends}: ${state} ${disposition} ${attempts}`;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}
const toExpectedCounts = (groups: readonly Group[]): Record<string, number> =>
  Object.fromEntries(groups.map(({ ends, people, expected }) => [`…${ends}: ${expected.join(" ")}`, people]));

/** What the carrier saw of each number, without what rang the overflow. */
function groupByNumber(carrier: Carrier): Map<string, CarrierCall[]> {
  const calls = carrier.calls().map((call) => ({ ...call, number: call.number.slice(-9) }));
  return Map.groupBy(
    calls.filter(({ number }) => number !== OVERFLOW),
    ({ number }) => number,
  );
}

test("a thousand contacts end in the right state, and the counters are the carrier's own", {
  ...{ skip, timeout: 600_000 },
}, async () => {
  const { pbx } = started as { pbx: Asterisk };
  const { enlace, carrier, projects } = await open(pbx);
  const listening = await startCampaign(enlace, projects.listening, LISTENERS);
  const pressing = await startCampaign(enlace, projects.pressing, PRESSERS);
  const ended = [await isCompleted(enlace, listening), await isCompleted(enlace, pressing)];
  const [listeners, pressers] = [await listContacts(enlace, listening), await listContacts(enlace, pressing)];
  assert.deepEqual(countOutcomes(listeners, LISTENERS), toExpectedCounts(LISTENERS));
  assert.deepEqual(countOutcomes(pressers, PRESSERS), toExpectedCounts(PRESSERS));
  for (const { contacts } of ended) assert.deepEqual([contacts.pending, contacts.dialing], [0, 0]);

  const seen = groupByNumber(carrier);
  assert.equal(seen.size, 1_000, "everybody was called");
  for (const { number, attempts, disposition } of [...listeners, ...pressers]) {
    const calls = seen.get(number.slice(-9)) ?? [];
    // a call that the trunk failed is no attempt at the person, but the carrier saw it
    assert.equal(calls.length, disposition === "congestion" ? 1 : attempts, `calls of ${number}`);
  }
  for (const [number, [first, second]] of seen) {
    const apartMs = (second?.startedAt.getTime() ?? Number.POSITIVE_INFINITY) - (first?.startedAt.getTime() ?? 0);
    assert.ok(apartMs >= (BUSY_AGAIN_SECONDS - 1) * 1_000, `${number} was called again after ${apartMs} ms`);
  }
  const answered = [...seen.values()].flat().filter(({ answeredAt }) => answeredAt).length;
  const overflow = carrier.calls().filter(({ number }) => number.endsWith(OVERFLOW));
  assert.equal(
    overflow.filter(({ answeredAt }) => answeredAt).length,
    60,
    "each transfer was answered by the overflow",
  );
  const statistics = await Promise.all(
    [listening, pressing].map((id) => enlace.api.get(`/api/v1/campaigns/${id}/statistics`)),
  );
  const reached = new Set(["no_input", "machine", "answered", "transferred"]);
  const told = statistics
    .flatMap(({ body }): Json[] => body.by_disposition)
    .filter(({ disposition }) => reached.has(disposition))
    .reduce((sum, { contacts }) => sum + contacts, 0);
  assert.equal(told, answered, "who was answered, as the carrier and as the counters have it");
});
