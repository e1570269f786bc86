// The whole Enlace as a dialer beside a real Asterisk: its dialplan, a folder of sounds that both see, and rules that forbid nothing.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ApiClient, Json } from "../../api-client.ts";
import { eventually } from "../../eventually.ts";
import { AMI_SECRET, type Asterisk } from "./asterisk.ts";
import { writeTones } from "./tones.ts";

export interface DialerProduct<E extends Running> {
  enlace: E;
  pbxId: string;
  /** Of a project: an acknowledged policy, a caller id, and no second attempts. */
  base: Json;
  /** Posts and gives the answer; a refusal fails the test with what was said. */
  make(path: string, body: unknown): Promise<Json>;
  /** A tone as an audio of the dialer; resolves with its id. */
  uploadTone(name: string, seconds: number): Promise<string>;
  /** Sends a body that is no JSON. */
  send(path: string, body: string | FormData, type?: string): Promise<Json>;
  /** Makes a campaign of these numbers that may dial all week, and starts it; resolves with its id. */
  startCampaign(projectId: string, numbers: readonly string[]): Promise<string>;
}

interface Running {
  url: string;
  /** As an administrator. */
  api: ApiClient;
}

export const CALLER_ID = "+34910000001";
const TOKEN = "the event token of the dialer's PBX";
/** As Asterisk calls the folder. */
export const PBX_FOLDER = "/var/lib/asterisk/sounds/enlace";

/** `start` runs an Enlace with these settings beside its own. */
export async function openDialerProduct<E extends Running>(
  pbx: Asterisk,
  start: (env: Record<string, string>) => Promise<E>,
): Promise<DialerProduct<E>> {
  await teachDialplan(pbx);
  const sounds = join(pbx.folder, PBX_FOLDER);
  mkdirSync(sounds, { recursive: true });
  const enlace = await start({
    ...{ AMI_HOST: "127.0.0.1", AMI_PORT: String(pbx.amiPort), AMI_USERNAME: "enlace", AMI_SECRET },
    ...{ PBX_TOKEN: TOKEN, ENLACE_AGI_PORT: String(pbx.agiPort), ENLACE_AGI_ALLOW: "127.0.0.1" },
    ...{ ENLACE_COUNTRY: "ES", ENLACE_SOUND_FOLDERS: pbx.folder, ENLACE_API_RATE: "100000" },
  });
  const { api } = enlace;
  const make = async (path: string, body: unknown): Promise<Json> => {
    const answer = await api.post(path, body);
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const pbxId: string = await eventually(async () => {
    const [item] = (await api.get("/api/v1/pbxs")).body.items;
    assert.equal(item.status.state, "ready");
    return item.id;
  });
  const shared = { delivery: "folder", folder: sounds, pbx_folder: PBX_FOLDER };
  assert.equal((await api.put(`/api/v1/pbxs/${pbxId}/sounds`, shared)).status, 200);
  const { key } = await make("/api/v1/api-keys", { name: "files", scopes: ["dialer:write"] });
  const send: DialerProduct<E>["send"] = async (path, body, type) => {
    const headers = { "x-api-key": key, ...(type !== undefined && { "content-type": type }) };
    const answer = await fetch(`${enlace.url}${path}`, { method: "POST", body, headers });
    const said = (await answer.json()) as Json;
    assert.ok(answer.status < 300, `${path}: ${answer.status} ${JSON.stringify(said)}`);
    return said;
  };
  return {
    ...{ enlace, pbxId, make, send, base: await makeBase(make) },
    startCampaign: async (projectId, numbers) => {
      const { id } = await make("/api/v1/campaigns", { project_id: projectId, name: "A list" });
      const list = `telefono\n${numbers.join("\n")}\n`;
      const report = await send(`/api/v1/campaigns/${id}/import?wait_seconds=20`, list, "text/csv");
      assert.deepEqual([report.inserted, report.invalid], [numbers.length, 0], JSON.stringify(report));
      const windows = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
      assert.equal((await api.put(`/api/v1/campaigns/${id}/schedule`, { windows })).status, 200);
      await make(`/api/v1/campaigns/${id}/start`, {});
      return id;
    },
    uploadTone: async (name, seconds) => {
      const folder = join(pbx.folder, "tmp");
      writeTones(folder, name, [{ pitch: 500, seconds }]);
      const form = new FormData();
      form.set("file", new Blob([new Uint8Array(readFileSync(join(folder, `${name}.wav`)))]), `${name}.wav`);
      return (await send("/api/v1/audios", form)).id;
    },
  };
}

/** As an administrator does: the file with an address and a token of their own. */
async function teachDialplan({ folder, agiPort, cli }: Asterisk): Promise<void> {
  const file = join(folder, "etc", "asterisk", "extensions.conf");
  const deployed = join(import.meta.dirname, "..", "..", "..", "deploy", "asterisk", "extensions-dialer.conf");
  const dialer = readFileSync(deployed, "utf8")
    .replace("127.0.0.1:4573", `127.0.0.1:${agiPort}`)
    .replace("change-me", TOKEN);
  writeFileSync(file, `${readFileSync(file, "utf8")}\n${dialer}`);
  await cli("dialplan reload");
}

async function makeBase(make: (path: string, body: unknown) => Promise<Json>): Promise<Json> {
  const policy = await make("/api/v1/dialer/policies", { name: "Rehearsal", template: "zz-service" });
  await make(`/api/v1/dialer/policies/${policy.id}/acknowledge`, {
    ...{ version: policy.version, name: "Ann Test", reviewed: true },
  });
  return {
    ...{ time_zone: "Europe/Madrid", language: "es", caller_id: CALLER_ID, policy_id: policy.id },
    ...{ ring_seconds: 15, retry: { attempts_max: 1 } },
  };
}
