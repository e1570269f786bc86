import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import { type MigrationProvider, Migrator } from "kysely/migration";
import type { Database } from "./database.ts";

/**
 * Brings the schema up to date: `migrations/NNNN_name.sql` in order, each in the one transaction of the run, forward only.
 * Processes that start at once wait for each other. Returns the names applied now. Throws with the failing file's name, and
 * when the database is ahead of this code (an older Enlace on a newer database would guess).
 */
export async function migrate(database: Database, folder: string): Promise<string[]> {
  const migrator = new Migrator({
    db: database.sql,
    provider: sqlFiles(folder),
    migrationTableName: "enlace_migrations",
    migrationLockTableName: "enlace_migrations_lock",
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  const failed = results.find((result) => result.status === "Error");
  if (failed) throw new Error(`migration ${failed.migrationName} failed: ${messageOf(error)}`, { cause: error });
  if (error !== undefined)
    throw new Error(`the schema cannot be brought up to date: ${messageOf(error)}`, { cause: error });
  return results.filter((result) => result.status === "Success").map((result) => result.migrationName);
}

function sqlFiles(folder: string): MigrationProvider {
  return {
    getMigrations: async () => {
      const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
      const entries = names.map(async (name) => {
        const text = await readFile(join(folder, name), "utf8");
        return [
          name.slice(0, -".sql".length),
          { up: async (db: Database["sql"]) => void (await sql.raw(text).execute(db)) },
        ];
      });
      return Object.fromEntries(await Promise.all(entries));
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
