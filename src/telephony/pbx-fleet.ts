import { isDeepStrictEqual } from "node:util";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Listener } from "../kit/postgres/listener.ts";
import type { Pbx, PbxSettings, PbxStatus } from "./pbx.ts";

/** The PBXs that this process runs, kept in step with what is stored: added, connected to anew after a change, let go. Changed lists of
 * phones and trunks are told to the PBX that runs, whose connection stays. */
export interface PbxFleet {
  /** Rejects when they cannot be loaded. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Of one tenant, or of all. */
  list(tenantId?: TenantId): readonly PbxStatus[];
  find(tenantId: TenantId, pbxId: string): Pbx | undefined;
  /** What is known of all of them. */
  settings(): readonly PbxSettings[];
}

export interface PbxFleetOptions {
  loadPbxs(): Promise<readonly PbxSettings[]>;
  /** Its channel `settings` rings when something is stored. */
  listener: Pick<Listener, "on">;
  openPbx(settings: PbxSettings): Pbx;
  clock: Clock;
  log: Log;
}

/** Notifications only wake: whoever missed one looks now and then. */
const LOOK_EVERY_MS = 300_000;
/** Changes come in bursts, such as a list of extensions: the PBXs follow once for all of them. */
const BURST_MS = 500;

interface Running {
  settings: PbxSettings;
  pbx: Pbx;
}

/** What a PBX that runs can learn; all else is a new connection. */
const isSameButLists = (settings: PbxSettings, wanted: PbxSettings | undefined): boolean =>
  wanted !== undefined &&
  isDeepStrictEqual({ ...settings, extensions: null, trunks: null }, { ...wanted, extensions: null, trunks: null });

export function createPbxFleet({ loadPbxs, listener, openPbx, clock, log }: PbxFleetOptions): PbxFleet {
  const fleet = new Map<string, Running>();
  const stopping = new AbortController();
  let bell = Promise.withResolvers<void>();
  let unsubscribe = (): void => undefined;
  let running: Promise<void> | undefined;

  /** The old one is stopped first: there is one lease per PBX. */
  async function keepInStep(): Promise<void> {
    const wanted = new Map((await loadPbxs()).map((settings) => [settings.id, settings]));
    const isSame = ({ settings }: Running): boolean => isSameButLists(settings, wanted.get(settings.id));
    const gone = [...fleet.values()].filter((each) => !isSame(each));
    await Promise.all(gone.map(({ pbx }) => pbx.stop()));
    for (const { settings } of gone) fleet.delete(settings.id);
    for (const settings of wanted.values()) {
      const current = fleet.get(settings.id);
      if (current) keepLists(current, settings);
      if (current || stopping.signal.aborted) continue;
      const pbx = openPbx(settings);
      fleet.set(settings.id, { settings, pbx });
      pbx.start();
    }
    if (gone.length > 0) log.info({ pbxs: gone.map(({ settings }) => settings.id) }, "pbx.settings_changed");
  }

  function keepLists(current: Running, settings: PbxSettings): void {
    if (isDeepStrictEqual(current.settings, settings)) return;
    current.settings = settings;
    current.pbx.learn(settings);
    log.info({ pbx: settings.id, extensions: settings.extensions.size }, "pbx.lists_changed");
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const cancel = clock.after(LOOK_EVERY_MS, bell.resolve);
      await bell.promise;
      cancel();
      try {
        await clock.sleep(BURST_MS, signal);
        bell = Promise.withResolvers();
        await keepInStep();
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, "pbx.fleet_failed");
      }
    }
  }

  return {
    start: async () => {
      unsubscribe = listener.on("settings", () => bell.resolve());
      await keepInStep();
      running = run(stopping.signal);
    },
    stop: async () => {
      unsubscribe();
      stopping.abort(new Error("stopped"));
      bell.resolve();
      await running;
      await Promise.all([...fleet.values()].map(({ pbx }) => pbx.stop()));
    },
    list: (tenantId) =>
      [...fleet.values()]
        .filter(({ settings }) => tenantId === undefined || settings.tenantId === tenantId)
        .map(({ pbx }) => pbx.status()),
    settings: () => [...fleet.values()].map(({ settings }) => settings),
    find: (tenantId, pbxId) => {
      const found = fleet.get(pbxId);
      return found?.settings.tenantId === tenantId ? found.pbx : undefined;
    },
  };
}
