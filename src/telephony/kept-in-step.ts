import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Listener } from "../kit/postgres/listener.ts";

/** Things that run for as long as they are stored: started when added, anew after a change, stopped when gone. */
export interface KeptInStep<Settings, Thing> {
  /** Rejects when they cannot be loaded. */
  start(): Promise<void>;
  stop(): Promise<void>;
  all(): readonly Kept<Settings, Thing>[];
  find(id: string): Kept<Settings, Thing> | undefined;
}

export interface Kept<Settings, Thing> {
  settings: Settings;
  thing: Thing;
}

export interface KeptInStepOptions<Settings, Thing> {
  /** In the log: `pbx`. */
  name: string;
  load(): Promise<readonly Settings[]>;
  open(settings: Settings): Thing;
  /** Has the running one take other settings; `false`: it cannot, and is opened anew. */
  learn?(kept: Kept<Settings, Thing>, wanted: Settings): boolean;
  /** Its channel `settings` rings when something is stored. */
  listener: Pick<Listener, "on">;
  clock: Clock;
  log: Log;
}

/** Notifications only wake: whoever missed one looks now and then. */
const LOOK_EVERY_MS = 300_000;
/** Changes come in bursts, such as a list of extensions: one look is enough for all of them. */
const BURST_MS = 500;

export function createKeptInStep<
  Settings extends { id: string },
  Thing extends { start(): void; stop(): Promise<void> },
>(options: KeptInStepOptions<Settings, Thing>): KeptInStep<Settings, Thing> {
  const { name, load, open, learn = () => false, listener, clock, log } = options;
  const running = new Map<string, Kept<Settings, Thing>>();
  const stopping = new AbortController();
  let bell = Promise.withResolvers<void>();
  let unsubscribe = (): void => undefined;
  let looking: Promise<void> | undefined;

  /** The old one is stopped first: there is one lease per PBX. */
  async function keepInStep(): Promise<void> {
    const wanted = new Map((await load()).map((settings) => [settings.id, settings]));
    const gone = [...running.values()].filter((kept) => !canStay(kept, wanted.get(kept.settings.id)));
    await Promise.all(gone.map(({ thing }) => thing.stop()));
    for (const { settings } of gone) running.delete(settings.id);
    for (const settings of wanted.values()) {
      if (running.has(settings.id) || stopping.signal.aborted) continue;
      const thing = open(settings);
      running.set(settings.id, { settings, thing });
      thing.start();
    }
    if (gone.length > 0) log.info({ ids: gone.map(({ settings }) => settings.id) }, `${name}.settings_changed`);
  }

  function canStay(kept: Kept<Settings, Thing>, wanted: Settings | undefined): boolean {
    if (wanted === undefined) return false;
    if (isDeepStrictEqual(kept.settings, wanted)) return true;
    if (!learn(kept, wanted)) return false;
    kept.settings = wanted;
    log.info({ id: wanted.id }, `${name}.settings_learnt`);
    return true;
  }

  async function look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const cancel = clock.after(LOOK_EVERY_MS, bell.resolve);
      await bell.promise;
      cancel();
      try {
        await clock.sleep(BURST_MS, signal);
        bell = Promise.withResolvers();
        await keepInStep();
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, `${name}.settings_failed`);
      }
    }
  }

  return {
    start: async () => {
      unsubscribe = listener.on("settings", () => bell.resolve());
      await keepInStep();
      looking = look(stopping.signal);
    },
    stop: async () => {
      unsubscribe();
      stopping.abort(new Error("stopped"));
      bell.resolve();
      await looking;
      await Promise.all([...running.values()].map(({ thing }) => thing.stop()));
    },
    all: () => [...running.values()],
    find: (id) => running.get(id),
  };
}
