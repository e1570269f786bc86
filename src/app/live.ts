import { z } from "zod";
import type { LiveBoard } from "../calls/live/board.ts";
import { createLive } from "../calls/live/live.ts";
import { registerLiveRoutes } from "../calls/live/routes.ts";
import { loadLiveCalls } from "../calls/live/store.ts";
import type { OwnProjects } from "../calls/own-calls.ts";
import { activityAnswer, SPANS } from "../calls/statistics/schema.ts";
import { createActivity } from "../calls/statistics/statistics.ts";
import { loadSteps } from "../calls/statistics/store.ts";
import type { TenantId } from "../core/ids.ts";
import { toAssignee } from "../dialer/projects/projects.ts";
import { loadAssignments } from "../dialer/projects/store.ts";
import type { App } from "../http/app-instance.ts";
import { PAGE_MAX } from "../http/paging.ts";
import { connectionAnswer, toConnectionAnswer } from "../tenants/connections/schema.ts";
import { pbxAnswer, toPbxAnswer } from "../tenants/pbxs/schema.ts";
import type { Ground } from "./ground.ts";
import { createAgentBoard } from "./live-agents.ts";
import { createDialerBoards } from "./live-dialer.ts";
import type { Rooms } from "./rooms.ts";

// What a wallboard shows beside calls comes from other rooms; here the live view gets it.

const laneItem = connectionAnswer.pick({
  id: true,
  name: true,
  connector: true,
  problem: true,
  problem_code: true,
  problem_values: true,
  lane: true,
});
const pbxItem = pbxAnswer.pick({ id: true, name: true, host: true, enabled: true, status: true });
const activityItem = z.object({ span: z.enum(SPANS), ...activityAnswer.shape }).meta({ id: "LiveActivity" });
const firstPage = { afterId: "0" as const, rowsMax: PAGE_MAX };
/** A day is many calls: it is counted anew this often. */
const DAY_FRESH_MS = 10_000;
const HOUR_FRESH_MS = 900;
const EACH_SECOND = { everyLooks: 2 };

export function registerLiveDoors(app: App, ground: Ground, rooms: Rooms): void {
  const { database, clock, log } = ground;
  const boards = [
    createAgentBoard(ground, rooms),
    ...createDialerBoards(ground, rooms),
    createLaneBoard(rooms),
    createPbxBoard(rooms),
    createActivityBoard(ground),
  ];
  const live = createLive({
    ...{ boards, clock, log },
    loadCalls: (tenantId, ask) => loadLiveCalls(database, tenantId, ask),
    loadAssignments: (tenantId) => loadAssignments(database.sql, tenantId),
  });
  app.addHook("onClose", live.stop);
  registerLiveRoutes(app, { live, boards, authenticate: rooms.tenants.authenticate, clock, toAssignee });
}

function createLaneBoard({
  connections,
}: Pick<Rooms, "connections">): LiveBoard<z.infer<typeof laneItem>> & { item: z.ZodType } {
  return {
    ...{ name: "lanes", rule: { roles: ["supervisor", "viewer"], scope: "connections:read" }, ...EACH_SECOND },
    item: laneItem.meta({ id: "LiveLane" }),
    toKey: ({ id }) => id,
    load: async (tenantId) =>
      (await connections.list(tenantId, { ...firstPage, connector: undefined })).map((shown) =>
        laneItem.parse(toConnectionAnswer(shown)),
      ),
  };
}

function createPbxBoard({
  tenants,
  telephony,
}: Pick<Rooms, "tenants" | "telephony">): LiveBoard<z.infer<typeof pbxItem>> & { item: z.ZodType } {
  return {
    ...{ name: "pbxs", rule: { roles: ["supervisor", "viewer"], scope: "pbxs:read" }, ...EACH_SECOND },
    item: pbxItem.meta({ id: "LivePbx" }),
    toKey: ({ id }) => id,
    load: async (tenantId) =>
      (await tenants.pbxs.list(tenantId, firstPage)).map((pbx) =>
        pbxItem.parse(toPbxAnswer(pbx, telephony.find(tenantId, pbx.id)?.status())),
      ),
  };
}

/** The last hour as it happens, the last day every ten seconds. */
function createActivityBoard({
  database,
  clock,
}: Ground): LiveBoard<z.infer<typeof activityItem>> & { item: z.ZodType } {
  const toLoad = (freshMs: number) =>
    createActivity({ clock, freshMs, loadSteps: (tenantId, steps) => loadSteps(database.sql, tenantId, steps) });
  const load = { hour: toLoad(HOUR_FRESH_MS), day: toLoad(DAY_FRESH_MS) };
  const loadAll = (tenantId: TenantId, own: OwnProjects) =>
    Promise.all(SPANS.map(async (span) => ({ span, ...(await load[span]({ tenantId, span, own })) })));
  return {
    ...{ name: "activity", rule: { roles: ["agent", "viewer"], scope: "calls:read" }, ...EACH_SECOND },
    item: activityItem,
    toKey: ({ span }) => span,
    load: (tenantId) => loadAll(tenantId, null),
    loadOwn: (tenantId, projects) => loadAll(tenantId, [...projects].sort()),
  };
}
