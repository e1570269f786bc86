import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Listener } from "../../kit/postgres/listener.ts";
import type { Project } from "../project.ts";
import type { Trunk } from "../trunk.ts";
import { type DialerLimits, INSTALLATION, loadAllLimits, TENANT_DEFAULTS } from "./limits-store.ts";

/** The limits of everything a call belongs to, by the key of its slots and its pace; read anew all the time. */
export interface Limits {
  perSecond(key: string): number | null;
  channelsMax(key: string): number | null;
  of(tenantId: TenantId): DialerLimits;
  /** What projects and trunks allow, as they were last loaded. */
  noteProject(project: Project): void;
  noteTrunk(trunk: Trunk): void;
  /** Resolves once what is stored now holds here. Rejects when it cannot be loaded. */
  reload(): Promise<void>;
  /** Rejects when they cannot be loaded. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Everybody's calls, a tenant's, a project's, a trunk's. */
export const ALL = "all";
export const tenantKey = (id: TenantId): string => `tenant:${id}`;
export const projectKey = (id: RowId): string => `project:${id}`;
export const trunkKey = (id: RowId): string => `trunk:${id}`;

/** Changes ring a bell; whoever misses it looks soon. */
const LOOK_EVERY_MS = 2_000;

export interface LimitsOptions {
  database: Database;
  listener: Pick<Listener, "on">;
  clock: Clock;
  log: Log;
}

export function createLimits({ database, listener, clock, log }: LimitsOptions): Limits {
  let stored: ReadonlyMap<number, DialerLimits> = new Map();
  const projects = new Map<string, Project>();
  const trunks = new Map<string, Trunk>();
  let unsubscribe = (): void => undefined;

  let last = Promise.resolve();

  /** One after the other: an answer that comes late must not undo a newer one. */
  function reload(): Promise<void> {
    const own = last.then(async () => {
      stored = await loadAllLimits(database);
    });
    last = own.catch(() => undefined); // told to who asked for it
    return own;
  }
  const loop = createLoop({ name: "dialer_limits", everyMs: LOOK_EVERY_MS, work: reload, clock, log });
  const of = (tenantId: TenantId): DialerLimits => stored.get(tenantId) ?? TENANT_DEFAULTS;
  const installation = (): DialerLimits | undefined => stored.get(INSTALLATION);
  const tenantOf = (key: string): TenantId => Number(key.slice(key.indexOf(":") + 1)) as TenantId;

  return {
    of,
    perSecond: (key) => {
      if (key === ALL) return installation()?.perSecond ?? null;
      if (key.startsWith("tenant:")) return of(tenantOf(key)).perSecond;
      return trunks.get(key)?.perSecond ?? null;
    },
    channelsMax: (key) => {
      if (key === ALL) return installation()?.channelsMax ?? null;
      if (key.startsWith("tenant:")) return of(tenantOf(key)).channelsMax;
      const trunk = trunks.get(key);
      if (!trunk) return projects.get(key)?.channelsMax ?? null;
      return Math.min(trunk.channelsMax, of(trunk.tenantId).channelsPerTrunk ?? trunk.channelsMax);
    },
    noteProject: (project) => void projects.set(projectKey(project.id), project),
    noteTrunk: (trunk) => void trunks.set(trunkKey(trunk.id), trunk),
    reload,
    start: async () => {
      await reload();
      unsubscribe = listener.on("settings", () => {
        reload().catch((error: unknown) => log.warn({ err: error }, "dialer.limits_not_loaded"));
      });
      loop.start();
    },
    stop: async () => {
      unsubscribe();
      await loop.stop();
    },
  };
}
