import type pg from "pg";
import { type Database, inTransaction } from "./database.ts";

/**
 * A queue may be empty when statistics are taken and long when it matters. Believing them, the planner would read and sort
 * all that waits to find the first few; the indexes have them in order already. Statements that ask for the first of a queue,
 * or for rows by their key, are planned to walk the indexes whatever the statistics say, and are planned once.
 */
const BEGIN = [
  "begin",
  ...["sort", "seqscan", "bitmapscan", "hashjoin", "mergejoin", "material"].map(
    (way) => `set local enable_${way} = off`,
  ),
  "set local jit = off",
  "set local plan_cache_mode = force_generic_plan",
].join("; ");

/** As `inTransaction`, for statements over a queue's indexes. */
export function inIndexOrder<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(database, work, BEGIN);
}
