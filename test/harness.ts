// Starts the real Enlace for a flow: its own database, a stand-in for the CRM, and a clock that runs fast.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { type FakeVtiger, startFakeVtiger } from "../src/connectors/vtiger/fake-vtiger.ts";
import type { Database } from "../src/kit/postgres/database.ts";
import {
  type Answer,
  type ApiClient,
  createApiClient,
  type Json,
  logIn,
  type PostOptions,
  postCall,
  stayLoggedIn,
} from "./api-client.ts";
import { createTestDatabase, silentLog } from "./database.ts";
import { ADMIN_PASSWORD, toEnvironment, WEBHOOK_SECRET } from "./environment.ts";
import { createFastClock } from "./fast-clock.ts";

/** For flows that wait for back-offs and graces: 5 s take a quarter of one. */
export const FAST = 20;

/** The documented example of the older middleware. */
export const DOCUMENTED_CALL = {
  call_uuid: "uuid-555",
  from: "+34123456789",
  to: "+34900112233",
  direction: "inbound",
  start_time: "2025-08-02T14:00:00Z",
  end_time: "2025-08-02T14:02:30Z",
  status: "completed",
  recording_url: "https://pbx.example.com/recordings/uuid-555.mp3",
  agent_ext: "1001",
  pbx_system: "centralita1",
} as const;

export interface TestEnlace {
  url: string;
  crm: FakeVtiger;
  database: Database;
  /** Signs and posts a call; `payload` is an object, or the very bytes as text. */
  postCall(payload: object | string, options?: Partial<PostOptions>): Promise<Answer>;
  /** As the first administrator, who stays logged in. */
  api: ApiClient;
  /** With these headers: `{}` is anonymous. */
  as(headers: Readonly<Record<string, string>>): ApiClient;
  logIn(username: string, password: string): Promise<ApiClient>;
  /** The rows of a statement, as an operator would type it. */
  rows<T = Json>(statement: string, values?: readonly unknown[]): Promise<T[]>;
  stop(): Promise<void>;
}

export interface TestEnlaceOptions {
  /** Beside what every flow needs; an empty text takes a setting away. */
  env?: Readonly<Record<string, string>>;
  /** Where Enlace shall look for the CRM, in place of the stand-in itself. */
  crmUrl?(crm: FakeVtiger): string;
  database?: Database;
  /** How much faster than the machine's clock the house's clock runs; 1 unless said otherwise. */
  clockFactor?: number;
}

/** Starts one for a test file; it ends with the file. */
export async function startTestEnlace(options: TestEnlaceOptions = {}): Promise<TestEnlace> {
  const undo: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopping ??= inTurn(undo.reverse());
    return stopping;
  };
  after(stop); // before the database's own, which drops it: they run in the order in which they are named
  const database = options.database ?? (await createTestDatabase());
  const crm = await startFakeVtiger();
  undo.push(crm.stop);
  const dataFolder = await mkdtemp(join(tmpdir(), "enlace-flow-"));
  undo.push(() => rm(dataFolder, { recursive: true, force: true }));
  const clock = createFastClock({ factor: options.clockFactor ?? 1, epochMs: Date.now() });
  const env = toEnvironment({ databaseUrl: database.url, dataFolder, crmUrl: (options.crmUrl ?? toUrl)(crm) });
  const app = await startApp(readConfig({ ...env, ...options.env }), { clock, log: silentLog, version: "test" });
  undo.push(app.stop);

  const { url } = app;
  return {
    url,
    crm,
    database,
    stop,
    postCall: (payload, more) => postCall(url, payload, { secret: WEBHOOK_SECRET, ...more }),
    as: (headers) => createApiClient(url, headers),
    logIn: (username, password) => logIn(url, username, password),
    api: await stayLoggedIn(url, "admin", ADMIN_PASSWORD),
    rows: async (statement, values = []) => (await database.pool.query(statement, [...values])).rows,
  };
}

async function inTurn(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const step of steps) await step();
}

const toUrl = ({ url }: FakeVtiger): string => url;
