import { z } from "zod";
import type { Clock } from "../../kit/clock.ts";
import type { Random } from "../../kit/random.ts";
import { newSecret } from "../../kit/random.ts";
import { parseAnswer, type StreamingApiClient } from "../api-client.ts";
import { PEOPLE, pick } from "./call-stream.ts";
import { rest } from "./pbx.ts";
import { AGENTS } from "./team.ts";
import { toTone, toWav } from "./wav.ts";

/** Where the simulated dialplan finds Enlace's IVR. */
export interface IvrPlace {
  url: string;
  args: readonly string[];
}

export interface DemoCampaignOptions {
  api: StreamingApiClient;
  contacts: number;
  /** Of the trunk; a calm pace unless said. `perSecond: null`: as fast as it goes. */
  pace?: { perSecond: number | null; channels: number };
  /** Sees the project of the campaign. */
  supervisorId?: string;
  /** Port of Enlace's FastAGI. */
  agiPort: number;
  /** The simulated PBX's dialplan sends whoever picks up there from now on. */
  setIvr(place: IvrPlace): void;
  clock: Clock;
  random: Random;
  say(line: string): void;
}

/** How a campaign came out. */
export interface CampaignVerdict {
  contacts: number;
  /** Every contact is at its end, and the sums agree. */
  isComplete: boolean;
}

const CALM = { perSecond: 8, channels: 60 };
const LOOK_EVERY_MS = 500;
const REPORT_EVERY_MS = 5_000;
const ENDS_WITHIN_MS = 240_000;
const RETRY_SECONDS = 30;
/** First of the numbers that are called: nobody has them. */
const FIRST_NUMBER = 600_001_000;
const MESSAGE_SECONDS = 1.5;

const made = z.object({ id: z.string() });
const counts = z.object({
  ...{ total: z.number(), pending: z.number(), dialing: z.number() },
  ...{ completed: z.number(), failed: z.number(), skipped: z.number() },
});
const statistics = z.object({
  campaign: z.object({ state: z.string(), contacts: counts }),
  processed: z.number(),
  by_disposition: z.array(z.object({ disposition: z.string().nullable(), contacts: z.number() })),
});
type Statistics = z.output<typeof statistics>;

/**
 * Starts the campaign and says how it goes, up to its last contact, and prints its funnel. `null`: stopped before its end.
 */
export async function runCampaign(
  options: DemoCampaignOptions,
  id: string,
  signal: AbortSignal,
): Promise<CampaignVerdict | null> {
  const { api, say, clock, contacts } = options;
  await api.send("POST", `/api/v1/campaigns/${id}/start`);
  const { perSecond, channels } = options.pace ?? CALM;
  say(`--- A campaign of ${contacts} contacts has begun: at most ${perSecond} calls a second, ${channels} at once.`);
  const startedAtMs = clock.monotonicMs();
  for (let reportedAtMs = startedAtMs; ; ) {
    const seen = parseAnswer(statistics, await api.get(`/api/v1/campaigns/${id}/statistics`));
    const nowMs = clock.monotonicMs();
    if (seen.campaign.state === "completed") return conclude(options, seen, Math.round((nowMs - startedAtMs) / 1000));
    if (signal.aborted) return stop(options, id, seen);
    if (nowMs - startedAtMs > ENDS_WITHIN_MS) return { contacts, isComplete: false };
    if (nowMs - reportedAtMs >= REPORT_EVERY_MS) {
      reportedAtMs = nowMs;
      const { pending, dialing } = seen.campaign.contacts;
      say(`--- Campaign: ${seen.processed} of ${contacts} done, ${dialing} being called, ${pending} waiting.`);
    }
    await rest(clock, LOOK_EVERY_MS, signal);
  }
}

function conclude({ say, contacts }: DemoCampaignOptions, seen: Statistics, seconds: number): CampaignVerdict {
  const { total, completed, failed, skipped } = seen.campaign.contacts;
  say(`=== The campaign is completed: ${total} contacts in ${seconds} s.`);
  for (const line of toFunnel(seen)) say(line);
  const isComplete = total === contacts && completed + failed + skipped === contacts && seen.processed === contacts;
  return { contacts: total, isComplete };
}

async function stop({ api, say }: DemoCampaignOptions, id: string, seen: Statistics): Promise<null> {
  await api.send("POST", `/api/v1/campaigns/${id}/stop`);
  say(`--- The campaign was stopped with ${seen.processed} contacts done; calls under way go on to their end.`);
  return null;
}

/** `    transferred       32  ################` */
export function toFunnel({ by_disposition: rows }: Pick<Statistics, "by_disposition">): string[] {
  const sums = new Map<string, number>();
  for (const { disposition, contacts } of rows) {
    const name = disposition ?? "not called";
    sums.set(name, (sums.get(name) ?? 0) + contacts);
  }
  const most = Math.max(1, ...sums.values());
  return [...sums]
    .toSorted(([, a], [, b]) => b - a)
    .map(
      ([name, sum]) => `    ${name.padEnd(15)} ${String(sum).padStart(5)}  ${"#".repeat(Math.ceil((sum / most) * 40))}`,
    );
}

/** As a person would set it up: policy, trunk, message, project, list, schedule. Returns the campaign's id. */
export async function prepareCampaign(options: DemoCampaignOptions): Promise<string> {
  const { api, contacts, random, pace = CALM } = options;
  const pbxId = await letPbxAsk(options);
  const policyId = await acknowledgePolicy(api);
  const trunk = { pbx_id: pbxId, name: "carrier", per_second: pace.perSecond, channels_max: pace.channels };
  const trunkId = await make(api, "/api/v1/trunks", trunk);
  const audioId = parseAnswer(made, await api.upload("/api/v1/audios", toMessageForm())).id;
  const projectId = await make(
    api,
    "/api/v1/projects",
    toProject({ trunkId, policyId, audioId, agent: pick(random, AGENTS) }),
  );
  if (options.supervisorId !== undefined)
    await api.send("PUT", `/api/v1/projects/${projectId}/users`, { user_ids: [options.supervisorId] });
  const campaignId = await make(api, "/api/v1/campaigns", { project_id: projectId, name: "Demo" });
  const windows = [0, 1, 2, 3, 4, 5, 6].map((weekday) => ({ weekday, starts: "00:00", ends: "24:00" }));
  await api.send("PUT", `/api/v1/campaigns/${campaignId}/schedule`, { windows });
  await api.upload(`/api/v1/campaigns/${campaignId}/import`, toListForm(contacts, random), { wait_seconds: 20 });
  return campaignId;
}

/** FastAGI has no login: the dialplan names the PBX by its token. */
async function letPbxAsk({ api, random, agiPort, setIvr }: DemoCampaignOptions): Promise<string> {
  const list = z.object({ items: z.array(made).min(1) });
  const [pbx] = parseAnswer(list, await api.get("/api/v1/pbxs")).items;
  const id = pbx?.id ?? "";
  const token = newSecret(random, 24);
  await api.send("POST", `/api/v1/pbxs/${id}/event-token`, { token });
  setIvr({ url: `agi://127.0.0.1:${agiPort}/ivr`, args: [`token=${token}`] });
  return id;
}

/** The blank one: these numbers are nobody's, so no land's rules hold for them. */
async function acknowledgePolicy(api: StreamingApiClient): Promise<string> {
  const policy = z.object({ id: z.string(), version: z.number() });
  const body = { name: "Rehearsal", template: "zz-service" };
  const { id, version } = parseAnswer(policy, await api.send("POST", "/api/v1/dialer/policies", body));
  const acknowledgement = { version, name: "Demo of Enlace", reviewed: true };
  await api.send("POST", `/api/v1/dialer/policies/${id}/acknowledge`, acknowledgement);
  return id;
}

interface ProjectParts {
  trunkId: string;
  policyId: string;
  audioId: string;
  agent: string;
}

function toProject({ trunkId, policyId, audioId, agent }: ProjectParts) {
  return {
    ...{ name: "Reminders", trunks: [{ trunk_id: trunkId }], caller_id: "+34900000001", policy_id: policyId },
    ring_seconds: 15,
    ivr: {
      ...{ audio_id: audioId, expected_digit: "1", opt_out_digit: "9", barge_in: true, digit_wait_ms: 1000 },
      overflow: { kind: "extension", extension: agent },
    },
    amd: { enabled: true },
    retry: {
      attempts_max: 2,
      by_disposition: {
        busy: { after_seconds: RETRY_SECONDS },
        congestion: { after_seconds: RETRY_SECONDS },
        no_answer: null,
        machine: null,
        no_input: null,
        failed: null,
      },
    },
  };
}

/** Contacts as a spreadsheet of Spain writes them; a few are people of the CRM. */
function toListForm(contacts: number, random: Random): FormData {
  const known = PEOPLE.filter(({ number }) => number.startsWith("+34")).slice(0, contacts);
  const others = Array.from({ length: contacts - known.length }, (_, index) => {
    const { firstName } = pick(random, PEOPLE);
    return `${FIRST_NUMBER + index};${firstName} ${index + 1}`;
  });
  const rows = [...known.map(({ number, firstName }) => `${number};${firstName}`), ...others];
  return toForm("contacts.csv", `telefono;nombre\r\n${rows.join("\r\n")}\r\n`);
}

function toMessageForm(): FormData {
  return toForm("reminder.wav", toWav(MESSAGE_SECONDS, toTone(440)));
}

function toForm(name: string, content: string | Buffer): FormData {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(Buffer.from(content))]), name);
  return form;
}

async function make(api: StreamingApiClient, path: string, body: object): Promise<string> {
  return parseAnswer(made, await api.send("POST", path, body)).id;
}
