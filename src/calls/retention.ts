import { sql } from "kysely";
import type { Database } from "../kit/postgres/database.ts";

const CALLS_PER_BATCH = 2_000;

/**
 * Deletes calls that we first heard of in months that ended more than `keepMonths` months before `now`: the same months as
 * `dropOldPartitions` drops facts, deliveries and attempts of. Run it before that, so that a fact that comes late makes a
 * new call instead of meeting half of an old one. Small batches; stops early when `signal` aborts. Returns how many went.
 */
export async function dropOldCalls(
  database: Database,
  { now, keepMonths, signal }: { now: Date; keepMonths: number; signal?: AbortSignal },
): Promise<number> {
  const oldest = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - keepMonths, 1));
  let dropped = 0;
  while (!signal?.aborted) {
    const { numAffectedRows } = await sql`
      delete from calls where ctid = any(array(
        select ctid from calls where created_at < ${oldest} limit ${CALLS_PER_BATCH} for update skip locked))`.execute(
      database.sql,
    );
    if (!numAffectedRows) break;
    dropped += Number(numAffectedRows);
  }
  return dropped;
}
