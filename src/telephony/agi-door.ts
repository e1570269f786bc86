import { toErrorMessage } from "../core/errors.ts";
import type { Sentence } from "../core/sentence.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Metrics } from "../kit/metrics.ts";
import { type AgiServer, createAgiServer } from "./agi/server.ts";
import { type AgiRouter, type AgiRouterOptions, type AgiRoutes, createAgiRouter } from "./agi-routes.ts";
import { say } from "./words.ts";

/*
 * The FastAGI server of this process:
 *
 *   stopped ── start ──▶ listening ◀── the port is free again ── waiting (another process on this host has the port)
 *
 * So several processes of one host may be told the same port: one serves, and when it ends another does.
 */
export interface AgiDoorOptions extends Pick<AgiRouterOptions, "listPbxs" | "findPbxByToken"> {
  /** `allow`: addresses and networks; empty means nobody. */
  settings: { host: string; port: number; allow: readonly string[] };
  routes: AgiRoutes;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface AgiDoor {
  /** Rejects when the address cannot be listened to for another reason than that the port is taken. */
  start(): Promise<void>;
  stop(): Promise<void>;
  describe(): Sentence;
}

const RETRY_MS = 2_000;

export function createAgiDoor(options: AgiDoorOptions): AgiDoor {
  const { settings, clock, log, metrics } = options;
  const router = createAgiRouter({ ...options, routes: { ...BUILT_IN, ...options.routes } });
  const run = createTimed(options, router.run);
  const stopping = new AbortController();
  let listening: { server: AgiServer; port: number } | undefined;
  let waiting: Promise<void> | undefined;

  /** `false`: the port is taken. */
  async function tryToListen(): Promise<boolean> {
    const server = createAgiServer({ ...settings, clock, log, onCall: run });
    try {
      listening = { server, port: await server.start() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      return false;
    }
    log.info({ host: settings.host, port: listening.port }, "agi.started");
    return true;
  }

  async function waitForPort(signal: AbortSignal): Promise<void> {
    try {
      do await clock.sleep(RETRY_MS, signal);
      while (!(await tryToListen()));
    } catch (error) {
      if (!signal.aborted) log.error({ err: error, reason: toErrorMessage(error) }, "agi.not_started");
    }
  }

  countAgi(metrics, () => ({ server: listening?.server, routed: router.counters() }));
  return {
    start: async () => {
      if (await tryToListen()) return;
      log.warn({ host: settings.host, port: settings.port }, "agi.port_taken");
      waiting = waitForPort(stopping.signal);
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      await waiting;
      await listening?.server.stop();
      listening = undefined;
    },
    describe: () =>
      listening
        ? say("agiListens", { port: String(listening.port), sessions: listening.server.sessions() })
        : say("agiPortTaken", { port: String(settings.port), seconds: RETRY_MS / 1000 }),
  };
}

/** Tells a dialplan that it is heard, and as which PBX: `AGI(agi://host/hello)`, then look at `${ENLACE_PBX}`. */
const BUILT_IN: AgiRoutes = {
  hello: async (agi, pbx) => {
    await agi.setVariable("ENLACE_PBX", pbx.name);
    await agi.verbose(`Enlace hears ${pbx.name}`);
  },
};

/** From a minute of ringing agents to half an hour of talk; a greeting takes less than a second. */
const SESSION_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600, 1_800];

/** How long the scripts take, by script; what is none of ours counts as `none`. */
function createTimed({ routes, metrics, clock }: AgiDoorOptions, run: AgiRouter["run"]): AgiRouter["run"] {
  const seconds = metrics.histogram(
    "enlace_agi_session_seconds",
    "FastAGI sessions from their beginning to their end.",
    {
      labels: ["script"] as const,
      buckets: SESSION_SECONDS,
    },
  );
  const known = new Set(Object.keys({ ...BUILT_IN, ...routes }));
  return async (agi, address) => {
    const startedMs = clock.monotonicMs();
    try {
      await run(agi, address);
    } finally {
      const script = known.has(agi.script) ? agi.script : "none";
      seconds.observe({ script }, (clock.monotonicMs() - startedMs) / 1_000);
    }
  };
}

function countAgi(
  metrics: Metrics,
  read: () => { server: AgiServer | undefined; routed: Readonly<Record<string, number>> },
): void {
  metrics.gauge("enlace_agi_sessions", "FastAGI sessions that are open.", {
    read: () => read().server?.sessions() ?? 0,
  });
  metrics.gauge("enlace_agi_outcomes", "FastAGI connections since the start, by outcome.", {
    labels: ["outcome"] as const,
    read: (gauge) => {
      const { server, routed } = read();
      for (const [outcome, count] of Object.entries({ ...server?.counters(), ...routed }))
        gauge.set({ outcome }, count);
    },
  });
}
