import type { TenantId } from "../../core/ids.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { writeAudit } from "../audit/audit.ts";
import { lockTenant, notifySettings } from "../store.ts";
import { type ConnectionChangeOptions, createConnectionChanges } from "./connection-changes.ts";
import { openConnection } from "./opened-connection.ts";
import { loadEnvironmentConnection } from "./store.ts";

export interface EnvironmentConnection {
  tenantId: TenantId;
  connector: string;
  name: string;
  settings: Readonly<Record<string, unknown>>;
  attemptsMax?: number | undefined;
}

/** See `Connections.applyEnvironmentConnection`. */
export async function applyEnvironmentConnection(
  given: EnvironmentConnection,
  options: ConnectionChangeOptions & { database: Database },
): Promise<"created" | "updated" | "unchanged"> {
  const { tenantId, connector, name, settings, attemptsMax } = given;
  const { lanes, clock } = options;
  const changes = createConnectionChanges(options);
  const doer = { tenantId, actor: "enlace", address: "" };
  const limits = attemptsMax === undefined ? {} : { attemptsMax };
  return options.database.sql.transaction().execute(async (on) => {
    await lockTenant(on, tenantId);
    const stored = await loadEnvironmentConnection(on, tenantId, connector);
    if (!stored) {
      await changes.insert(on, doer, { connector, name, settings, enabled: true, origin: "environment", ...limits });
      return "created";
    }
    const old = openConnection(stored, options).settings as Record<string, unknown> | null;
    const lane = (await lanes.loadStatus(on, tenantId, [stored.id])).get(stored.id);
    const newLimits = lane?.attemptsMax === attemptsMax ? {} : limits;
    const changed = await changes.update(on, stored, { settings: { ...old, ...settings }, ...newLimits });
    if (changed.length === 0) return "unchanged";
    const detail = { changed, origin: "environment" };
    const target = `connection:${stored.id}`;
    await writeAudit(on, doer, { action: "connection.update", target, detail, at: clock.now() });
    await notifySettings(on, tenantId);
    return "updated";
  });
}
