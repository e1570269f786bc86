import type { Figure, FigureContext } from "./figure.ts";
import { toMedian } from "./figure.ts";
import { type Child, runChild, startChild } from "./process.ts";
import type { LoadResult } from "./signed-load.ts";
import { callApi, SECRET, startEnlace } from "./stage.ts";

const CONCURRENCY = 32;

/**
 * (b) Webhook in → request out at a CRM that answers at once, against graphile-worker and pg-boss behind the same front
 * door. Calls per second from the first post to the last delivery; a contender that accepts faster than it delivers pays
 * for its queue.
 */
export const pipeline: Figure = {
  name: "pipeline",
  run: async (context) => {
    const { report } = context;
    const ours = await contend(context, "enlace", startOurs);
    const graphile = await contend(context, "graphile", (inputs) => startPeer("bench/peer-graphile.ts", inputs));
    const boss = await contend(context, "pgboss", (inputs) => startPeer("bench/peer-pg-boss.ts", inputs));
    report("webhook → delivered/s against graphile-worker", {
      ratio: ours / graphile,
      ours,
      peer: graphile,
      atLeast: 1,
    });
    report("webhook → delivered/s against pg-boss", { ratio: ours / boss, ours, peer: boss, atLeast: 1 });
  },
};

interface Inputs {
  databaseUrl: string;
  crmUrl: string;
}
type Contender = Child & { port: number };

async function contend(
  { stage, seconds }: FigureContext,
  name: string,
  start: (inputs: Inputs) => Promise<Contender>,
): Promise<number> {
  const crm = await startChild(["bench/zero-latency-crm.ts"], {}, (line) => line.includes("port"));
  const crmUrl = `http://127.0.0.1:${String(crm.greeting.port)}`;
  const contender = await start({ databaseUrl: await stage.createDatabase(`pipeline_${name}`), crmUrl });
  try {
    await measure({ contender, crmUrl, seconds: 5, prefix: "warm-up" });
    const rates: number[] = [];
    for (let round = 0; round < 3; round++)
      rates.push(await measure({ contender, crmUrl, seconds, prefix: `round-${round}` }));
    return toMedian(rates);
  } finally {
    await contender.stop();
    await crm.stop();
  }
}

interface Measurement {
  contender: Contender;
  crmUrl: string;
  seconds: number;
  prefix: string;
}

async function measure({ contender, crmUrl, seconds, prefix }: Measurement): Promise<number> {
  const before = await countDelivered(crmUrl);
  const startedAt = performance.now();
  const { accepted } = await runChild<LoadResult>([
    "bench/signed-load.ts",
    JSON.stringify({
      host: "127.0.0.1",
      port: contender.port,
      secret: SECRET,
      clients: 64,
      seconds,
      prefix,
      tenants: [""],
      perSecond: null,
    }),
  ]);
  while ((await countDelivered(crmUrl)) - before < accepted) {
    if (performance.now() - startedAt > 180_000) throw new Error("the queue does not run empty");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return accepted / ((performance.now() - startedAt) / 1000);
}

async function countDelivered(crmUrl: string): Promise<number> {
  return Number(await (await fetch(crmUrl)).text());
}

async function startOurs({ databaseUrl, crmUrl }: Inputs): Promise<Contender> {
  const enlace = await startEnlace(databaseUrl);
  await callApi(enlace.port, "POST", "/api/v1/connections", {
    connector: "webhook",
    name: "zero latency",
    settings: { url: crmUrl, secret: "whsec_YmVuY2htYXJrLXNlY3JldC0yNC1ieXRlcw==" },
    concurrency: CONCURRENCY,
    per_second: null,
  });
  return enlace;
}

async function startPeer(script: string, inputs: Inputs): Promise<Contender> {
  const child = await startChild(
    [script, JSON.stringify({ ...inputs, secret: SECRET, concurrency: CONCURRENCY })],
    {},
    (line) => line.includes('"port"'),
  );
  return { ...child, port: Number(child.greeting.port) };
}
