import { isDeepStrictEqual } from "node:util";
import type { Connector } from "../../connectors/connector.ts";
import { AppError } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { SecretBox } from "../../kit/secret-box.ts";
import { type Doer, writeAudit } from "../audit/audit.ts";
import { notifySettings } from "../store.ts";
import type { LaneKeeper, LaneLimits } from "./lane-keeper.ts";
import { forgetEverything } from "./memory.ts";
import { openConnection } from "./opened-connection.ts";
import { parseSettings } from "./parse-settings.ts";
import { sealSettings, toSettingsSchema } from "./settings.ts";
import { countConnections, isNameTaken, type StoredConnection, saveConnection, saveNewConnection } from "./store.ts";
import { say } from "./words.ts";

export interface ConnectionFields extends Partial<LaneLimits> {
  name: string;
  /** As the connector's schema wants them; a mask stands for the stored secret. */
  settings: unknown;
  enabled: boolean;
}

export type NewConnectionFields = ConnectionFields & { connector: string; origin: "environment" | "api" };

export interface ConnectionChangeOptions {
  clock: Clock;
  box: SecretBox;
  lanes: LaneKeeper;
  connectors: ReadonlyMap<string, Connector>;
}

/** What happens to a connection inside the transaction that changes it. Lock the tenant or the connection first. */
export interface ConnectionChanges {
  /** With its lane and its line in the audit log. */
  insert(on: Sql, doer: Doer, fields: NewConnectionFields): Promise<StoredConnection>;
  /** Saves what is given; returns the names of what really changed, for the audit log. */
  update(on: Sql, stored: StoredConnection, fields: Partial<ConnectionFields>): Promise<string[]>;
}

const CONNECTIONS_MAX = 100;
const ATTEMPTS_MAX = 20;

export function createConnectionChanges(options: ConnectionChangeOptions): ConnectionChanges {
  const { clock, box, lanes, connectors } = options;

  async function insert(
    on: Sql,
    doer: Doer,
    fields: ConnectionFields & { connector: string; origin: "environment" | "api" },
  ) {
    const { tenantId } = doer;
    const connector = connectors.get(fields.connector);
    if (!connector) throw invalidField("connector", `there is no connector "${fields.connector}"`);
    if ((await countConnections(on, tenantId)) >= CONNECTIONS_MAX) {
      throw new AppError("conflict", say("tooMany", { max: CONNECTIONS_MAX }));
    }
    await refuseTakenName(on, tenantId, fields.name);
    const schema = toSettingsSchema(connector.settings);
    const settings = sealSettings(box, tenantId, {
      schema,
      settings: parseSettings(connector, fields.settings, undefined),
    });
    const { name, enabled, origin } = fields;
    const at = clock.now();
    const stored = await saveNewConnection(
      on,
      { tenantId, connector: connector.id, name, settings, origin, enabled },
      at,
    );
    await lanes.create(on, {
      tenantId,
      connectionId: stored.id,
      concurrency: fields.concurrency ?? connector.pace.concurrency,
      perSecond: fields.perSecond === undefined ? connector.pace.perSecond : fields.perSecond,
      attemptsMax: fields.attemptsMax ?? ATTEMPTS_MAX,
    });
    const detail = { connector: connector.id, name, origin };
    await writeAudit(on, doer, { action: "connection.create", target: `connection:${stored.id}`, detail, at });
    await notifySettings(on, tenantId);
    return stored;
  }

  async function update(on: Sql, stored: StoredConnection, fields: Partial<ConnectionFields>): Promise<string[]> {
    const { tenantId, id } = stored;
    const connector = connectors.get(stored.connector);
    if (!connector) throw new AppError("conflict", say("noConnector", { connector: stored.connector }));
    const old = openConnection(stored, options).settings;
    const settings = fields.settings === undefined ? old : parseSettings(connector, fields.settings, old);
    const isNew = fields.settings !== undefined && !isDeepStrictEqual(settings, old);
    if (fields.name !== undefined && fields.name !== stored.name) await refuseTakenName(on, tenantId, fields.name);
    const schema = toSettingsSchema(connector.settings);
    const next = {
      ...stored,
      name: fields.name ?? stored.name,
      enabled: fields.enabled ?? stored.enabled,
      settings: isNew ? sealSettings(box, tenantId, { schema, settings }) : stored.settings,
      version: isNew ? stored.version + 1 : stored.version,
    };
    await saveConnection(on, next, clock.now());
    const { concurrency, perSecond, attemptsMax } = fields;
    const limits = Object.entries({ concurrency, perSecond, attemptsMax }).filter(([, value]) => value !== undefined);
    await lanes.change(on, { tenantId, connectionId: id, ...Object.fromEntries(limits) });
    if (isNew) {
      await forgetEverything(on, { tenantId, id });
      await lanes.release(on, { tenantId, connectionId: id });
    }
    const names = (["name", "enabled"] as const).filter((key) => next[key] !== stored[key]);
    return [...names, ...(isNew ? ["settings"] : []), ...limits.map(([key]) => key)];
  }

  return { insert, update };
}

function invalidField(path: string, message: string): AppError {
  return new AppError("invalid_field", `${path}: ${message}`, { fields: [{ path, message }] });
}

async function refuseTakenName(on: Sql, tenantId: TenantId, name: string): Promise<void> {
  if (await isNameTaken(on, tenantId, name)) {
    throw new AppError("conflict", say("nameTaken", { name }));
  }
}
