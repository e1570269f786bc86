import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { systemClock } from "../src/kit/clock.ts";
import { createLog } from "../src/kit/log.ts";
import { startEmbeddedPostgres } from "../src/kit/postgres/embedded.ts";
import { systemRandom } from "../src/kit/random.ts";
import { type Child, startChild } from "./process.ts";

export const SECRET = "a secret of the benchmark";
export const ENLACE_SECRET = "a secret for the benchmark, 32 characters";
export const ADMIN_PASSWORD = "a password of the benchmark";
const ROOT = join(import.meta.dirname, "..");

/** One durable PostgreSQL for a whole run, as Enlace itself would start it, and a database in it for every contender. */
export interface Stage {
  createDatabase(name: string): Promise<string>;
  postgresPid(): Promise<number>;
  stop(): Promise<void>;
}

export async function openStage(): Promise<Stage> {
  const dataFolder = await mkdtemp(join(tmpdir(), "enlace-bench-"));
  const log = createLog({ level: "error", format: "json" });
  const postgres = await startEmbeddedPostgres({ dataFolder, clock: systemClock, random: systemRandom, log });
  return {
    createDatabase: async (name) => {
      await execute(postgres.url, `create database "${name}"`);
      const url = new URL(postgres.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    postgresPid: async () => {
      const file = await readFile(join(dataFolder, "postgres", "cluster", "postmaster.pid"), "utf8");
      return Number.parseInt(file, 10);
    },
    stop: async () => {
      await postgres.stop();
      await rm(dataFolder, { recursive: true, force: true });
    },
  };
}

export async function execute<R extends pg.QueryResultRow>(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R>(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/** Enlace as a newcomer starts it, on this database, with a quiet log. */
export async function startEnlace(
  databaseUrl: string,
  more: Record<string, string> = {},
): Promise<Child & { port: number; pid: number }> {
  const data = await mkdtemp(join(tmpdir(), "enlace-bench-data-"));
  const child = await startChild(
    [join(ROOT, "src/main.ts"), "start"],
    {
      ENLACE_DATA: data,
      ENLACE_PORT: "0",
      ENLACE_SECRET,
      ENLACE_ADMIN_PASSWORD: ADMIN_PASSWORD,
      ENLACE_ALLOW_LOOPBACK_TARGETS: "true",
      ENLACE_WEBHOOK_RATE: "1000000",
      ENLACE_LOG_LEVEL: "info",
      DATABASE_URL: databaseUrl,
      WEBHOOK_SECRET: SECRET,
      ...more,
    },
    (line) => line.includes('"app.started"'),
  );
  const stop = async (): Promise<void> => {
    await child.stop();
    await rm(data, { recursive: true, force: true });
  };
  return { ...child, stop, port: Number(new URL(String(child.greeting.url)).port), pid: child.process.pid ?? 0 };
}

/** Calls the API as the administrator. */
export async function callApi<T>(port: number, method: string, path: string, body?: object): Promise<T> {
  const base = `http://127.0.0.1:${port}`;
  const login = await send<{ token: string }>(`${base}/api/v1/login`, "POST", {
    username: "admin",
    password: ADMIN_PASSWORD,
  });
  return send<T>(`${base}${path}`, method, body, login.token);
}

async function send<T>(url: string, method: string, body?: object, token?: string): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(body && { "content-type": "application/json" }),
      ...(token && { authorization: `Bearer ${token}` }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
