import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { type ApiClient, changeSettings, logIn } from "../api-client.ts";
import { ADMIN_PASSWORD, toEnvironment, WEBHOOK_SECRET } from "../environment.ts";
import { findFreePort } from "../free-port.ts";
import { createServerProcess, type ServerProcess } from "../server-process.ts";
import { createChance } from "./chance.ts";
import { raise, unleash } from "./disasters.ts";
import { countStrain, findViolations, type Violation } from "./invariants.ts";
import type { OwnPostgres } from "./own-postgres.ts";
import { createPbx, type Pbx } from "./pbx.ts";
import { createScenario, type Scenario } from "./scenario.ts";
import { countOwed, loadStoredCalls } from "./stored.ts";
import { createStormyCrm, type StormyCrm } from "./stormy-crm.ts";
import { createTrace, type Trace } from "./trace.ts";

/** What a run came to. */
export interface Outcome {
  seed: number;
  violations: readonly Violation[];
  /** How hard it was: calls, posts, attempts by outcome … */
  strain: Readonly<Record<string, number>>;
  durationMs: number;
  trace: Trace;
}

const SERVER = join(import.meta.dirname, "server.ts");
const REST_TIMEOUT_MS = 60_000;
const LOOK_EVERY_MS = 150;
/** How long the weather stays bad, at most, when the last disaster has passed. */
const LAST_RAIN_MS = 8_000;

interface Stage {
  scenario: Scenario;
  trace: Trace;
  postgres: OwnPostgres;
  database: string;
  crm: StormyCrm;
  servers: readonly ServerProcess[];
  pbx: Pbx;
}

/** Plays the scenario of one seed against real processes and a real PostgreSQL, lets all heal, and checks the promises. */
export async function simulate(seed: number, postgres: OwnPostgres): Promise<Outcome> {
  const scenario = createScenario(seed);
  const trace = createTrace();
  const database = `sim_${seed}_${process.pid}`;
  await asAdmin(postgres, `create database ${database}`);
  const dataFolder = await mkdtemp(join(tmpdir(), "enlace-simulation-data-"));
  const crm = await createStormyCrm({ scenario, trace });
  const servers = await createServers({
    scenario,
    trace,
    dataFolder,
    databaseUrl: postgres.urlOf(database),
    crmUrl: crm.url,
  });
  const urls = servers.map(({ url }) => url) as [string, ...string[]];
  const pbx = createPbx({ urls, secret: WEBHOOK_SECRET, chance: createChance(`${seed}/pbx`), trace });
  const stage: Stage = { scenario, trace, postgres, database, crm, servers, pbx };
  try {
    const violations = await play(stage).catch((error: Error) => [toViolation(error)]);
    return { seed, violations, strain: await toStrain(stage), durationMs: trace.elapsedMs(), trace };
  } finally {
    await Promise.all(servers.map((server) => server.kill()));
    await crm.stop();
    await rm(dataFolder, { recursive: true, force: true });
    await asAdmin(postgres, `drop database if exists ${database} with (force)`);
  }
}

/** A run that could not be played to its end has found something, too. */
function toViolation(error: Error): Violation {
  return { rule: "everything heals", detail: error.stack ?? error.message, about: [] };
}

/** Chaos, healing, rest, judgement. */
async function play(stage: Stage): Promise<Violation[]> {
  const { scenario, trace, servers, pbx, crm } = stage;
  await Promise.all(servers.map((server) => server.start())); // at once: on an empty database
  if (scenario.writesInProgress) await writeInProgress(servers[0]);
  trace.add("run", `${servers.length} process(es) are up; the chaos begins`);
  crm.letItRain();
  const played = pbx.play(scenario.posts);
  await unleash(scenario.disasters, { ...stage, processes: servers });
  await rained(crm, scenario);
  crm.clearUp();
  trace.add("run", "the chaos is over");
  await Promise.all(servers.filter((server) => !server.isUp()).map((server) => raise(server, trace)));
  const unheard = await within(played, REST_TIMEOUT_MS);
  pbx.giveUp();
  const restless = await rest(stage);
  const violations = await judge(stage);
  const failures = [...(unheard ? ["a sender got no answer"] : []), ...(restless ? [restless] : [])];
  const codes = await Promise.all(servers.map((server) => server.stop()));
  if (codes.some((code) => code !== 0)) failures.push(`the processes ended with ${codes.join(" and ")}`);
  return [...failures.map((detail) => ({ rule: "everything heals", detail, about: [] })), ...violations];
}

/** Bad weather needs somebody out in it: it lasts until the CRM was asked for a write a call since the last disaster. */
async function rained(crm: StormyCrm, { calls }: Scenario): Promise<void> {
  const deadline = performance.now() + LAST_RAIN_MS;
  const enough = crm.writesAsked() + calls.length;
  while (crm.writesAsked() < enough && performance.now() < deadline) await pause(50);
}

async function writeInProgress(server: ServerProcess | undefined): Promise<void> {
  if (!server) return;
  const api = await logIn(server.url, "admin", ADMIN_PASSWORD);
  const { body } = await api.get("/api/v1/connections");
  const { status } = await changeSettings(api, body.items[0].id, { deliverInProgress: true });
  if (status !== 200) throw new Error(`the connection could not be changed: ${status}`);
}

/** Waits until Enlace owes nothing, doing what an administrator would: check held connections, send dead letters again. */
async function rest(stage: Stage): Promise<string | undefined> {
  const { postgres, database, trace, servers } = stage;
  const client = new pg.Client({ connectionString: postgres.urlOf(database) });
  await client.connect();
  const deadline = performance.now() + REST_TIMEOUT_MS;
  try {
    for (;;) {
      const { moving, dead, held } = await countOwed(client);
      if (moving + dead + held === 0 && stage.crm.isQuiet()) return undefined;
      if (performance.now() > deadline) return `${moving} deliveries move, ${dead} are dead, ${held} lanes are held`;
      if (dead + held > 0) await mend(servers[0], { dead, held, trace });
      await pause(LOOK_EVERY_MS);
    }
  } finally {
    await client.end();
  }
}

async function mend(
  server: ServerProcess | undefined,
  { dead, held, trace }: { dead: number; held: number; trace: Trace },
) {
  if (!server) return;
  const api: ApiClient = await logIn(server.url, "admin", ADMIN_PASSWORD);
  if (held > 0) {
    const { body } = await api.get("/api/v1/connections");
    for (const { id } of body.items)
      trace.add("run", `check: ${(await api.post(`/api/v1/connections/${id}/check`)).status}`);
  }
  if (dead > 0) {
    const { status, body } = await api.post("/api/v1/deliveries/replay", { state: "dead" });
    trace.add("run", `replay of ${dead} dead letters: ${status} ${JSON.stringify(body)}`);
  }
}

async function judge({ postgres, database, pbx, crm, scenario }: Stage): Promise<Violation[]> {
  const stored = await load(postgres, database);
  return findViolations({ pbx, stored, crm: crm.facts(), writesInProgress: scenario.writesInProgress });
}

async function toStrain({ postgres, database, scenario, pbx, crm }: Stage): Promise<Record<string, number>> {
  const kills = scenario.disasters.filter(({ kind }) => kind === "kill").length;
  return {
    calls: scenario.calls.length,
    acknowledged: pbx.acknowledged().length,
    kills,
    ...countStrain(await load(postgres, database)),
    faults: crm.faults(),
  };
}

async function load(postgres: OwnPostgres, database: string) {
  const client = new pg.Client({ connectionString: postgres.urlOf(database) });
  await client.connect();
  try {
    return await loadStoredCalls(client);
  } finally {
    await client.end();
  }
}

interface Servers {
  scenario: Scenario;
  trace: Trace;
  dataFolder: string;
  databaseUrl: string;
  crmUrl: string;
}

async function createServers({ scenario, trace, ...places }: Servers): Promise<ServerProcess[]> {
  const env = {
    ...toEnvironment(places),
    MAX_RETRIES: String(scenario.attemptsMax),
    ENLACE_WEBHOOK_RATE: "1000000",
    SIMULATION_EPOCH_MS: String(Date.now()),
  };
  const ports = await Promise.all(Array.from({ length: scenario.processes }, findFreePort));
  return ports.map((port, index) =>
    createServerProcess({ entry: [SERVER], env, port, onLine: (line) => trace.add(`server ${index}`, toEvent(line)) }),
  );
}

/** One log line, without what every line says. */
function toEvent(line: string): string {
  try {
    const { time: _, level, msg, ...fields } = JSON.parse(line);
    return `${level === "info" ? "" : `${level} `}${msg} ${JSON.stringify(fields)}`.slice(0, 600);
  } catch {
    return line; // not of the log: a stack trace, a warning of node
  }
}

async function asAdmin(postgres: OwnPostgres, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Whether `work` is still not done after `ms`. */
function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(true), ms);
    work.then(() => resolve(false), reject).finally(() => clearTimeout(timer));
  });
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
