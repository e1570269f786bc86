// A database per test file, cloned from a template that is migrated once per schema.
import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after } from "node:test";
import pg from "pg";
import { createLog } from "../src/kit/log.ts";
import { type Database, openDatabase } from "../src/kit/postgres/database.ts";
import { migrate } from "../src/kit/postgres/migrate.ts";
import { ensurePartitions } from "../src/kit/postgres/partitions.ts";

const MIGRATIONS = join(import.meta.dirname, "..", "migrations");
export const silentLog = createLog({ level: "silent", format: "json" });

/** Address of the test server, given by `npm test`; see test/run.ts. */
export function testServerUrl(): string {
  const url = process.env.ENLACE_TEST_DATABASE_URL;
  if (!url) throw new Error("run this through `npm test -- <file>`, which starts PostgreSQL for it");
  return url;
}

/**
 * Creates an empty, migrated database with partitions around `now`, closed and dropped when the test file ends.
 * Call it once at the top of a test file.
 */
export async function createTestDatabase(now = new Date()): Promise<Database> {
  const database = await createDatabaseFrom(await ensureTemplate());
  await ensurePartitions(database, now);
  return database;
}

/** Creates a database with no schema, closed and dropped when the test file ends. */
export function createEmptyDatabase(): Promise<Database> {
  return createDatabaseFrom("template0");
}

async function createDatabaseFrom(template: string): Promise<Database> {
  const name = `test_${process.pid}_${randomBytes(5).toString("hex")}`;
  await asAdmin((client) => createFromTemplate(client, name, template));
  const database = openDatabase({ url: urlOf(name), poolMax: 10, log: silentLog });
  after(async () => {
    await database.close();
    await asAdmin((client) => drop(client, name));
  });
  return database;
}

/** A server process of another owner, such as autovacuum, may be looking in; it leaves by itself. */
async function drop(client: pg.Client, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`drop database if exists ${name} with (force)`);
      return;
    } catch (error) {
      if (tries === 20 || !(error instanceof pg.DatabaseError) || error.code !== INSUFFICIENT_PRIVILEGE) throw error;
      await client.query("select pg_sleep(0.25)");
    }
  }
}
const INSUFFICIENT_PRIVILEGE = "42501";

async function ensureTemplate(): Promise<string> {
  const hash = createHash("sha1");
  for (const file of readdirSync(MIGRATIONS).sort()) hash.update(readFileSync(join(MIGRATIONS, file)));
  const name = `template_${hash.digest("hex").slice(0, 12)}`;
  await asAdmin(async (client) => {
    await client.query("select pg_advisory_lock(4711)"); // released with the connection
    const { rowCount } = await client.query("select from pg_database where datname = $1 and datistemplate", [name]);
    if (rowCount) return;
    await client.query(`drop database if exists ${name} with (force)`);
    await client.query(`create database ${name}`);
    const database = openDatabase({ url: urlOf(name), poolMax: 1, log: silentLog });
    await migrate(database, MIGRATIONS);
    await database.close();
    await client.query(`alter database ${name} is_template true`);
  });
  return name;
}

/** PostgreSQL refuses to copy a template that anybody is connected to: copies take turns. */
async function createFromTemplate(client: pg.Client, name: string, template: string): Promise<void> {
  await client.query("select pg_advisory_lock(4712)");
  await client.query(`create database ${name} template ${template}`);
}

function urlOf(database: string): string {
  const url = new URL(testServerUrl());
  url.pathname = `/${database}`;
  return url.href;
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: testServerUrl() });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
