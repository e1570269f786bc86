import type { ConnectionMemory, Connector, ConnectorContext, Session, TenantFacts } from "../connectors/connector.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import { toErrorMessage } from "../core/errors.ts";
import type { TenantId } from "../core/ids.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Locks } from "../kit/postgres/locks.ts";

export interface SessionPoolOptions {
  connectors: readonly Connector[];
  loadTenant(tenantId: TenantId): Promise<TenantFacts>;
  openMemory(connection: { tenantId: TenantId; id: string }): ConnectionMemory;
  exclusive: Locks["exclusive"];
  publicUrl: string;
  clock: Clock;
  log: Log;
}

/**
 * One open session per connection and process, for one version of its settings. Opened when first used, closed when the
 * version changes or nobody used it for a while; closing waits for those who are using it.
 */
export interface SessionPool {
  /** Runs `work` with the connection's session. Throws when the connector is unknown or its `open` throws. */
  use<T>(connection: ConnectionRecord, work: (session: Session) => Promise<T>): Promise<T>;
  /** The tenant's facts changed: its sessions are opened anew. */
  retireTenant(tenantId: TenantId): void;
  /** Closes what nobody uses since `IDLE_MS`, and the longest unused of too many. */
  trim(): void;
  stop(): Promise<void>;
}

interface Held {
  tenantId: TenantId;
  version: number;
  session: Promise<Session>;
  users: number;
  usedAtMs: number;
  retired: boolean;
}

const IDLE_MS = 10 * 60_000;
const SESSIONS_MAX = 1_000;

export function createSessionPool(options: SessionPoolOptions): SessionPool {
  const { clock, log } = options;
  const connectors = new Map(options.connectors.map((connector) => [connector.id, connector]));
  const current = new Map<string, Held>();
  const closing = new Set<Promise<void>>();

  async function open(connection: ConnectionRecord): Promise<Session> {
    const connector = connectors.get(connection.connector);
    if (!connector) throw new Error(`there is no connector "${connection.connector}" in this version of Enlace`);
    const tenant = await options.loadTenant(connection.tenantId);
    return connector.open(toContext(connection, tenant, options));
  }

  function hold(connection: ConnectionRecord): Held {
    const known = current.get(connection.id);
    if (known && known.version >= connection.version) return known;
    if (known) retire(connection.id, known);
    const { tenantId, version } = connection;
    const held = { tenantId, version, session: open(connection), users: 0, usedAtMs: 0, retired: false };
    held.session.catch(() => current.get(connection.id) === held && current.delete(connection.id));
    current.set(connection.id, held);
    return held;
  }

  function retire(id: string, held: Held): void {
    if (current.get(id) === held) current.delete(id);
    held.retired = true;
    if (held.users === 0) close(id, held);
  }

  function close(id: string, held: Held): void {
    const closed = held.session
      .then((session) => session.close())
      .catch((error: unknown) => log.warn({ connectionId: id, error: toErrorMessage(error) }, "session.close_failed"))
      .finally(() => closing.delete(closed));
    closing.add(closed);
  }

  return {
    use: async (connection, work) => {
      const held = hold(connection);
      held.users++;
      try {
        return await work(await held.session);
      } finally {
        held.users--;
        held.usedAtMs = clock.monotonicMs();
        if (held.retired && held.users === 0) close(connection.id, held);
      }
    },
    retireTenant: (tenantId) => {
      for (const [id, held] of current) if (held.tenantId === tenantId) retire(id, held);
    },
    trim: () => {
      const idle = [...current].filter(([, held]) => held.users === 0);
      idle.sort(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
      const oldestMs = clock.monotonicMs() - IDLE_MS;
      const surplus = current.size - SESSIONS_MAX;
      for (const [index, [id, held]] of idle.entries()) {
        if (index < surplus || held.usedAtMs < oldestMs) retire(id, held);
      }
    },
    stop: async () => {
      for (const [id, held] of [...current]) retire(id, held);
      await Promise.all(closing);
    },
  };
}

function toContext(
  connection: ConnectionRecord,
  tenant: TenantFacts,
  { clock, log, publicUrl, exclusive, openMemory }: SessionPoolOptions,
): ConnectorContext<unknown> {
  return {
    settings: connection.settings,
    tenant,
    clock,
    log: log.child({ tenantId: connection.tenantId, connectionId: connection.id, connector: connection.connector }),
    publicUrl,
    exclusive: (key, signal, work) => exclusive(`connection:${connection.id}:${key}`, signal, work),
    memory: openMemory(connection),
  };
}
