import { loadOwnCall } from "../calls/own-calls.ts";
import { hasCall } from "../calls/store.ts";
import { registerMakeCallExternal } from "../compat/makecallexternal.ts";
import type { App } from "../http/app-instance.ts";
import { createClickToCall } from "../telephony/click-to-call.ts";
import type { WriteDeed } from "../telephony/deed.ts";
import { createPbxChoice } from "../telephony/pbx-choice.ts";
import { registerTelephonyRoutes } from "../telephony/routes.ts";
import { createFolderCheck } from "../telephony/spool.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import { registerCallFileRoutes } from "../tenants/pbxs/call-files.ts";
import type { Ground } from "./ground.ts";
import { toOwnProjects } from "./reports.ts";
import type { Rooms } from "./rooms.ts";

/** What people and programs have PBXs do. */
export function registerCommandDoors(app: App, { database, clock, random }: Ground, rooms: Rooms): void {
  const { tenants, telephony, dialer } = rooms;
  const listOwnProjects = toOwnProjects(rooms);
  const { loadTenant, extensions } = tenants;
  const pbxs = createPbxChoice({
    telephony,
    loadPbxs: async (tenantId) =>
      (await tenants.pbxs.list(tenantId, { afterId: "0", rowsMax: 100 })).flatMap((pbx) =>
        pbx.enabled && pbx.host !== null ? [{ ...pbx, host: pbx.host }] : [],
      ),
  });
  const audit: WriteDeed = (doer, deed) => writeAudit(database.sql, doer, { ...deed, at: clock.now() });
  const placeClick = createClickToCall({
    ...{ telephony, random, loadTenant, audit },
    choosePbx: pbxs.choose,
    findExtension: extensions.find,
    hasCall: (tenantId, callUuid) => hasCall(database.sql, tenantId, callUuid),
    isSuppressed: dialer.people.suppressions.isSuppressed,
    findClosed: dialer.policy.findClosed,
  });
  registerCallFileRoutes(app, { database, clock, checkFolder: createFolderCheck(random) });
  registerMakeCallExternal(app, {
    ...{ loadTenant, placeClick, clock },
    findKey: async (clientId) => {
      const key = await tenants.apiKeys.authenticate(clientId);
      return key?.scopes.includes("calls:write") ? key : undefined;
    },
  });
  registerTelephonyRoutes(app, {
    ...{ telephony, placeClick, random, loadTenant, audit },
    findPbxByName: pbxs.findByName,
    findExtension: extensions.find,
    listExtensionsOf: extensions.listOf,
    findCall: async (caller, id) => {
      const call = await loadOwnCall(database.sql, caller.tenantId, { id, own: await listOwnProjects(caller) });
      return call ? { callUuid: call.call_uuid, pbx: call.pbx } : null;
    },
  });
}
