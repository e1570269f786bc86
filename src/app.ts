import { hostname } from "node:os";
import { join } from "node:path";
import { openDoors } from "./app/doors.ts";
import { type AppOptions, type Ground, openGround } from "./app/ground.ts";
import { openRooms, type Rooms } from "./app/rooms.ts";
import { createLostCalls } from "./calls/lost-calls.ts";
import { dropOldCalls } from "./calls/retention.ts";
import type { Config } from "./config.ts";
import type { TenantId } from "./core/ids.ts";
import type { App } from "./http/app-instance.ts";
import { drain } from "./http/drain.ts";
import { systemClock } from "./kit/clock.ts";
import { createLog } from "./kit/log.ts";
import { createLoop } from "./kit/loop.ts";
import { createMetrics } from "./kit/metrics.ts";
import { openDatabase } from "./kit/postgres/database.ts";
import { createListener } from "./kit/postgres/listener.ts";
import { createLocks } from "./kit/postgres/locks.ts";
import { dropOldPartitions, ensurePartitions } from "./kit/postgres/partitions.ts";
import { loadPrivateFile, savePrivateFile } from "./kit/private-file.ts";
import { newSecret, systemRandom } from "./kit/random.ts";
import { createSecretBox } from "./kit/secret-box.ts";
import { dropOldAudit } from "./tenants/audit/store.ts";
import type { Tenants } from "./tenants/tenants.ts";

// Opens what all rooms stand on (app/ground.ts), introduces the rooms to each other (app/rooms.ts), opens the doors last
// (app/doors.ts), and stops everything in reverse. This file and that folder are the only ones that know every room.

export interface RunningApp {
  url: string;
  /** The first administrator's one-time password, at the first start only. */
  firstPassword: string | null;
  /** Answers what is under way, settles or gives back what is being delivered, and lets go of everything. */
  stop(): Promise<void>;
}

/** Of the API, in its document; Enlace's own version is in /health. */
const DOCUMENT_VERSION = "1";
const UPKEEP_EVERY_MS = 3_600_000;
/** The key of this machine's administrator, for the command line. */
const CLI_KEY_FILE = "cli-key";

/** Starts Enlace. When a step fails, what was started before it is stopped again and the step's error is thrown. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<RunningApp> {
  const undo: (() => Promise<void>)[] = [];
  const stop = (): Promise<void> => undoAll(undo.splice(0).reverse());
  try {
    const ground = await openGround(config, options, undo);
    const rooms = openRooms(config, ground, undo);
    const firstPassword = await moveIn(config, ground, rooms);
    await rooms.delivery.start();
    undo.push(() => rooms.delivery.stop());
    rooms.redirect.start();
    startUpkeep(config, ground, undo);
    startLostCalls(config, ground, { accept: rooms.accept.accept, undo });
    undo.push(rooms.recordings.stop);
    await rooms.recordings.start({ work: config.roles.includes("telephony") });
    const http = await openDoors(config, ground, rooms);
    undo.push(async () => {
      await drain(http, { clock: ground.clock, log: ground.log, graceMs: config.drainMs });
      await rooms.accept.idle();
    });
    undo.push(rooms.recordings.stop); // before the front door is idle: it tells facts
    undo.push(rooms.sources.stop); // before the front door is idle: it tells facts
    rooms.sources.start();
    undo.push(rooms.dialer.stop); // before the front door is idle: it tells facts
    await rooms.dialer.start();
    await http.listen({ host: config.host, port: config.port });
    if (config.roles.includes("telephony")) {
      undo.push(rooms.telephony.stop); // before the front door is idle: it tells facts
      await rooms.telephony.start();
    }
    const url = toUrl(http, config);
    ground.log.info({ url, roles: config.roles, version: ground.version }, "app.started");
    return { url, firstPassword, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The API document of this configuration. Opens no connection and starts nothing. */
export async function describeApi(config: Config): Promise<object> {
  const url = "postgres://nobody@127.0.0.1:1/nowhere";
  const log = createLog({ level: "silent", format: "json" });
  const [clock, random, secret] = [systemClock, systemRandom, "a secret that seals nothing, only for the document"];
  const database = openDatabase({ url, poolMax: 1, log });
  const undo: (() => Promise<void>)[] = [database.close];
  const ground: Ground = {
    ...{ clock, random, log, database, secret, version: DOCUMENT_VERSION },
    metrics: createMetrics({ includeProcess: false }),
    listener: createListener({ url, clock, log }),
    locks: createLocks({ url, clock, log }),
    previousSecrets: [],
    box: createSecretBox({ secret, random }),
    publicUrl: "http://127.0.0.1:8080",
    deliveryLimits: {},
  };
  const http = await openDoors(config, ground, openRooms(config, ground, undo));
  await http.ready();
  undo.push(() => http.close());
  const document = http.swagger();
  for (const step of undo.reverse()) await step();
  return document;
}

/** Every step is taken, whatever became of those before it: a store that is away must not keep the process alive. */
async function undoAll(steps: readonly (() => Promise<void>)[]): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) await step().catch((error: unknown) => errors.push(error));
  if (errors.length > 0) throw errors[0];
}

/** First tenant, first administrator, and what the older middleware's settings ask for. Returns the password to show. */
async function moveIn(config: Config, { log, random }: Ground, rooms: Rooms): Promise<string | null> {
  const { tenants, connections } = rooms;
  const { tenantName: name, ...first } = config.firstStart;
  const { tenantId, isNew, oneTimePassword } = await tenants.ensureFirstTenant({ name, ...first });
  if (isNew) log.info({ tenantId }, "tenant.created");
  if (config.webhookSecret !== undefined) await tenants.applyEnvironmentSecret(tenantId, config.webhookSecret);
  else if (isNew) await tenants.applyEnvironmentSecret(tenantId, newSecret(random));
  if (config.vtiger !== undefined) {
    const settings = Object.fromEntries(Object.entries(config.vtiger).filter(([, value]) => value !== undefined));
    const given = { tenantId, connector: "vtiger", name: "Vtiger", settings, attemptsMax: config.attemptsMax };
    const done = await connections.applyEnvironmentConnection(given);
    if (done !== "unchanged") log.info({ tenantId, done }, "connection.from_environment");
  }
  if (config.pbx !== undefined) {
    const done = await tenants.pbxs.applyEnvironmentPbx(tenantId, config.pbx);
    if (done !== "unchanged") log.info({ tenantId, done }, "pbx.from_environment");
  }
  if (config.pbxToken !== undefined) {
    const pbxId = await tenants.pbxs.findEnvironmentPbx(tenantId);
    if (pbxId === null) throw new Error("PBX_TOKEN belongs to a PBX that is not there");
    await tenants.eventTokens.applyEnvironmentToken(tenantId, pbxId, config.pbxToken);
  }
  if (config.roles.includes("api")) await ensureCliKey(config, tenants, tenantId);
  return oneTimePassword;
}

/** The key outlives restarts as long as it still opens the door. */
async function ensureCliKey({ dataFolder }: Config, tenants: Tenants, tenantId: TenantId): Promise<void> {
  const file = join(dataFolder, CLI_KEY_FILE);
  const known = await loadPrivateFile(file);
  if (known !== null && (await tenants.apiKeys.authenticate(known)) !== undefined) return;
  await savePrivateFile(file, await tenants.createOperatorKey(tenantId, `command line of ${hostname()}`));
}

/** Makes the months to come and lets go of those past their time. */
function startUpkeep(config: Config, ground: Ground, undo: (() => Promise<void>)[]): void {
  const { retentionMonths: keepMonths, auditMonths } = config;
  const { database, clock, log } = ground;
  const upkeep = createLoop({
    name: "upkeep",
    everyMs: UPKEEP_EVERY_MS,
    work: async (signal) => {
      const now = clock.now();
      await ensurePartitions(database, now);
      const calls = await dropOldCalls(database, { now, keepMonths, signal });
      const partitions = await dropOldPartitions(database, now, keepMonths);
      const audit = await dropOldAudit(database, { now, keepMonths: auditMonths, signal });
      if (calls + audit + partitions.length > 0) log.info({ calls, audit, partitions }, "retention.dropped");
    },
    clock,
    log,
  });
  upkeep.start();
  undo.push(upkeep.stop);
}

function startLostCalls(
  { roles, lostAfterMs: silentMsMax }: Config,
  ground: Ground,
  { accept, undo }: { accept: Rooms["accept"]["accept"]; undo: (() => Promise<void>)[] },
): void {
  if (!roles.includes("worker")) return;
  const lostCalls = createLostCalls({ ...ground, accept, silentMsMax });
  lostCalls.start();
  undo.push(lostCalls.stop);
}

function toUrl(app: App, { host }: Config): string {
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
