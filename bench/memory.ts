import type { Figure } from "./figure.ts";
import { residentMiB, runChild } from "./process.ts";
import { SECRET, startEnlace } from "./stage.ts";

/**
 * (d) Resident memory of the Enlace process at rest and under load, against the bare Node process that runs nothing; and
 * what it still holds when the load has gone (growth between two equal loads is a leak).
 */
export const memory: Figure = {
  name: "memory",
  run: async ({ stage, seconds, report }) => {
    const enlace = await startEnlace(await stage.createDatabase("memory"));
    try {
      const bare = process.memoryUsage().rss / 1024 / 1024;
      const atRest = residentMiB(enlace.pid);
      await loadAndWatch(enlace, seconds, "warm-up");
      const first = await loadAndWatch(enlace, seconds, "first");
      const second = await loadAndWatch(enlace, seconds, "second");
      report("memory at rest, MiB", {
        value: atRest,
        atMost: 200,
        detail: `this benchmark's own process ${bare.toFixed(0)} MiB`,
      });
      report("memory under load, MiB", { value: Math.max(first, second), atMost: 400 });
      report("memory under a second equal load against the first", {
        ratio: second / first,
        ours: second,
        peer: first,
        atMost: 1.2,
      });
    } finally {
      await enlace.stop();
    }
  },
};

/** The most that the process held while it was loaded, in MiB. */
async function loadAndWatch(enlace: { port: number; pid: number }, seconds: number, prefix: string): Promise<number> {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, residentMiB(enlace.pid));
  }, 100);
  const options = {
    host: "127.0.0.1",
    port: enlace.port,
    secret: SECRET,
    clients: 64,
    seconds,
    prefix,
    tenants: [""],
    perSecond: null,
  };
  await runChild(["bench/signed-load.ts", JSON.stringify(options)]);
  clearInterval(timer);
  return most;
}
