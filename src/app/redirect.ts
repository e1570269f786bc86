import { toOwnCall } from "../calls/own-calls.ts";
import { registerGetCustomerData } from "../compat/getcustomerdata.ts";
import { connectors } from "../connectors/registry.ts";
import type { ConnectionRecord } from "../core/connection-record.ts";
import type { TenantId } from "../core/ids.ts";
import type { App } from "../http/app-instance.ts";
import { registerMoveRoute } from "../telephony/redirect/move-route.ts";
import { registerRedirectRoutes } from "../telephony/redirect/routes.ts";
import { createSmartRedirect, type SmartRedirect } from "../telephony/redirect/smart-redirect.ts";
import { findAskedCall } from "../telephony/redirect/store.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import { lockTenant, notifySettings } from "../tenants/store.ts";
import type { Ground } from "./ground.ts";
import { toOwnProjects } from "./reports.ts";
import type { Rooms } from "./rooms.ts";

// What smart redirect needs of the other rooms: the tenants' connections, what the CRMs say, the PBX that moves a call.

/** More than a busy PBX rings in a second; what is beyond it is a program gone wild. */
const ASKED_PER_SECOND = 2_000;

export function openRedirect(
  ground: Ground,
  { tenants, connections, delivery }: Pick<Rooms, "tenants" | "connections" | "delivery">,
): SmartRedirect {
  return createSmartRedirect({
    ...ground,
    canTell,
    loadTenant: tenants.loadTenant,
    loadConnection: connections.load,
    listConnections: createListConnections(ground, connections),
    findCaller: delivery.findCaller,
  });
}

export function registerRedirectDoors(app: App, ground: Ground, rooms: Rooms): void {
  const { database, clock } = ground;
  const { tenants, connections, telephony, redirect } = rooms;
  const listOwnProjects = toOwnProjects(rooms);
  const findPbxByToken = tenants.eventTokens.find;
  registerRedirectRoutes(app, {
    ...{ redirect, database, clock, canTell, loadTenant: tenants.loadTenant },
    listConnections: createListConnections(ground, connections),
    administer: (doer, deed, work) =>
      database.sql.transaction().execute(async (on) => {
        await lockTenant(on, doer.tenantId);
        await work(on);
        await writeAudit(on, doer, { ...deed, at: clock.now() });
        await notifySettings(on, doer.tenantId);
      }),
  });
  registerMoveRoute(app, {
    ...{ redirect, findPbxByToken, authenticate: tenants.authenticate, perSecondMax: ASKED_PER_SECOND },
    findCall: async ({ tenantId, caller }, callUuid) => {
      const seen = caller && toOwnCall(await listOwnProjects(caller));
      return findAskedCall(database.sql, tenantId, { callUuid, seen });
    },
    move: async ({ tenantId, pbxId, callUuid, extension }) => {
      await telephony.ask(tenantId, pbxId, { kind: "divert", callUuid, to: extension });
    },
  });
  registerGetCustomerData(app, {
    ...{ decide: redirect.decide, findPbxByToken, log: ground.log, perSecondMax: ASKED_PER_SECOND },
  });
}

function canTell(connector: string, what: "lookup" | "responsible"): boolean {
  return connectors.find(({ id }) => id === connector)?.capabilities.includes(what) ?? false;
}

function createListConnections({ database }: Ground, { listRoutable }: Pick<Rooms["connections"], "listRoutable">) {
  return async (tenantId: TenantId): Promise<readonly ConnectionRecord[]> => {
    const client = await database.pool.connect();
    try {
      return (await listRoutable([tenantId], client)).get(tenantId) ?? [];
    } finally {
      client.release();
    }
  };
}
