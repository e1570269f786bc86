import { after } from "node:test";
import pg from "pg";
import { testServerUrl } from "./database.ts";

/** Creates a database without any table on the test server, dropped when the test file ends; resolves with its URL. */
export async function createEmptyDatabase(name: string): Promise<string> {
  const database = `empty_${name}_${process.pid}`;
  await run(`create database ${database}`);
  after(() => run(`drop database if exists ${database} with (force)`));
  const url = new URL(testServerUrl());
  url.pathname = `/${database}`;
  return url.href;
}

async function run(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: testServerUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
