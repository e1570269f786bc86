import { isDeepStrictEqual } from "node:util";
import type { TenantId } from "../core/ids.ts";
import { createKeptInStep, type KeptInStepOptions } from "./kept-in-step.ts";
import type { Pbx, PbxSettings, PbxStatus } from "./pbx.ts";

/**
 * The PBXs that this process runs, kept in step with what is stored: added, connected to anew after a change, let go. Changed
 * lists of phones and trunks are told to the PBX that runs, whose connection stays.
 */
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

export interface PbxFleetOptions extends Pick<KeptInStepOptions<PbxSettings, Pbx>, "listener" | "clock" | "log"> {
  loadPbxs(): Promise<readonly PbxSettings[]>;
  openPbx(settings: PbxSettings): Pbx;
}

export function createPbxFleet({ loadPbxs, openPbx, listener, clock, log }: PbxFleetOptions): PbxFleet {
  const { start, stop, all, find } = createKeptInStep<PbxSettings, Pbx>({
    ...{ name: "pbx", load: loadPbxs, open: openPbx, listener, clock, log },
    learn: ({ settings, thing }, wanted) => {
      if (!isSameButLists(settings, wanted)) return false;
      thing.learn(wanted);
      return true;
    },
  });
  return {
    ...{ start, stop },
    list: (tenantId) =>
      all()
        .filter(({ settings }) => tenantId === undefined || settings.tenantId === tenantId)
        .map(({ thing }) => thing.status()),
    settings: () => all().map(({ settings }) => settings),
    find: (tenantId, pbxId) => {
      const found = find(pbxId);
      return found?.settings.tenantId === tenantId ? found.thing : undefined;
    },
  };
}

/** What a PBX that runs can learn; all else is a new connection. */
const isSameButLists = (settings: PbxSettings, wanted: PbxSettings): boolean =>
  isDeepStrictEqual({ ...settings, extensions: null, trunks: null }, { ...wanted, extensions: null, trunks: null });
