import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Project } from "../project.ts";
import { loadHistories } from "./attempt-store.ts";
import { listChecks, type Ready, type Surroundings, toBlocked, toPolicyVersion } from "./case.ts";
import type { BlockRule, DecisionRequest } from "./decision.ts";
import { compareWhole, countPending, type DryRunScope, loadGroups, openKnown } from "./dry-run-store.ts";
import { HISTORY_DAYS, type PastCall } from "./history.ts";
import { toDebt } from "./rules.ts";
import type { Policy } from "./store.ts";
import { DAY_MS } from "./wall-clock.ts";

/*
 * What would happen if a campaign began now, without calling anybody. Contacts that nobody called lately are asked about in
 * groups that the rules cannot tell apart, so a million of them cost a few statements; those with a history one by one, in
 * batches, up to a bound. The campaign's own schedule is not looked at: the hours are those that the rules leave open.
 */
export interface DryRun {
  policyVersion: string;
  acknowledged: boolean;
  /** Pending ones. */
  contacts: number;
  allowedNow: number;
  blocked: { rule: BlockRule; final: boolean; contacts: number }[];
  /** First eligible hours (UTC), in order; of those allowed now this hour. */
  hours: { from: Date; contacts: number }[];
  /** Contacts that no hour is known for: out for good. */
  never: number;
  /** More than a dry run looks at. */
  unexamined: number;
}

export type RunDry = (campaign: { tenantId: TenantId; campaignId: RowId; projectId: RowId }) => Promise<DryRun>;

const GROUPS_MAX = 200_000;
const KNOWN_BATCH = 2_000;
const KNOWN_MAX = 200_000;
const HOUR_MS = 3_600_000;

export function createDryRun({
  database,
  clock,
  ...around
}: Surroundings & { database: Database; clock: Clock }): RunDry {
  return async ({ tenantId, campaignId, projectId }) => {
    const now = clock.now();
    const { project, policy } = await loadRules(around, tenantId, projectId);
    const consent = await around.loadConsent(tenantId, projectId);
    const scope: DryRunScope = {
      tenantId,
      campaignId,
      projectId,
      since: new Date(now.getTime() - HISTORY_DAYS * DAY_MS),
    };
    const tally = createTally(now);
    const ask = (
      { number, variables }: Pick<DecisionRequest, "number" | "variables">,
      past: readonly PastCall[],
      count: number,
    ) => {
      const ids = { tenantId, attemptId: "", projectId, campaignId, contactId: null, source: "campaign" as const };
      const it: Ready = { request: { ...ids, number, variables }, project, policy, consent, decision: null };
      tally.add(toBlocked(listChecks(around.windows, it, { past, now })), count);
    };
    const contacts = await database.sql.transaction().execute(async (on) => {
      await compareWhole(on);
      const { contacts: pending, suppressed } = await countPending(on, scope);
      if (suppressed > 0) tally.add({ rule: "suppressed", final: true, nextAt: null }, suppressed);
      for (const group of await loadGroups(on, scope, GROUPS_MAX)) ask(group, [], group.contacts);
      const next = await openKnown(on, scope, KNOWN_BATCH);
      for (let seen = 0; seen < KNOWN_MAX; seen += KNOWN_BATCH) {
        const batch = await next();
        if (batch.length === 0) break;
        const keys = batch.map(({ number, variables }) => ({ tenantId, number, debt: toDebt(variables) }));
        const histories = await loadHistories(database.pool, keys, now);
        for (const [index, contact] of batch.entries()) ask(contact, histories[index] ?? [], 1);
      }
      return pending;
    });
    const { figures, seen } = tally;
    return {
      ...{ policyVersion: toPolicyVersion(policy), acknowledged: policy.acknowledgedAt !== null, contacts },
      ...figures(),
      unexamined: Math.max(0, contacts - seen()),
    };
  };
}

async function loadRules(
  around: Pick<Surroundings, "loadProject" | "loadPolicy">,
  tenantId: TenantId,
  projectId: RowId,
): Promise<{ project: Project; policy: Policy }> {
  const project = await around.loadProject(tenantId, projectId);
  const policy = project?.policyId ? await around.loadPolicy(tenantId, project.policyId) : null;
  if (!project || !policy) throw new AppError("conflict", "The project has no policy: there are no rules to ask.");
  return { project, policy };
}

function createTally(now: Date) {
  const blocked = new Map<string, { rule: BlockRule; final: boolean; contacts: number }>();
  const hours = new Map<number, number>();
  let [allowedNow, never, seen] = [0, 0, 0];
  const toHour = (at: Date): number => Math.floor(at.getTime() / HOUR_MS) * HOUR_MS;
  return {
    seen: () => seen,
    add: (block: { rule: BlockRule; final: boolean; nextAt: Date | null } | null, count: number): void => {
      seen += count;
      const at = block ? block.nextAt : now;
      if (at) hours.set(toHour(at), (hours.get(toHour(at)) ?? 0) + count);
      else never += count;
      if (!block) {
        allowedNow += count;
        return;
      }
      const { rule, final } = block;
      const entry = blocked.get(`${rule} ${final}`) ?? { rule, final, contacts: 0 };
      blocked.set(`${rule} ${final}`, { ...entry, contacts: entry.contacts + count });
    },
    figures: () => ({
      ...{ allowedNow, never },
      blocked: [...blocked.values()].sort((a, b) => b.contacts - a.contacts),
      hours: [...hours].sort(([a], [b]) => a - b).map(([ms, contacts]) => ({ from: new Date(ms), contacts })),
    }),
  };
}
