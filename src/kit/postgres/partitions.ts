import { sql } from "kysely";
import type { Database } from "./database.ts";

/** Tables that are cut by month, and by which instant. Names of partitions are `<table>_yYYYYmMM`. */
const PARTITIONED = ["facts", "deliveries", "attempts"] as const;

/**
 * Makes the months from the one before `now` to `monthsAhead` after it. Idempotent, and safe when several processes do it
 * at once.
 */
export async function ensurePartitions(database: Database, now: Date, monthsAhead = 2): Promise<void> {
  await database.sql.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('enlace.partitions'))`.execute(transaction);
    for (const table of PARTITIONED) {
      for (let month = -1; month <= monthsAhead; month++) {
        const [from, to] = [startOfMonth(now, month), startOfMonth(now, month + 1)];
        await sql`create table if not exists ${sql.id(partitionName(table, from))} partition of ${sql.id(table)}
          for values from (${sql.lit(from.toISOString())}) to (${sql.lit(to.toISOString())})`.execute(transaction);
      }
    }
  });
}

/** Drops months that ended more than `keepMonths` months before `now`. Returns the names of what was dropped. */
export async function dropOldPartitions(database: Database, now: Date, keepMonths: number): Promise<string[]> {
  const oldest = startOfMonth(now, -keepMonths);
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
     where p.relname in (${sql.join([...PARTITIONED])})`.execute(database.sql);
  const old = PARTITIONED.flatMap((table) =>
    rows.map(({ name }) => name).filter((name) => name.startsWith(`${table}_y`) && name < partitionName(table, oldest)),
  );
  for (const name of old) await sql`drop table if exists ${sql.id(name)}`.execute(database.sql);
  return old;
}

function startOfMonth(now: Date, offset: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1));
}

function partitionName(table: string, month: Date): string {
  return `${table}_y${month.getUTCFullYear()}m${String(month.getUTCMonth() + 1).padStart(2, "0")}`;
}
