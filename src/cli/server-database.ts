import type { Database } from "../kit/postgres/database.ts";

/**
 * Opens the database that a server with this environment would use: DATABASE_URL, or the embedded one, joined when Enlace
 * runs and started for the while when it does not. `migrated` brings the schema up to date first; no tenant is made.
 * Its connections call themselves `enlace-cli` (application_name), so that a restore can tell them from Enlace at work.
 */
export type OpenServerDatabase = (options: { migrated: boolean }) => Promise<ServerDatabase>;

export interface ServerDatabase {
  database: Database;
  /** ENLACE_SECRET in use, then the previous ones. */
  secrets: readonly [string, ...string[]];
  close(): Promise<void>;
}
