import type pg from "pg";
import { type Database, inTransaction } from "../kit/postgres/database.ts";

/**
 * A queue is empty when statistics are taken and long when it matters. Believing them, the planner would read and sort all
 * that waits to find the first few; the indexes have them in order already. So statements that ask for the first of a queue
 * are planned to walk the indexes, whatever the statistics say. Compiling or planning them
 * each time would take longer than running them.
 */
const BEGIN = [
  "begin",
  ...["sort", "seqscan", "bitmapscan", "hashjoin", "mergejoin", "material"].map(
    (way) => `set local enable_${way} = off`,
  ),
  "set local jit = off",
  "set local plan_cache_mode = force_generic_plan",
].join("; ");

/**
 * What a row of `deliveries` cannot be without. A statement that changes rows it has found and locked inserts them once more
 * with `on conflict (tenant_id, id, subject_created_at) do update`: each finds its row by the key. An UPDATE would be a join,
 * and with the statistics of an empty table the planner reads the whole table for it.
 */
export const ROW =
  "tenant_id, id, connection_id, subject_kind, subject_id, subject_created_at, kind, name, sequence, state, revision, due_at, created_at, updated_at";

/** As `inTransaction`, for statements over the queue's indexes. */
export function inIndexOrder<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(database, work, BEGIN);
}
