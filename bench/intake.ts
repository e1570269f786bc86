import type { Figure } from "./figure.ts";
import { toMedian } from "./figure.ts";
import { runChild } from "./process.ts";
import type { LoadResult } from "./signed-load.ts";
import { SECRET, startEnlace } from "./stage.ts";

/**
 * (a) Durable signed webhooks per second against the physical limit of one row a commit: as many clients on bare `pg`.
 * The two take turns, three times each; the ratio is of the medians. Then the latency at half of our peak.
 */
export const intake: Figure = {
  name: "intake",
  run: async ({ stage, seconds, report }) => {
    const clients = 64;
    const peerUrl = await stage.createDatabase("intake_peer");
    const enlace = await startEnlace(await stage.createDatabase("intake"));
    try {
      const [ours, peers]: [number[], number[]] = [[], []];
      const post = (prefix: string, perSecond: number | null) =>
        runChild<LoadResult>([
          "bench/signed-load.ts",
          JSON.stringify({
            host: "127.0.0.1",
            port: enlace.port,
            secret: SECRET,
            clients,
            seconds,
            prefix,
            tenants: [""],
            perSecond,
          }),
        ]);
      await post("warm-up", null);
      await post("warm-up-2", null); // the compiler takes tens of thousands of calls to settle
      for (let round = 0; round < 3; round++) {
        peers.push(
          (
            await runChild<{ perSecond: number }>([
              "bench/insert-load.ts",
              JSON.stringify({ url: peerUrl, clients, seconds }),
            ])
          ).perSecond,
        );
        const result = await post(`round-${round}`, null);
        if (result.refused > 0) throw new Error(`${result.refused} calls were refused`);
        ours.push(result.perSecond);
      }
      const [peak, bare] = [toMedian(ours), toMedian(peers)];
      const calm = await post("calm", peak / 2);
      report("accepted webhooks/s against bare single-row commits/s", {
        ratio: peak / bare,
        ours: peak,
        peer: bare,
        atLeast: 1,
      });
      report("p99 at half of the peak, ms", {
        value: calm.p99Ms,
        atMost: 50,
        detail: `p50 ${calm.p50Ms.toFixed(1)} ms at ${Math.round(peak / 2)}/s`,
      });
    } finally {
      await enlace.stop();
    }
  },
};
