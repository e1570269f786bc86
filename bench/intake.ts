import type { Figure, FigureContext } from "./figure.ts";
import { toMedian } from "./figure.ts";
import { runChild, startChild } from "./process.ts";
import type { LoadResult } from "./signed-load.ts";
import { SECRET, startEnlace } from "./stage.ts";

const CLIENTS = 64;
const ROUNDS = 3;
/** The compiler takes a hundred thousand calls to settle. */
const WARM_UPS = 4;

/**
 * (a) Durable signed webhooks per second against the physical limit of one row a commit: as many clients on bare `pg`. Then
 * the latency at half of our peak, and two marks to read the ratio by: a front door that stores nothing, and one that commits
 * a row for each request. All take turns, three times each; the ratios are of the medians.
 */
export const intake: Figure = {
  name: "intake",
  run: async (context) => {
    const { stage, seconds, report } = context;
    const peerUrl = await stage.createDatabase("intake_peer");
    const enlace = await startEnlace(await stage.createDatabase("intake"));
    const doors = [
      { name: "stores nothing", child: await openDoor(["bench/empty-front-door.ts"]) },
      { name: "commits a row for each request", child: await openDoor(["bench/naive-front-door.ts", peerUrl]) },
    ];
    try {
      for (let round = 0; round < WARM_UPS; round++) await post(context, enlace.port, { prefix: `warm-up-${round}` });
      for (const { child } of doors) await post(context, Number(child.greeting.port), { prefix: "warm-up" });
      const [ours, bare]: [number[], number[]] = [[], []];
      const theirs = doors.map((): number[] => []);
      for (let round = 0; round < ROUNDS; round++) {
        bare.push(await insertRows(peerUrl, seconds));
        ours.push(await post(context, enlace.port, { prefix: `round-${round}` }));
        for (const [index, { child }] of doors.entries())
          theirs[index]?.push(await post(context, Number(child.greeting.port), { prefix: `round-${round}` }));
      }
      const peak = toMedian(ours);
      const against = (rates: readonly number[]) => ({
        ratio: peak / toMedian(rates),
        ours: peak,
        peer: toMedian(rates),
      });
      report("accepted webhooks/s against bare single-row commits/s", { ...against(bare), atLeast: 1 });
      for (const [index, { name }] of doors.entries())
        report(`against a front door that ${name}`, against(theirs[index] ?? []));
      await reportLatency(context, enlace.port, peak / 2);
    } finally {
      await Promise.all([enlace.stop(), ...doors.map(({ child }) => child.stop())]);
    }
  },
};

const openDoor = (args: string[]) => startChild(args, {}, (line) => line.includes("port"));

async function load(
  { seconds }: FigureContext,
  port: number,
  more: { prefix: string; perSecond?: number },
): Promise<LoadResult> {
  const options = {
    host: "127.0.0.1",
    port,
    secret: SECRET,
    clients: CLIENTS,
    seconds,
    tenants: [""],
    perSecond: null,
  };
  const result = await runChild<LoadResult>(["bench/signed-load.ts", JSON.stringify({ ...options, ...more })]);
  if (result.refused > 0) throw new Error(`${result.refused} calls were refused`);
  return result;
}

const post = async (...args: Parameters<typeof load>): Promise<number> => (await load(...args)).perSecond;

async function insertRows(url: string, seconds: number): Promise<number> {
  const options = JSON.stringify({ url, clients: CLIENTS, seconds });
  return (await runChild<{ perSecond: number }>(["bench/insert-load.ts", options])).perSecond;
}

async function reportLatency(context: FigureContext, port: number, perSecond: number): Promise<void> {
  const calm = await load(context, port, { prefix: "calm", perSecond });
  context.report("p99 at half of the peak, ms", {
    value: calm.p99Ms,
    atMost: 50,
    detail: `p50 ${calm.p50Ms.toFixed(1)} ms at ${Math.round(perSecond)}/s`,
  });
}
