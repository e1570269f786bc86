import { loadCampaign, loadCampaigns } from "../dialer/campaigns/store.ts";
import { toAssignee } from "../dialer/projects/projects.ts";
import type { App } from "../http/app-instance.ts";
import { registerSuppressionRoutes } from "../people/suppression/routes.ts";
import { createSuppressions, type Suppressions } from "../people/suppression/suppressions.ts";
import { writeAudit } from "../tenants/audit/audit.ts";
import type { Ground } from "./ground.ts";
import type { Rooms } from "./rooms.ts";

// The people that a tenant knows, and what they need of the rooms around them.

export interface People {
  suppressions: Suppressions;
}

export function openPeople(ground: Ground): People {
  const { database, clock } = ground;
  const suppressions = createSuppressions({
    ...ground,
    administer: (doer, work) =>
      database.sql.transaction().execute(async (on) => {
        const at = clock.now();
        const { value, deed } = await work(on, at);
        if (deed) await writeAudit(on, doer, { ...deed, at });
        return value;
      }),
  });
  return { suppressions };
}

export function registerPeopleDoors(
  app: App,
  { database }: Ground,
  { dialer, tenants }: Pick<Rooms, "dialer" | "tenants">,
): void {
  const { projects } = dialer.settings;
  registerSuppressionRoutes(app, {
    ...{ suppressions: dialer.people.suppressions, loadTenant: tenants.loadTenant },
    mayUse: async (caller, scope) => {
      if (scope.kind === "global") return true;
      const of = scope.kind === "project" ? null : await loadCampaign(database.sql, caller.tenantId, scope.campaignId);
      const projectId = scope.kind === "project" ? scope.projectId : of?.projectId;
      if (projectId === undefined || !(await projects.find(caller.tenantId, projectId))) return false;
      return projects.mayUse(caller, projectId);
    },
    listOwn: async (caller) => {
      const projectIds = await projects.listOwn(caller);
      if (projectIds === null) return null;
      const filter = { beforeId: null, assignee: toAssignee(caller), rowsMax: CAMPAIGNS_MAX };
      const campaigns = await loadCampaigns(database.sql, caller.tenantId, filter);
      return { projectIds, campaignIds: campaigns.map(({ id }) => id) };
    },
  });
}

/** Newest first; entries of older campaigns a supervisor does not see. */
const CAMPAIGNS_MAX = 5_000;
