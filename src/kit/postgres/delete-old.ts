import { sql } from "kysely";
import type { Database } from "./database.ts";

const ROWS_PER_BATCH = 2_000;

export interface OldRows {
  table: string;
  /** Its `timestamptz` that says how old a row is. */
  column: string;
  now: Date;
  keepMonths: number;
  /** Stops between two batches. */
  signal?: AbortSignal | undefined;
}

/**
 * Deletes rows of months that ended more than `keepMonths` months before `now`, in small batches. The months are those of
 * `dropOldPartitions`. Returns how many went.
 */
export async function deleteOld(
  database: Database,
  { table, column, now, keepMonths, signal }: OldRows,
): Promise<number> {
  const oldest = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - keepMonths, 1));
  const from = sql.table(table);
  let deleted = 0;
  while (!signal?.aborted) {
    const { numAffectedRows } = await sql`
      delete from ${from} where ctid = any(array(
        select ctid from ${from} where ${sql.ref(column)} < ${oldest} limit ${ROWS_PER_BATCH} for update skip locked))`.execute(
      database.sql,
    );
    if (!numAffectedRows) break;
    deleted += Number(numAffectedRows);
  }
  return deleted;
}
