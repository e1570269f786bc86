import type { Connector } from "../../connectors/connector.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { type ConnectionCache, type ConnectionCacheOptions, createConnectionCache } from "./connection-cache.ts";
import { type ConnectionFields, createConnectionChanges } from "./connection-changes.ts";
import { applyEnvironmentConnection, type EnvironmentConnection } from "./environment.ts";
import type { LaneKeeper } from "./lane-keeper.ts";
import { createMemory, forgetEverything, type MemoryOptions } from "./memory.ts";
import { connectionNotFound, type ShownConnection, showConnection, showConnections } from "./shown-connection.ts";
import { loadConnection, loadConnections, lockConnection, markRemoved, type StoredConnection } from "./store.ts";

/** A tenant's connections: who may be delivered to, with which settings. Their lanes belong to the way out. */
export interface Connections extends Pick<ConnectionCache, "listRoutable" | "load"> {
  list(
    tenantId: TenantId,
    page: { afterId: string; rowsMax: number; connector?: string | undefined },
  ): Promise<ShownConnection[]>;
  show(tenantId: TenantId, id: string): Promise<ShownConnection>;
  create(doer: Doer, fields: ConnectionFields & { connector: string }): Promise<ShownConnection>;
  /** Other settings make a new version: sessions are opened anew, what was remembered is forgotten, a hold ends. */
  update(doer: Doer, id: string, fields: Partial<ConnectionFields>): Promise<ShownConnection>;
  /** What waits for it is discarded. */
  remove(doer: Doer, id: string): Promise<void>;
  pause(doer: Doer, id: string): Promise<ShownConnection>;
  resume(doer: Doer, id: string): Promise<ShownConnection>;
  /** A check went well: ends a hold, if there is one. */
  release(doer: Doer, id: string): Promise<void>;
  /**
   * Keeps the tenant's one connection of this connector that comes from the environment in step with it: made when missing,
   * a new version only when a given setting really differs, other settings left as people set them. Safe when several
   * processes start at once. Throws `AppError` when the settings do not fit the connector.
   */
  applyEnvironmentConnection(given: EnvironmentConnection): Promise<"created" | "updated" | "unchanged">;
  openMemory: ReturnType<typeof createMemory>;
  stop(): void;
}

export interface ConnectionsOptions extends Omit<ConnectionCacheOptions, "connectors">, MemoryOptions {
  connectors: readonly Connector[];
  lanes: LaneKeeper;
}

type Deed = { action: string; detail?: Record<string, unknown> };
/** Returns what was done, or `null` when nothing was. */
type Work = (on: Sql, stored: StoredConnection) => Promise<Deed | null>;

export function createConnections(options: ConnectionsOptions): Connections {
  const { database, lanes } = options;
  const connectors = new Map(options.connectors.map((connector) => [connector.id, connector]));
  const whole = { ...options, connectors };
  const cache = createConnectionCache(whole);
  const changes = createConnectionChanges(whole);
  const change = createChange(options, cache);
  const show = (stored: StoredConnection | null, from = database.sql) => showConnection(from, stored, whole);

  async function changeAndShow(doer: Doer, id: string, work: Work): Promise<ShownConnection> {
    await change(doer, id, work);
    return show(await loadConnection(database.sql, doer.tenantId, id));
  }

  return {
    listRoutable: cache.listRoutable,
    load: cache.load,
    openMemory: createMemory(options),
    stop: cache.stop,
    list: async (tenantId, page) =>
      showConnections(database.sql, await loadConnections(database.sql, tenantId, page), whole),
    show: async (tenantId, id) => show(await loadConnection(database.sql, tenantId, id)),
    create: async (doer, fields) => {
      const stored = await database.sql.transaction().execute(async (on) => {
        await lockTenant(on, doer.tenantId);
        return changes.insert(on, doer, { ...fields, origin: "api" });
      });
      cache.forget(doer.tenantId);
      return show(stored);
    },
    update: (doer, id, fields) =>
      changeAndShow(doer, id, async (on, stored) => {
        const changed = await changes.update(on, stored, fields);
        return changed.length === 0 ? null : { action: "connection.update", detail: { changed } };
      }),
    remove: (doer, id) =>
      change(doer, id, async (on, stored) => {
        await lanes.remove(on, { tenantId: doer.tenantId, connectionId: id });
        await forgetEverything(on, stored);
        await markRemoved(on, stored, options.clock.now());
        return { action: "connection.remove", detail: { name: stored.name } };
      }),
    pause: (doer, id) =>
      changeAndShow(doer, id, async (on) => {
        const isPaused = await lanes.pause(on, { tenantId: doer.tenantId, connectionId: id, by: doer.actor });
        return isPaused ? { action: "connection.pause" } : null;
      }),
    resume: (doer, id) =>
      changeAndShow(doer, id, async (on) => {
        await lanes.resume(on, { tenantId: doer.tenantId, connectionId: id });
        return { action: "connection.resume" };
      }),
    release: (doer, id) =>
      change(doer, id, async (on) => {
        const wasHeld = await lanes.release(on, { tenantId: doer.tenantId, connectionId: id });
        return wasHeld ? { action: "connection.release" } : null;
      }),
    applyEnvironmentConnection: async (given) => {
      const result = await applyEnvironmentConnection(given, whole);
      cache.forget(given.tenantId);
      return result;
    },
  };
}

/** One change: tenant and connection locked, the deed written into the audit log and told to every process. */
function createChange({ database, clock }: ConnectionsOptions, cache: ConnectionCache) {
  return async (doer: Doer, id: string, work: Work): Promise<void> => {
    await database.sql.transaction().execute(async (on) => {
      await lockTenant(on, doer.tenantId);
      const stored = await lockConnection(on, doer.tenantId, id);
      if (!stored) throw connectionNotFound();
      const deed = await work(on, stored);
      if (!deed) return;
      await writeAudit(on, doer, { ...deed, target: `connection:${id}`, at: clock.now() });
      await notifySettings(on, doer.tenantId);
    });
    cache.forget(doer.tenantId);
  };
}
