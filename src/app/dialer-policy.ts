import { loadCallsByHand, loadNumbersByHand } from "../calls/calls-by-hand.ts";
import { type CallerIds, createCallerIds } from "../dialer/caller-id/caller-ids.ts";
import { registerCallerIdRoutes } from "../dialer/caller-id/routes.ts";
import { loadCampaign } from "../dialer/campaigns/store.ts";
import { createDecisions, type Decisions } from "../dialer/policy/decisions.ts";
import { createDryRun, type DryRunSurroundings, type RunDry } from "../dialer/policy/dry-run.ts";
import { createHoursByHand, type FindClosed } from "../dialer/policy/hours-by-hand.ts";
import { registerLedgerRoutes } from "../dialer/policy/ledger-routes.ts";
import { createPolicies, type Policies } from "../dialer/policy/policies.ts";
import { registerPolicyRoutes } from "../dialer/policy/routes.ts";
import { createUpkeep } from "../dialer/policy/upkeep.ts";
import { createExplain, type Explain } from "../dialer/policy/why.ts";
import { createWindows } from "../dialer/policy/windows.ts";
import type { App } from "../http/app-instance.ts";
import { createAdminister, type DialerProjects } from "./dialer-projects.ts";
import type { Ground } from "./ground.ts";
import type { People } from "./people.ts";
import type { Rooms } from "./rooms.ts";

// Whether a call may be made, under which number, and what that needs of projects and of the do-not-call list.

export interface DialerPolicy extends Decisions {
  policies: Policies;
  callerIds: CallerIds;
  explain: Explain;
  runDry: RunDry;
  findClosed: FindClosed;
  start(): void;
  stop(): Promise<void>;
}

export function openDialerPolicy(
  ground: Ground,
  { projects, people }: { projects: Pick<DialerProjects["projects"], "load">; people: People },
): DialerPolicy {
  const administer = createAdminister(ground);
  const policies = createPolicies({ ...ground, administer });
  const around: DryRunSurroundings & typeof ground = {
    ...ground,
    windows: createWindows(),
    loadProject: projects.load,
    loadPolicy: policies.load,
    loadConsent: policies.loadBasis,
    findSuppressions: people.suppressions.findMany,
    loadCallsByHand: (numbers, ask) => loadCallsByHand(ground.database.pool, numbers, ask),
    listNumbersByHand: (ask) => loadNumbersByHand(ground.database.sql, ask),
  };
  const upkeep = createUpkeep(ground);
  return {
    ...createDecisions(around),
    ...{ policies, callerIds: createCallerIds({ ...ground, administer }) },
    ...{ explain: createExplain(around), runDry: createDryRun(around), findClosed: createHoursByHand(around) },
    start: upkeep.start,
    stop: async () => {
      await upkeep.stop();
      policies.stop();
    },
  };
}

export function registerPolicyDoors(
  app: App,
  { database }: Ground,
  { dialer, tenants }: Pick<Rooms, "dialer" | "tenants">,
): void {
  const { policy, settings } = dialer;
  const { projects } = settings;
  registerPolicyRoutes(app, { policies: policy.policies, projects });
  registerCallerIdRoutes(app, { callerIds: policy.callerIds, projects, loadTenant: tenants.loadTenant });
  registerLedgerRoutes(app, {
    ...{ explain: policy.explain, runDry: policy.runDry, projects, loadTenant: tenants.loadTenant },
    loadCampaign: (tenantId, id) => loadCampaign(database.sql, tenantId, id),
    listOwnProjects: projects.listOwn,
  });
}
