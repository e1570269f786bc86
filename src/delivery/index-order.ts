import type pg from "pg";
import { type Database, inTransaction } from "../kit/postgres/database.ts";

/**
 * A queue is empty when statistics are taken and long when it matters. Believing them, the planner would read and sort all
 * that waits to find the first; the index has it in order already. So statements that ask for the first few of a queue are
 * planned with sorting and whole-table reading as the last resort. Compiling them would take longer than running them.
 */
const BEGIN = "begin; set local enable_sort = off; set local enable_seqscan = off; set local jit = off";

/** As `inTransaction`, for statements over the queue's indexes. */
export function inIndexOrder<T>(database: Database, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(database, work, BEGIN);
}
