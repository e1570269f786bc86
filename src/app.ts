import { hostname } from "node:os";
import { join } from "node:path";
import { dropOldCalls } from "./calls/retention.ts";
import { registerCallRoutes } from "./calls/routes.ts";
import { loadCall, loadCallSubjects } from "./calls/store.ts";
import type { Config } from "./config.ts";
import { connectors } from "./connectors/registry.ts";
import { toErrorMessage } from "./core/errors.ts";
import type { TenantId } from "./core/ids.ts";
import { createDeadLetters } from "./delivery/dead-letters.ts";
import { createDelivery, type Delivery, type DeliveryLimits } from "./delivery/delivery.ts";
import { createFanOut } from "./delivery/fan-out.ts";
import { createLanes } from "./delivery/lanes.ts";
import { registerDeliveryRoutes } from "./delivery/routes.ts";
import type { App } from "./http/app-instance.ts";
import { drain } from "./http/drain.ts";
import { registerHealth } from "./http/health.ts";
import { createHttpServer } from "./http/server.ts";
import { type Accept, createAccept } from "./intake/accept.ts";
import { registerIntakeRoutes } from "./intake/routes.ts";
import { RefusedAddress } from "./kit/address-guard.ts";
import { type Clock, systemClock } from "./kit/clock.ts";
import { createHttpRequester } from "./kit/http-client.ts";
import { ensureInstallationSecret } from "./kit/installation-secret.ts";
import { createLog, type Log } from "./kit/log.ts";
import { createLoop } from "./kit/loop.ts";
import { createMetrics, type Metrics } from "./kit/metrics.ts";
import { assertSupportedVersion, type Database, openDatabase } from "./kit/postgres/database.ts";
import { createListener, type Listener } from "./kit/postgres/listener.ts";
import { createLocks, type Locks } from "./kit/postgres/locks.ts";
import { migrate } from "./kit/postgres/migrate.ts";
import { dropOldPartitions, ensurePartitions } from "./kit/postgres/partitions.ts";
import { openStore } from "./kit/postgres/store-address.ts";
import { loadPrivateFile, savePrivateFile } from "./kit/private-file.ts";
import { newSecret, type Random, systemRandom } from "./kit/random.ts";
import { createSecretBox, type SecretBox } from "./kit/secret-box.ts";
import type { PbxSettings } from "./telephony/pbx.ts";
import { createPbxCheck } from "./telephony/pbx-check.ts";
import { createToPbxSettings } from "./telephony/pbx-settings.ts";
import { registerTelephonyRoutes } from "./telephony/routes.ts";
import { listOpenCalls } from "./telephony/store.ts";
import { createTelephony, type Telephony } from "./telephony/telephony.ts";
import { writeAudit } from "./tenants/audit/audit.ts";
import { type Connections, createConnections } from "./tenants/connections/connections.ts";
import { registerConnectionRoutes } from "./tenants/connections/routes.ts";
import { registerPbxRoutes } from "./tenants/pbxs/routes.ts";
import { registerTenantRoutes } from "./tenants/routes.ts";
import { createTenants, type Tenants } from "./tenants/tenants.ts";

// The only file that knows every room. It opens what all of them stand on, introduces the rooms to each other, opens the
// doors last, and stops everything in reverse.

export interface AppOptions {
  clock?: Clock;
  random?: Random;
  log?: Log;
  /** Of Enlace, for /health and the API document. */
  version?: string;
  /** Shorter waits, for simulations. */
  deliveryLimits?: Partial<DeliveryLimits>;
}

export interface RunningApp {
  url: string;
  /** The first administrator's one-time password, at the first start only. */
  firstPassword: string | null;
  /** Answers what is under way, settles or gives back what is being delivered, and lets go of everything. */
  stop(): Promise<void>;
}

const MIGRATIONS = join(import.meta.dirname, "..", "migrations");
/** Of the API, in its document; Enlace's own version is in /health. */
const DOCUMENT_VERSION = "1";
/** An office shares one address: all of its people together may ask this many times what one may. */
const CALLERS_BEHIND_ONE_ADDRESS = 5;
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
    startUpkeep(config, ground, undo);
    const http = await openDoors(config, ground, rooms);
    undo.push(async () => {
      await drain(http, { clock: ground.clock, log: ground.log, graceMs: config.drainMs });
      await rooms.accept.idle();
    });
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

/** What every room stands on. */
interface Ground {
  clock: Clock;
  random: Random;
  log: Log;
  version: string;
  metrics: Metrics;
  database: Database;
  listener: Listener;
  locks: Locks;
  box: SecretBox;
  secret: string;
  publicUrl: string;
  deliveryLimits: Partial<DeliveryLimits>;
}

async function openGround(config: Config, options: AppOptions, undo: (() => Promise<void>)[]): Promise<Ground> {
  const { clock = systemClock, random = systemRandom, log = createLog(config.log), version = "0.0.0" } = options;
  const secret = await ensureInstallationSecret(config.secret, { dataFolder: config.dataFolder, random });
  const store = await openStore({ ...config, clock, random, log });
  undo.push(store.stop);
  const database = openDatabase({ url: store.url, poolMax: config.databasePool, log });
  undo.push(database.close);
  await assertSupportedVersion(database);
  const applied = await migrate(database, MIGRATIONS);
  if (applied.length > 0) log.info({ applied }, "database.migrated");
  await ensurePartitions(database, clock.now());
  const listener = createListener({ url: store.url, clock, log });
  await listener.start();
  undo.push(listener.stop);
  const locks = createLocks({ url: store.url, clock, log });
  undo.push(locks.stop);
  return {
    ...{ clock, random, log, version, database, listener, locks, secret },
    metrics: createMetrics(),
    box: createSecretBox({ secret, previous: config.previousSecrets, random }),
    publicUrl: config.publicUrl ?? `http://${config.host}:${config.port}`,
    deliveryLimits: options.deliveryLimits ?? {},
  };
}

interface Rooms {
  tenants: Tenants;
  connections: Connections;
  delivery: Delivery;
  accept: Accept;
  telephony: Telephony;
  toPbxSettings: ReturnType<typeof createToPbxSettings>;
}

function openRooms(config: Config, ground: Ground, undo: (() => Promise<void>)[]): Rooms {
  const { database, clock, random, locks } = ground;
  const tenants = createTenants(ground);
  const connections = createConnections({ ...ground, connectors, lanes: createLanes({ clock }) });
  const http = createHttpRequester({ clock, allowTargets: toAllowedTargets(config) });
  undo.push(
    () => http.close(),
    async () => {
      connections.stop();
      tenants.stop();
    },
  );
  const delivery = createDelivery({
    ...ground,
    connectors,
    http: http.request,
    worker: {
      id: `${config.processName}:${newSecret(random, 6)}`,
      host: hostname(),
      pid: process.pid,
      roles: config.roles,
    },
    exclusive: locks.exclusive,
    loadTenant: async (id: TenantId) => {
      const tenant = await tenants.loadTenant(id);
      if (!tenant) throw new Error(`tenant ${id} is gone`);
      return tenant;
    },
    openMemory: connections.openMemory,
    loadConnection: connections.load,
    loadCallSubjects: (refs) => loadCallSubjects(database.sql, refs),
    limits: { stopMs: Math.min(10_000, config.drainMs), ...ground.deliveryLimits },
  });
  const fanOut = createFanOut({ listRoutable: connections.listRoutable, connectors, clock });
  const accept = createAccept({ ...ground, fanOut });
  const toPbxSettings = createToPbxSettings(config.allowTargets);
  const telephony = openTelephony(ground, { tenants, accept, toPbxSettings });
  return { tenants, connections, delivery, accept, telephony, toPbxSettings };
}

function openTelephony(ground: Ground, rooms: Pick<Rooms, "tenants" | "accept" | "toPbxSettings">): Telephony {
  const { database, locks, log } = ground;
  /** A PBX that this installation must not call is left out: it must not keep the others from being called. */
  const loadPbxs = async (): Promise<PbxSettings[]> =>
    (await rooms.tenants.pbxs.listEnabled()).flatMap((record) => {
      try {
        return [rooms.toPbxSettings(record)];
      } catch (error) {
        if (!(error instanceof RefusedAddress)) throw error;
        log.warn({ tenantId: record.tenantId, pbx: record.id, reason: toErrorMessage(error) }, "pbx.refused");
        return [];
      }
    });
  return createTelephony({
    ...ground,
    loadPbxs,
    accept: rooms.accept.accept,
    exclusive: locks.exclusive,
    listOpenCalls: (tenantId, pbx) => listOpenCalls(database, tenantId, pbx),
  });
}

/** The operator who names a Vtiger on this very machine in the environment has allowed to call it. */
function toAllowedTargets({ allowTargets, vtiger }: Config): { private: boolean; loopback: boolean } {
  const isHere = vtiger !== undefined && /^(localhost|127\.|\[::1\])/.test(new URL(vtiger.url).hostname);
  return { ...allowTargets, loopback: allowTargets.loopback || isHere };
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
function startUpkeep({ retentionMonths: keepMonths }: Config, ground: Ground, undo: (() => Promise<void>)[]): void {
  const { database, clock, log } = ground;
  const upkeep = createLoop({
    name: "upkeep",
    everyMs: UPKEEP_EVERY_MS,
    work: async (signal) => {
      const now = clock.now();
      await ensurePartitions(database, now);
      const calls = await dropOldCalls(database, { now, keepMonths, signal });
      const partitions = await dropOldPartitions(database, now, keepMonths);
      if (calls > 0 || partitions.length > 0) log.info({ calls, partitions }, "retention.dropped");
    },
    clock,
    log,
  });
  upkeep.start();
  undo.push(upkeep.stop);
}

/** The web server. A process without the role `api` answers only for its own health. */
async function openDoors(config: Config, ground: Ground, rooms: Rooms): Promise<App> {
  const { database, clock, publicUrl } = ground;
  const { tenants, connections, delivery, accept } = rooms;
  const { apiPerMinute, webhookPerSecond } = config.limits;
  const app = await createHttpServer({
    ...ground,
    authenticate: tenants.authenticate,
    trustProxy: config.trustProxy.length > 0 ? config.trustProxy : false,
    rateLimits: {
      addressPerMinute: apiPerMinute * CALLERS_BEHIND_ONE_ADDRESS,
      callerPerMinute: apiPerMinute,
      webhookPerSecond,
    },
  });
  registerHealth(app, {
    ...ground,
    checks: [{ name: "database", check: () => checkDatabase(database) }, ...delivery.checks, ...rooms.telephony.checks],
    metricsToken: config.metricsToken,
  });
  if (!config.roles.includes("api")) return app;
  const { loadTenantByNumber, loadTenant, loadWebhookSecrets } = tenants;
  registerIntakeRoutes(app, {
    ...{ ...ground, loadTenantByNumber, loadWebhookSecrets, webhookPerSecond },
    accept: accept.accept,
    waitForCall: delivery.waitForCall,
  });
  registerTenantRoutes(app, { tenants, database, clock, publicUrl, loginPerMinute: 60 });
  registerConnectionRoutes(app, { connections, connectors, check: delivery.check });
  registerCallRoutes(app, { database, loadTenant });
  registerDeliveryRoutes(app, { database, deadLetters: createDeadLetters({ database, clock, writeAudit }) });
  registerPbxDoors(app, ground, rooms);
  return app;
}

function registerPbxDoors(app: App, { database, clock, random }: Ground, rooms: Rooms): void {
  const { tenants, telephony, toPbxSettings } = rooms;
  registerPbxRoutes(app, {
    pbxs: tenants.pbxs,
    loadState: (tenantId, id) => telephony.find(tenantId, id)?.status(),
    check: createPbxCheck({ toSettings: toPbxSettings, clock }),
  });
  registerTelephonyRoutes(app, {
    telephony,
    random,
    loadTenant: tenants.loadTenant,
    findExtension: tenants.extensions.find,
    loadPbx: tenants.pbxs.show,
    findCall: async (tenantId, id) => {
      const call = await loadCall(database.sql, tenantId, id);
      return call ? { callUuid: call.call_uuid, pbx: call.pbx } : null;
    },
    audit: (doer, deed) =>
      database.sql.transaction().execute((on) => writeAudit(on, doer, { ...deed, at: clock.now() })),
  });
}

async function checkDatabase(database: Database): Promise<{ ok: boolean; detail: string }> {
  const { rows } = await database.pool.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );
  return { ok: true, detail: `PostgreSQL ${rows[0]?.version}` };
}

function toUrl(app: App, { host }: Config): string {
  const address = app.server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}
