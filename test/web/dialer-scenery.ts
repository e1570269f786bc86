// A dialer in the middle of its work: made-up lists and numbers, for looking at every screen of it.
import assert from "node:assert/strict";
import { after } from "node:test";
import type { ApiClient, Json } from "../api-client.ts";
import { type DialPbx, type Fate, startDialPbx } from "../dial-pbx.ts";
import { eventually } from "../eventually.ts";
import type { Console } from "./console.ts";

/** Causes of a hang-up, as Q.850 numbers them. */
const [UNALLOCATED, BUSY, NO_ANSWER, REJECTED] = [1, 17, 19, 21];

export interface DialerScenery {
  campaignId: string;
  projectId: string;
  /** A campaign that is over. */
  doneId: string;
  /** A project whose campaigns may call at any hour. */
  clinicId: string;
  /** Its carrier. */
  pbx: DialPbx;
  /** Starts a campaign of these lines of a list. */
  run(name: string, people: readonly string[]): Promise<string>;
  fill(path: string): string;
}

/** A WAVE of half a second: 8 kHz, mono, 16 bit, so that no converter is needed. */
export function makeWave(): Buffer<ArrayBuffer> {
  const samples = 4_000;
  const wave = Buffer.alloc(44 + samples * 2);
  wave.write("RIFF", 0, "latin1");
  wave.writeUInt32LE(wave.length - 8, 4);
  wave.write("WAVEfmt ", 8, "latin1");
  for (const [at, value] of [
    [16, 16],
    [24, 8_000],
    [28, 16_000],
  ] as const)
    wave.writeUInt32LE(value, at);
  for (const [at, value] of [
    [20, 1],
    [22, 1],
    [32, 2],
    [34, 16],
  ] as const)
    wave.writeUInt16LE(value, at);
  wave.write("data", 36, "latin1");
  wave.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at++) wave.writeInt16LE(Math.round(8_000 * Math.sin(at / 3)), 44 + at * 2);
  return wave;
}

/** What the simulated carrier does with a number, by its last digit. */
const FATES: readonly Fate[] = [
  { does: "answer", talkMs: 60 },
  { does: "answer", talkMs: 40 },
  { does: "fail", cause: BUSY },
  { does: "answer", talkMs: 90 },
  { does: "fail", cause: NO_ANSWER },
  { does: "answer", talkMs: 30 },
  { does: "fail", cause: NO_ANSWER },
  { does: "fail", cause: UNALLOCATED },
  { does: "answer", talkMs: 50 },
  { does: "fail", cause: REJECTED },
];

/** Rings until its time is over: somebody who is being called whenever one looks. */
const RINGS = /^34600000(09\d)$/;

export async function addDialerScenery({ enlace }: Console): Promise<DialerScenery> {
  const { api } = enlace;
  const pbx = await startDialPbx();
  after(() => pbx.ami.stop()); // Enlace ends before it
  pbx.fateOf = (number) =>
    RINGS.test(number) ? { does: "ring" } : (FATES[Number(number.at(-1))] ?? { does: "refuse" });
  const make = createMaker(api);
  const key = (await make("/api/v1/api-keys", { name: "lists", scopes: ["dialer:write"] })).key;
  const send = createSender(enlace.url, key);

  const address = { host: "127.0.0.1", port: pbx.ami.port, username: "enlace", secret: "test-secret" };
  const { id: pbxId } = await make("/api/v1/pbxs", { name: "lima", ...address });
  const carrier = { pbx_id: pbxId, channels_max: 30 };
  const trunk = await make("/api/v1/trunks", { ...carrier, name: "carrier-a", per_second: 5 });
  const second = await make("/api/v1/trunks", {
    ...carrier,
    name: "carrier-fast",
    per_second: 40,
    caller_id: "+34910000009",
  });

  const { items: templates } = (await api.get("/api/v1/dialer/policy-templates")).body;
  const spain = templates.find(({ pack }: Json) => pack.jurisdiction === "ES");
  const policy = await make("/api/v1/dialer/policies", { name: "Spain, debts", template: spain.key });
  const free = await make("/api/v1/dialer/policies", { name: "Appointments", template: "zz-service" });
  await make(`/api/v1/dialer/policies/${free.id}/acknowledge`, { version: 1, name: "Ana Prueba", reviewed: true });
  await send("/api/v1/audios", makeWave(), "Bienvenida clínica.wav");

  const project = await make("/api/v1/projects", {
    name: "Reminders",
    trunks: [{ trunk_id: trunk.id }],
    policy_id: policy.id,
    ivr: { text: "Hola {{nombre}}, le recordamos su cita.", expected_digit: "1", opt_out_digit: "9" },
  });
  await make(`/api/v1/projects/${project.id}/caller-ids`, { number: "+34910000001", daily_cap: 200 });
  const campaign = await make("/api/v1/campaigns", { name: "November", project_id: project.id });
  const windows = [1, 2, 3].map((weekday) => ({ weekday, starts: "09:00", ends: "18:00" }));
  await api.put(`/api/v1/campaigns/${campaign.id}/schedule`, { windows });
  const rows = ["600000001;Ana", "600000002;Luis", "nobody;Eva", "600000001;Ana"];
  await send(`/api/v1/campaigns/${campaign.id}/import?wait_seconds=20`, `telefono;nombre\n${rows.join("\n")}\n`);

  const clinic = await make("/api/v1/projects", {
    name: "Clinic",
    trunks: [{ trunk_id: second.id }],
    policy_id: free.id,
    uses_caller_id_pool: true,
    caller_id: "+34910000002",
    retry: { attempts_max: 1, after_seconds: 600, by_disposition: {} },
    ivr: { text: "Hola {{nombre}}, su cita es el {{fecha}}.", opt_out_digit: "9" },
  });
  for (const number of ["+34910000002", "+34910000003"])
    await make(`/api/v1/projects/${clinic.id}/caller-ids`, { number, daily_cap: 60 });
  await make("/api/v1/suppressions", { number: "600000099", reason: "asked by letter", source: "opt_out" });
  await make("/api/v1/suppressions", { number: "600000098", scope: "project", project_id: clinic.id, reason: "moved" });

  const run = async (name: string, people: readonly string[]): Promise<string> => {
    const { id } = await make("/api/v1/campaigns", { name, project_id: clinic.id });
    const week = Array.from({ length: 7 }, (_, weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
    await api.put(`/api/v1/campaigns/${id}/schedule`, { windows: week });
    await send(`/api/v1/campaigns/${id}/import?wait_seconds=20`, `telefono;nombre;fecha\n${people.join("\n")}\n`);
    await make(`/api/v1/campaigns/${id}/start`, {});
    return id;
  };
  const doneId = await run("October appointments", toPeople(40));
  await eventually(async () => {
    const { body } = await api.get(`/api/v1/campaigns/${doneId}`);
    assert.equal(body.state, "completed", JSON.stringify(body));
  });
  const scope = { scope: "campaign", campaign_id: doneId };
  await make("/api/v1/suppressions", { number: "600000097", ...scope, reason: "" });
  const fill = (path: string): string =>
    path.replace("$campaign", campaign.id).replace("$project", project.id).replace("$done", doneId);
  return { campaignId: campaign.id, projectId: project.id, doneId, clinicId: clinic.id, pbx, run, fill };
}

const NAMES = ["Ana", "Luis", "Marta", "Iván", "Eva", "Omar", "Lucía", "Pablo"];

/** Synthetic people: number, first name, a date. */
export const toPeople = (count: number, from = 600_001_000): string[] =>
  Array.from({ length: count }, (_, at) => `${from + at};${NAMES[at % NAMES.length]};${1 + (at % 28)} de diciembre`);

type Maker = (path: string, body: object) => Promise<Json>;

const createMaker =
  (api: ApiClient): Maker =>
  async (path, body) => {
    const { status, body: made } = await api.post(path, body);
    assert.ok(status === 201 || status === 200, `${path}: ${JSON.stringify(made)}`);
    return made;
  };

/** Sends a file as a program does. */
const createSender =
  (url: string, key: string) =>
  async (path: string, file: string | Buffer<ArrayBuffer>, name = "november.csv") => {
    const form = new FormData();
    form.set("file", new Blob([file]), name);
    const answer = await fetch(`${url}${path}`, { method: "POST", body: form, headers: { "x-api-key": key } });
    assert.ok(answer.ok, `${path}: ${await answer.text()}`);
  };
