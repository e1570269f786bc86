import { sql } from "kysely";
import type { Database } from "./database.ts";

/** Tables that are cut by month, and by which instant. Names of partitions are `<table>_yYYYYmMM`. */
const PARTITIONED = ["facts", "deliveries", "attempts", "number_attempts", "dial_attempts"] as const;

/** How full a page is made, in percent: what changes soon after it was written changes in its place if there is room. */
const FILL: Partial<Record<(typeof PARTITIONED)[number], number>> = { dial_attempts: 60, number_attempts: 70 };

/**
 * Makes the months from the one before `now` to `monthsAhead` after it. Idempotent, and safe when several processes do it
 * at once.
 */
export async function ensurePartitions(database: Database, now: Date, monthsAhead = 2): Promise<void> {
  await database.sql.transaction().execute(async (transaction) => {
    await sql`select pg_advisory_xact_lock(hashtext('enlace.partitions'))`.execute(transaction);
    for (const table of PARTITIONED) {
      for (let month = -1; month <= monthsAhead; month++) {
        await sql.raw(toPartitionDdl(table, startOfMonth(now, month))).execute(transaction);
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

/** The statement that makes a partition of this name, if it is one of ours: for restoring a backup. */
export function toPartitionStatement(name: string): string | undefined {
  const [, table, year, month] = /^([a-z_]+)_y(\d{4})m(0[1-9]|1[0-2])$/.exec(name) ?? [];
  const known = PARTITIONED.find((candidate) => candidate === table);
  return known && toPartitionDdl(known, new Date(Date.UTC(Number(year), Number(month) - 1, 1)));
}

function toPartitionDdl(table: (typeof PARTITIONED)[number], from: Date): string {
  const to = startOfMonth(from, 1);
  const fill = FILL[table];
  return `create table if not exists ${partitionName(table, from)} partition of ${table}
    for values from ('${from.toISOString()}') to ('${to.toISOString()}')${fill === undefined ? "" : ` with (fillfactor = ${fill})`}`;
}

function startOfMonth(now: Date, offset: number): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset, 1));
}

function partitionName(table: string, month: Date): string {
  return `${table}_y${month.getUTCFullYear()}m${String(month.getUTCMonth() + 1).padStart(2, "0")}`;
}
