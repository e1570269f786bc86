import type { DialerProjects } from "./app-dialer-projects.ts";
import { createAdminister } from "./app-dialer-projects.ts";
import type { Ground } from "./app-ground.ts";
import type { People } from "./app-people.ts";
import { createDecisions, type Decisions } from "./dialer/policy/decisions.ts";
import { createPolicies, type Policies } from "./dialer/policy/policies.ts";
import { createWindows } from "./dialer/policy/windows.ts";

// Whether a call may be made, under which number, and what that needs of projects and of the do-not-call list.

export interface DialerPolicy extends Decisions {
  policies: Policies;
  stop(): Promise<void>;
}

export function openDialerPolicy(
  ground: Ground,
  { projects, people }: { projects: Pick<DialerProjects["projects"], "load">; people: People },
): DialerPolicy {
  const policies = createPolicies({ ...ground, administer: createAdminister(ground) });
  const decisions = createDecisions({
    ...ground,
    windows: createWindows(),
    loadProject: projects.load,
    loadPolicy: policies.load,
    loadConsent: policies.loadBasis,
    findSuppressions: people.suppressions.findMany,
  });
  return {
    ...decisions,
    policies,
    stop: async () => policies.stop(),
  };
}
