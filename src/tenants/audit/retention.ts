import { sql } from "kysely";
import type { Database } from "../../kit/postgres/database.ts";

const ENTRIES_PER_BATCH = 5_000;

/**
 * Deletes entries of the log of changes from months that ended more than `keepMonths` months before `now`. Small batches;
 * stops early when `signal` aborts. Returns how many went.
 */
export async function dropOldAudit(
  database: Database,
  { now, keepMonths, signal }: { now: Date; keepMonths: number; signal?: AbortSignal },
): Promise<number> {
  const oldest = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - keepMonths, 1));
  let dropped = 0;
  while (!signal?.aborted) {
    const { numAffectedRows } = await sql`
      delete from audit_log where ctid = any(array(
        select ctid from audit_log where at < ${oldest} limit ${ENTRIES_PER_BATCH} for update skip locked))`.execute(
      database.sql,
    );
    if (!numAffectedRows) break;
    dropped += Number(numAffectedRows);
  }
  return dropped;
}
