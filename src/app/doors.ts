import { join } from "node:path";
import { registerExportRoutes } from "../calls/export/routes.ts";
import { toOwnDelivery } from "../calls/own-calls.ts";
import { registerCallRoutes } from "../calls/routes.ts";
import { registerTrialRoutes } from "../calls/trial-routes.ts";
import type { Config } from "../config.ts";
import { connectors } from "../connectors/registry.ts";
import { toDetail } from "../core/sentence.ts";
import { createDeadLetters } from "../delivery/dead-letters.ts";
import { registerDeliveryRoutes } from "../delivery/routes.ts";
import { registerDeliverySearchRoutes } from "../delivery/search-routes.ts";
import type { Caller } from "../http/access.ts";
import type { App } from "../http/app-instance.ts";
import { type ReadyCheck, registerHealth } from "../http/health.ts";
import { createHttpServer } from "../http/server.ts";
import { registerConsole } from "../http/static-console.ts";
import { registerIntakeRoutes } from "../intake/routes.ts";
import type { Database } from "../kit/postgres/database.ts";
import { say } from "../operations/words.ts";
import { createPbxCheck } from "../telephony/pbx-check.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import { registerConnectionRoutes } from "../tenants/connections/routes.ts";
import { registerPbxRoutes } from "../tenants/pbxs/routes.ts";
import { registerPbxTokenRoutes } from "../tenants/pbxs/token-routes.ts";
import { registerTenantRoutes } from "../tenants/routes.ts";
import { registerCommandDoors } from "./commands.ts";
import { registerDialerDoors } from "./dialer-doors.ts";
import { registerGapDoors } from "./gaps.ts";
import type { Ground } from "./ground.ts";
import { registerHookDoors } from "./hooks.ts";
import { registerLiveDoors } from "./live.ts";
import { registerOperationsDoors } from "./operations.ts";
import { registerRecordingDoors } from "./recordings.ts";
import { registerRedirectDoors } from "./redirect.ts";
import { createFindCallIds, registerReportDoors, toOwnProjects } from "./reports.ts";
import type { Rooms } from "./rooms.ts";
import { registerSurveyDoors } from "./surveys.ts";

// The web server with the routes of every room.

/** An office shares one address: all of its people together may ask this many times what one may. */
const CALLERS_BEHIND_ONE_ADDRESS = 5;
/** Where `npm run build:web` leaves the console. */
const CONSOLE_FOLDER = join(import.meta.dirname, "..", "..", "web", "dist");

/** The web server. A process without the role `api` answers only for its own health. */
export async function openDoors(config: Config, ground: Ground, rooms: Rooms): Promise<App> {
  const { database, clock, publicUrl } = ground;
  const { tenants, connections, delivery } = rooms;
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
  const checks = [
    { name: "database", check: () => checkDatabase(database) },
    ...delivery.checks,
    ...rooms.telephony.checks,
  ];
  registerHealth(app, {
    ...ground,
    checks,
    metricsToken: config.metricsToken,
  });
  if (!config.roles.includes("api")) return app;
  const { loadTenantByNumber, loadTenant, loadWebhookSecrets } = tenants;
  const own = toOwnProjects(rooms);
  registerIntakeRoutes(app, {
    ...{ ...ground, loadTenantByNumber, loadWebhookSecrets, webhookPerSecond },
    accept: rooms.sources.accept,
    waitForCall: delivery.waitForCall,
  });
  registerTenantRoutes(app, { tenants, database, clock, publicUrl, loginPerMinute: 60 });
  registerConnectionRoutes(app, { connections, connectors, check: delivery.check });
  registerSurveyDoors(app, ground, rooms);
  registerOperationsDoors(app, config, { ...ground, checks });
  registerCallRoutes(app, { database, loadTenant, listOwnProjects: own });
  registerTrialRoutes(app, { ...ground, accept: rooms.accept.accept, loadTenant });
  registerReportDoors(app, ground, rooms);
  registerExportRoutes(app, { database, clock, loadTenant, writeAudit, listOwnProjects: own });
  registerLiveDoors(app, ground, rooms);
  registerRecordingDoors(app, ground, rooms);
  const toOwn = async (caller: Caller) => toOwnDelivery(await own(caller));
  registerDeliveryRoutes(app, { database, toOwn, deadLetters: createDeadLetters({ database, clock, writeAudit }) });
  const findCallIds = createFindCallIds(database, loadTenant, own);
  registerDeliverySearchRoutes(app, { database, clock, toOwn, findCallIds });
  registerPbxDoors(app, ground, rooms);
  registerGapDoors(app, ground, rooms);
  registerHookDoors(app, config, rooms);
  registerCommandDoors(app, ground, rooms);
  registerRedirectDoors(app, ground, rooms);
  registerDialerDoors(app, ground, rooms);
  await registerConsole(app, { folder: CONSOLE_FOLDER });
  return app;
}

function registerPbxDoors(app: App, { clock }: Ground, rooms: Rooms): void {
  const { tenants, telephony, toPbxSettings } = rooms;
  registerPbxRoutes(app, {
    pbxs: tenants.pbxs,
    loadState: (tenantId, id) => telephony.find(tenantId, id)?.status(),
    check: createPbxCheck({ toSettings: toPbxSettings, clock, http: rooms.request }),
  });
  registerPbxTokenRoutes(app, tenants.eventTokens);
}

async function checkDatabase(database: Database): ReturnType<ReadyCheck["check"]> {
  const { rows } = await database.pool.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );
  return { ok: true, ...toDetail(say("postgres", { version: rows[0]?.version ?? "" })) };
}
