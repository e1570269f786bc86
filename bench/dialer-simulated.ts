import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { createApiClient, type StreamingApiClient } from "../src/cli/api-client.ts";
import { prepareCampaign } from "../src/cli/demo/campaign.ts";
import { systemClock } from "../src/kit/clock.ts";
import { systemRandom } from "../src/kit/random.ts";
import type { Figure, FigureContext } from "./figure.ts";
import { residentMiB } from "./process.ts";
import { cpuSeconds } from "./processor-time.ts";
import type { OutsideOrder, OutsideReport } from "./simulated-outside.ts";
import { ACCOUNT } from "./simulated-pbx.ts";
import { callApi, execute, startEnlace } from "./stage.ts";

/**
 * (k) A campaign on the simulated PBX, with the whole dialogue of the IVR for each who picks up: held at a thousand calls a second,
 * then as fast as it goes; statements for a call, and the time from a Hangup to the outcome that is kept. Then one with a long
 * message, until ten thousand calls go on at once. Enlace, PostgreSQL and the PBX share the machine.
 */
export const dialerSimulated: Figure = {
  name: "dialer-simulated",
  run: async (context) => {
    for (const perSecond of [HELD_PER_SECOND, null]) await measureRate(context, perSecond);
    await measureConcurrency(context);
  },
};

const CONTACTS = Number(process.env.BENCH_CALLS ?? 15_000);
const HELD_PER_SECOND = Number(process.env.BENCH_CALLS_PER_SECOND ?? 1_000);
const CONCURRENT = Number(process.env.BENCH_CONCURRENT ?? 10_000);
const WITHIN_MS = 300_000;
const LOOK_EVERY_MS = 100;

/** The messages are short, so that calls begin and end as fast as they can be handled. `null`: no limit but what Enlace sets itself. */
export async function measureRate(context: FigureContext, perSecond: number | null): Promise<void> {
  const pace = perSecond === null ? "as fast as it goes" : `held at ${perSecond} a second`;
  const campaign = await openCampaign(context, {
    ...{ name: `dialer_${perSecond ?? "free"}`, soundMs: 100, ringMs: 200, contacts: CONTACTS, perSecond },
  });
  try {
    const before = { cpu: campaign.cpu(), statements: await campaign.statements(), at: performance.now() };
    const lags = followOutcomes(campaign);
    await campaign.start();
    // Second attempts come half a minute later: what counts is everybody's first.
    await until(async () => (await lags.look()).started >= CONTACTS);
    const tookSeconds = (performance.now() - before.at) / 1000;
    await until(async () => (await lags.look()).live === 0 && lags.waiting() === 0);
    const report = await lags.look();
    const calls = report.started; // some of them second attempts already
    context.report(`calls started a second on the simulated PBX with the IVR's whole dialogue, ${pace}`, {
      value: CONTACTS / tookSeconds,
      atLeast: perSecond === null ? 1_000 : perSecond * 0.95, // a second goes by until the campaign is seen
      detail: `${CONTACTS} calls in ${tookSeconds.toFixed(1)} s, ${report.startedPerSecondMax} in the best second; ${report.sessions} talks, ${report.commands} FastAGI commands, ${report.events} events`,
    });
    context.report("processor time for a call in Enlace", {
      value: ((campaign.cpu() - before.cpu) / calls) * 1e6,
      detail: "microseconds",
    });
    context.report("transactions for a call in PostgreSQL", {
      value: ((await campaign.statements()) - before.statements) / calls,
      detail: "all of Enlace's: claims, attempts, outcomes, facts, deliveries",
    });
    context.report(`from a Hangup on the PBX to the outcome in PostgreSQL, ${pace}, p99 in ms`, {
      value: lags.percentile(0.99),
      atMost: 1_000,
      detail: `median ${lags.percentile(0.5).toFixed(0)}, worst ${lags.percentile(1).toFixed(0)}, looked every ${LOOK_EVERY_MS} ms at ${lags.seen()} calls; by Enlace's own histogram at most ${(await campaign.outcomeP99Seconds()) * 1000}`,
    });
  } finally {
    await campaign.close();
  }
}

/** One call in so many is looked for in the database. */
const FOLLOWED = 10;

/** From the PBX's own word that a call has ended to the row that says so. */
function followOutcomes(campaign: Awaited<ReturnType<typeof openCampaign>>) {
  const waiting = new Map<string, number>();
  const lagsMs: number[] = [];
  let count = 0;
  const look = async (): Promise<OutsideReport> => {
    const report = await campaign.pbxReport();
    for (const { id, endedAtMs } of report.ended) if (count++ % FOLLOWED === 0) waiting.set(id, endedAtMs);
    if (waiting.size === 0) return report;
    for (const id of await campaign.loadEnded([...waiting.keys()])) {
      lagsMs.push(Date.now() - (waiting.get(id) ?? 0));
      waiting.delete(id);
    }
    return report;
  };
  return {
    look,
    waiting: () => waiting.size,
    seen: () => lagsMs.length,
    percentile: (share: number): number => {
      const sorted = lagsMs.toSorted((a, b) => a - b);
      return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.POSITIVE_INFINITY;
    },
  };
}

async function measureConcurrency(context: FigureContext): Promise<void> {
  const contacts = CONCURRENT * 3;
  const campaign = await openCampaign(context, {
    name: "dialer_many",
    soundMs: 280_000,
    ringMs: 500,
    contacts,
    perSecond: null,
  });
  try {
    const calm = residentMiB(campaign.pid);
    await campaign.start();
    let half = calm;
    let atOnce = 0; // at the look that was enough: the next one sees the first of them end
    await until(async () => {
      atOnce = (await campaign.pbxReport()).live;
      if (atOnce < CONCURRENT / 2) half = residentMiB(campaign.pid);
      return atOnce >= CONCURRENT;
    });
    const { sessionsFailed } = await campaign.pbxReport();
    context.report("calls at once, each with its FastAGI session", { value: atOnce, atLeast: CONCURRENT });
    context.report("sessions that found no server", { value: sessionsFailed, atMost: 0 });
    context.report("memory of Enlace with all of them", {
      value: residentMiB(campaign.pid),
      atMost: 1_024,
      detail: `MiB; ${calm.toFixed(0)} at rest, ${half.toFixed(0)} with half of them`,
    });
  } finally {
    await campaign.close();
  }
}

interface Wanted {
  name: string;
  soundMs: number;
  ringMs: number;
  contacts: number;
  perSecond: number | null;
}

/** Enlace, a simulated PBX and a campaign that only needs to be started. */
async function openCampaign({ stage }: FigureContext, { name, soundMs, ringMs, contacts, perSecond }: Wanted) {
  const pbx = await startOutside(soundMs, ringMs);
  const url = await stage.createDatabase(name);
  const agiPort = await findPort();
  const enlace = await startEnlace(url, {
    ...{
      AMI_HOST: "127.0.0.1",
      AMI_PORT: String(pbx.port),
      AMI_USERNAME: ACCOUNT.username,
      AMI_SECRET: ACCOUNT.secret,
    },
    ...{ ENLACE_AGI_PORT: String(agiPort), ENLACE_AGI_ALLOW: "127.0.0.1", ENLACE_API_RATE: "100000" },
  });
  const api = await openApi(enlace.port);
  await api.send("PUT", "/api/v1/dialer/limits", { per_second: perSecond, channels_max: null });
  const id = await prepareCampaign({
    ...{ api, contacts, agiPort, clock: systemClock, random: systemRandom, say: () => undefined },
    pace: { perSecond: null, channels: 20_000 },
    setIvr: (ivr) => pbx.tell({ ivr }),
  });
  await until(async () => ((await api.get(`/api/v1/imports/1`)) as { state: string }).state === "finished");
  await sleep(2_000); // Enlace has connected anew after the changes
  const reader = new pg.Client({ connectionString: url });
  await reader.connect();
  return {
    pid: enlace.pid,
    cpu: () => cpuSeconds(enlace.pid),
    pbxReport: pbx.report,
    start: () => api.send("POST", `/api/v1/campaigns/${id}/start`),
    statements: async () => {
      const [row] = await execute<{ count: string }>(
        url,
        "select xact_commit as count from pg_stat_database where datname = current_database()",
      );
      return Number(row?.count ?? 0);
    },
    loadEnded: async (ids: readonly string[]): Promise<string[]> => {
      // `limit` has each found by its key: else the planner, who knows nothing of a young table, reads all of it for a few.
      const text = `select a.id from unnest($1::text[]) w(id) cross join lateral (
        select a.id from dial_attempts a where a.tenant_id = 1 and a.id = w.id and a.state = 'ended' limit 1) a`;
      return (await reader.query<{ id: string }>(text, [ids])).rows.map(({ id }) => id);
    },
    outcomeP99Seconds: async () =>
      toPercentile(await (await fetch(`http://127.0.0.1:${enlace.port}/metrics`)).text(), 0.99),
    close: async (): Promise<void> => {
      await reader.end();
      await enlace.stop();
      await pbx.stop();
    },
  };
}

async function openApi(port: number): Promise<StreamingApiClient> {
  const scopes = ["dialer:read", "dialer:write", "pbxs:read", "pbxs:write"];
  const { key } = await callApi<{ key: string }>(port, "POST", "/api/v1/api-keys", { name: "bench", scopes });
  const { signal } = new AbortController();
  return createApiClient({ url: `http://127.0.0.1:${port}`, apiKey: key, dataFolder: "", clock: systemClock, signal });
}

async function startOutside(soundMs: number, ringMs: number) {
  const child = fork(join(import.meta.dirname, "simulated-outside.ts"), ["1", String(soundMs), String(ringMs)]);
  const [port] = (await once(child, "message")) as [number];
  const tell = (order: OutsideOrder): void => void child.send(order);
  return {
    port,
    tell,
    report: async (): Promise<OutsideReport> => {
      const answer = once(child, "message");
      tell("report");
      return ((await answer) as [OutsideReport])[0];
    },
    stop: async (): Promise<void> => {
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, "close");
  return port;
}

async function until(isOver: () => Promise<boolean>): Promise<void> {
  const givenUpAt = performance.now() + WITHIN_MS;
  while (!(await isOver())) {
    if (performance.now() > givenUpAt) throw new Error("it took too long");
    await sleep(LOOK_EVERY_MS);
  }
}

/** Upper bound of the bucket of enlace_dialer_outcome_seconds in which that share lies. */
function toPercentile(metrics: string, share: number): number {
  const buckets = [...metrics.matchAll(/^enlace_dialer_outcome_seconds_bucket\{le="([^"]+)"[^}]*\} (\d+)/gm)];
  const rows = buckets.map(([, le, count]) => ({
    le: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le),
    count: Number(count),
  }));
  const total = rows.at(-1)?.count ?? 0;
  return rows.find(({ count }) => count >= total * share)?.le ?? Number.POSITIVE_INFINITY;
}
