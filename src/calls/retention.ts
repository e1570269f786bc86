import type { Database } from "../kit/postgres/database.ts";
import { deleteOld } from "../kit/postgres/delete-old.ts";

/**
 * Deletes calls that we first heard of in months past keeping: the same months as `dropOldPartitions` drops facts, deliveries
 * and attempts of. Run it before that, so that a fact that comes late makes a new call instead of meeting half of an old one.
 * Returns how many went.
 */
export function dropOldCalls(
  database: Database,
  options: { now: Date; keepMonths: number; signal?: AbortSignal },
): Promise<number> {
  return deleteOld(database, { table: "calls", column: "created_at", ...options });
}
