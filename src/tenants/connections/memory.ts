import { sql } from "kysely";
import type { ConnectionMemory } from "../../connectors/connector.ts";
import type { TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database, Sql } from "../../kit/postgres/database.ts";
import { SealError, type SecretBox } from "../../kit/secret-box.ts";

export interface MemoryOptions {
  database: Database;
  clock: Clock;
  box: SecretBox;
  log: Log;
}

const VALUE_CHARS_MAX = 8 * 1024;
const KEY_CHARS_MAX = 200;

/**
 * What a connection remembers between attempts and processes: sessions over there, contacts found. Sealed, since a session's
 * name is as good as a password. Throws `RangeError` on a value or key that is too long, which is the connector's bug.
 */
export function createMemory({ database, clock, box, log }: MemoryOptions) {
  return ({ tenantId, id }: { tenantId: TenantId; id: string }): ConnectionMemory => {
    const ownerOf = (key: string) => ({ tenantId, field: `memory:${id}:${key}` });
    return {
      load: async (key) => {
        const { rows } = await sql<{ sealed: string }>`
          select sealed from connection_memory
           where tenant_id = ${tenantId} and connection_id = ${id} and key = ${key} and expires_at > ${clock.now()}`.execute(
          database.sql,
        );
        if (!rows[0]) return null;
        try {
          return box.open(rows[0].sealed, ownerOf(key));
        } catch (error) {
          if (!(error instanceof SealError)) throw error;
          log.warn({ tenantId, connectionId: id, key, error: error.message }, "memory.unreadable"); // as good as forgotten
          return null;
        }
      },
      save: async (key, value, ttlMs) => {
        if (value.length > VALUE_CHARS_MAX) throw new RangeError(`memory value of ${value.length} characters`);
        if (key.length > KEY_CHARS_MAX) throw new RangeError(`memory key of ${key.length} characters`);
        const now = clock.now();
        const expiresAt = new Date(now.getTime() + ttlMs);
        await save(database.sql, { tenantId, id, key, sealed: box.seal(value, ownerOf(key)), expiresAt, now });
      },
      forget: async (key) => {
        await sql`delete from connection_memory
                   where tenant_id = ${tenantId} and connection_id = ${id} and key = ${key}`.execute(database.sql);
      },
    };
  };
}

interface Entry {
  tenantId: TenantId;
  id: string;
  key: string;
  sealed: string;
  expiresAt: Date;
  now: Date;
}

/** Each entry clears away up to two that ended, so the table holds what is alive and needs no gardener. */
async function save(on: Sql, { tenantId, id, key, sealed, expiresAt, now }: Entry): Promise<void> {
  await sql`
    with old as (
      select tenant_id, connection_id, key from connection_memory where expires_at <= ${now}
       order by expires_at limit 2 for update skip locked
    ), cleared as (
      delete from connection_memory m using old
       where m.tenant_id = old.tenant_id and m.connection_id = old.connection_id and m.key = old.key and m.key <> ${key}
    )
    insert into connection_memory (tenant_id, connection_id, key, sealed, expires_at)
    values (${tenantId}, ${id}, ${key}, ${sealed}, ${expiresAt})
    on conflict (tenant_id, connection_id, key) do update set sealed = excluded.sealed, expires_at = excluded.expires_at`.execute(
    on,
  );
}

/** Everything a connection remembers: its settings are others now. */
export async function forgetEverything(on: Sql, { tenantId, id }: { tenantId: TenantId; id: string }): Promise<void> {
  await sql`delete from connection_memory where tenant_id = ${tenantId} and connection_id = ${id}`.execute(on);
}
