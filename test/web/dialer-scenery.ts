// A dialer in the middle of its work: made-up lists and numbers, for looking at every screen of it.
import assert from "node:assert/strict";
import type { Json } from "../api-client.ts";
import { eventually } from "../eventually.ts";
import type { Console } from "./console.ts";

/** Every screen; `$campaign` and `$project` are of the scenery. */
export const DIALER_SCREENS = [
  { name: "dialer-campaigns", path: "/dialer" },
  { name: "dialer-campaign", path: "/dialer/campaigns/$campaign" },
  { name: "dialer-projects", path: "/dialer/projects" },
  { name: "dialer-project", path: "/dialer/projects/$project" },
  { name: "dialer-new-project", path: "/dialer/projects/new" },
  { name: "dialer-audios", path: "/dialer/audios" },
  { name: "dialer-do-not-call", path: "/dialer/do-not-call" },
  { name: "dialer-policies", path: "/dialer/policies" },
  { name: "dialer-calls", path: "/dialer/calls" },
  { name: "dialer-trunks", path: "/dialer/trunks" },
] as const;

export interface DialerScenery {
  campaignId: string;
  projectId: string;
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

export async function addDialerScenery({ enlace }: Console): Promise<DialerScenery> {
  const { api } = enlace;
  const make = async (path: string, body: object): Promise<Json> => {
    const { status, body: made } = await api.post(path, body);
    assert.ok(status === 201 || status === 200, `${path}: ${JSON.stringify(made)}`);
    return made;
  };
  const pbx = await make("/api/v1/pbxs", { name: "lima" });
  const trunk = await make("/api/v1/trunks", { name: "carrier-a", pbx_id: pbx.id, channels_max: 30, per_second: 5 });
  const { items: templates } = (await api.get("/api/v1/dialer/policy-templates")).body;
  const spain = templates.find(({ pack }: Json) => pack.jurisdiction === "ES");
  const policy = await make("/api/v1/dialer/policies", { name: "Spain, debts", template: spain.key });
  const project = await make("/api/v1/projects", {
    name: "Reminders",
    trunks: [{ trunk_id: trunk.id }],
    policy_id: policy.id,
    ivr: { text: "Hola {{nombre}}, le recordamos su cita.", expected_digit: "1", opt_out_digit: "9" },
  });
  await make(`/api/v1/projects/${project.id}/caller-ids`, { number: "+34910000001", daily_cap: 200 });
  await make("/api/v1/suppressions", { number: "+34600000099", reason: "asked by letter" });
  const campaign = await make("/api/v1/campaigns", { name: "November", project_id: project.id });
  const windows = [1, 2, 3].map((weekday) => ({ weekday, starts: "09:00", ends: "18:00" }));
  await api.put(`/api/v1/campaigns/${campaign.id}/schedule`, { windows });
  const form = new FormData();
  const rows = ["600000001;Ana", "600000002;Luis", "nobody;Eva", "600000001;Ana"];
  form.set("file", new Blob([`telefono;nombre\n${rows.join("\n")}\n`]), "november.csv");
  const { key } = await make("/api/v1/api-keys", { name: "lists", scopes: ["dialer:write"] });
  const headers = { "x-api-key": key };
  await fetch(`${enlace.url}/api/v1/campaigns/${campaign.id}/import`, { method: "POST", body: form, headers });
  await eventually(async () => {
    const { items } = (await api.get(`/api/v1/campaigns/${campaign.id}/imports`)).body;
    assert.deepEqual([items[0]?.state, items[0]?.inserted], ["finished", 2]);
  });
  const fill = (path: string): string => path.replace("$campaign", campaign.id).replace("$project", project.id);
  return { campaignId: campaign.id, projectId: project.id, fill };
}
