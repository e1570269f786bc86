import type { Connector } from "../../connectors/connector.ts";
import { AppError } from "../../core/errors.ts";
import type { Sentence } from "../../core/sentence.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import type { SecretBox } from "../../kit/secret-box.ts";
import type { LaneKeeper, LaneStatus } from "./lane-keeper.ts";
import { openConnection } from "./opened-connection.ts";
import { maskSecrets, toSettingsSchema } from "./settings.ts";
import type { StoredConnection } from "./store.ts";
import { say } from "./words.ts";

/** A connection as people see it: secrets masked, with the state of its lane. */
export interface ShownConnection extends Omit<StoredConnection, "settings"> {
  settings: unknown;
  problem: Sentence | null;
  lane: LaneStatus;
}

export interface ShowOptions {
  box: SecretBox;
  connectors: ReadonlyMap<string, Connector>;
  lanes: LaneKeeper;
}

/** Connections of one tenant with their lanes. */
export async function showConnections(
  from: Sql,
  stored: readonly StoredConnection[],
  options: ShowOptions,
): Promise<ShownConnection[]> {
  const [first] = stored;
  if (!first) return [];
  const status = await options.lanes.loadStatus(
    from,
    first.tenantId,
    stored.map(({ id }) => id),
  );
  return stored.map((connection) => {
    const lane = status.get(connection.id);
    if (!lane) throw new Error(`connection ${connection.id} has no lane`);
    return { ...connection, ...toShownSettings(connection, options), lane };
  });
}

/** Throws `not_found` for `null`. */
export async function showConnection(
  from: Sql,
  stored: StoredConnection | null,
  options: ShowOptions,
): Promise<ShownConnection> {
  const [shown] = stored ? await showConnections(from, [stored], options) : [];
  if (!shown) throw connectionNotFound();
  return shown;
}

export const connectionNotFound = (): AppError => new AppError("not_found", say("none"));

/** What cannot be opened cannot be shown either: the administrator sees why and enters it anew. */
function toShownSettings(
  stored: StoredConnection,
  { box, connectors }: ShowOptions,
): { settings: unknown; problem: Sentence | null } {
  const { settings, problem } = openConnection(stored, { box, connectors });
  const connector = connectors.get(stored.connector);
  if (problem !== null || !connector) return { settings: {}, problem };
  return { settings: maskSecrets(toSettingsSchema(connector.settings), settings), problem };
}
