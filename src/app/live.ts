import { createLive } from "../calls/live.ts";
import { registerLiveRoutes } from "../calls/live-routes.ts";
import { loadLiveCalls } from "../calls/live-store.ts";
import type { App } from "../http/app-instance.ts";
import { PAGE_MAX } from "../http/paging.ts";
import { connectionAnswer, toConnectionAnswer } from "../tenants/connections/schema.ts";
import { pbxAnswer, toPbxAnswer } from "../tenants/pbxs/schema.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// What a wallboard shows beside calls comes from other rooms; here the live view gets it.

const laneItem = connectionAnswer.pick({ id: true, name: true, connector: true, problem: true, lane: true });
const pbxItem = pbxAnswer.pick({ id: true, name: true, host: true, enabled: true, status: true });
const firstPage = { afterId: "0" as const, rowsMax: PAGE_MAX };

export function registerLiveDoors(app: App, ground: Ground, rooms: Rooms): void {
  const { database, clock, log } = ground;
  const { tenants, connections, telephony } = rooms;
  const boards = [
    {
      name: "lanes",
      rule: { roles: ["supervisor", "viewer"], scope: "connections:read" },
      item: laneItem.meta({ id: "LiveLane" }),
      load: async (tenantId) =>
        (await connections.list(tenantId, { ...firstPage, connector: undefined })).map((shown) =>
          laneItem.parse(toConnectionAnswer(shown)),
        ),
    },
    {
      name: "pbxs",
      rule: { roles: ["supervisor", "viewer"], scope: "pbxs:read" },
      item: pbxItem.meta({ id: "LivePbx" }),
      load: async (tenantId) =>
        (await tenants.pbxs.list(tenantId, firstPage)).map((pbx) =>
          pbxItem.parse(toPbxAnswer(pbx, telephony.find(tenantId, pbx.id)?.status())),
        ),
    },
  ] satisfies Parameters<typeof registerLiveRoutes>[1]["boards"];
  const live = createLive({
    ...{ boards, clock, log },
    loadCalls: (tenantId, rowsMax) => loadLiveCalls(database, tenantId, rowsMax),
  });
  app.addHook("onClose", live.stop);
  registerLiveRoutes(app, { live, boards, authenticate: tenants.authenticate, clock });
}
