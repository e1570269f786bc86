import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Log } from "../log.ts";

/** Where a statement runs: the pool, or one transaction. Statements are written with kysely's `sql` tag. */
export type Sql = Kysely<unknown>;

/**
 * The one store. `bigint` arrives as text, `timestamptz` as `Date`. Hot paths that want prepared statements take a client
 * of the `pool` and give it back.
 */
export interface Database {
  sql: Sql;
  pool: pg.Pool;
  url: string;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  url: string;
  poolMax: number;
  log: Log;
  /** Shown in `pg_stat_activity`. */
  applicationName?: string;
}

const CONNECT_MS = 5_000;
/** The oldest major version we support. */
const VERSION_MIN = 15;

/** Opens a pool; connects on first use. An idle connection that breaks is logged and replaced by the pool. */
export function openDatabase({ url, poolMax, log, applicationName = "enlace" }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: poolMax,
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: 60_000,
    // A connection that died without a word is given up here, not when TCP does.
    query_timeout: 70_000,
    keepAlive: true,
    idle_in_transaction_session_timeout: 60_000,
    // Our statements are short; compiling one can take longer than running it. `?options=` in the URL replaces this.
    options: "-c jit=off",
    // Statements asked for at once go out at once; see `inTransaction`.
    pipeline: true,
  });
  pool.on("error", (error) => log.warn({ error: error.message }, "database.connection_lost"));
  // A connection that breaks while in use also says so as an event, which would end the process if nobody listened.
  pool.on("connect", (client) => {
    client.on("error", (error: Error) => log.debug({ error: error.message }, "database.connection_broken"));
  });
  const sql = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  const close = async (): Promise<void> => {
    await sql.destroy(); // ends the pool only if it was used through `sql`
    if (!pool.ending) await pool.end();
  };
  return { sql, pool, url, close };
}

/** A connection outside the pool, for COPY, which cannot share one with statements on their way. The caller ends it. */
export async function connectForCopy({ url }: Database): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS, keepAlive: true });
  await client.connect();
  return client;
}

/** Throws a sentence when the server is older than PostgreSQL 15, on which our statements do not run. */
export async function assertSupportedVersion(database: Database): Promise<void> {
  const { rows } = await database.pool.query<{ number: string; name: string }>(
    "select current_setting('server_version_num') as number, current_setting('server_version') as name",
  );
  const { number = "0", name = "unknown" } = rows[0] ?? {};
  if (Number(number) >= VERSION_MIN * 10_000) return;
  throw new Error(
    `this is PostgreSQL ${name}, and Enlace needs ${VERSION_MIN} or newer: upgrade it, or unset DATABASE_URL to use Enlace's own`,
  );
}

/**
 * Runs `work` in one transaction on one client: committed when it resolves, rolled back when it throws. `begin` may add
 * `set local …` statements. It travels with the first statement of `work` and costs no round trip of its own.
 */
export async function inTransaction<T>(
  database: Database,
  work: (client: pg.PoolClient) => Promise<T>,
  begin = "begin",
): Promise<T> {
  const client = await database.pool.connect();
  try {
    const [, result] = await Promise.all([client.query(begin), work(client)]);
    await client.query("commit");
    client.release();
    return result;
  } catch (error) {
    await rollBack(client);
    throw error;
  }
}

/** A client that cannot even roll back is thrown away, and with it whatever it held. */
async function rollBack(client: pg.PoolClient): Promise<void> {
  try {
    await client.query("rollback");
    client.release();
  } catch (error) {
    client.release(error as Error);
  }
}
