import { AppError } from "../../core/errors.ts";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { nextOpening, type Schedule } from "../campaigns/schedule.ts";
import { loadSchedule } from "../campaigns/schedule-store.ts";
import type { Project } from "../project.ts";
import { say } from "../words.ts";
import { listChecks, type Ready, type Surroundings, toBlocked, toPolicyVersion } from "./case.ts";
import { BLOCK_RULES, type DecisionRequest } from "./decision.ts";
import { compareWhole, countPending, type DryRunScope, loadGroups, openKnown } from "./dry-run-store.ts";
import type { PastCall } from "./history.ts";
import { loadPastCalls, looksAtCallsByHand, toHistorySince } from "./past-calls.ts";
import { toDebt } from "./rules.ts";
import type { Policy } from "./store.ts";

/** `schedule`: every rule would allow the call, and the campaign is closed. */
export const DRY_RULES = [...BLOCK_RULES, "schedule"] as const;
type DryRule = (typeof DRY_RULES)[number];

/*
 * What would happen if a campaign began now, without calling anybody. Contacts that nobody called lately are asked about in
 * groups that the rules cannot tell apart, so a million of them cost a few statements; those with a history one by one, in
 * batches, up to a bound. The hours are those that the rules and the campaign's own schedule leave open.
 */
export interface DryRun {
  policyVersion: string;
  acknowledged: boolean;
  /** Pending ones. */
  contacts: number;
  allowedNow: number;
  blocked: { rule: DryRule; final: boolean; contacts: number }[];
  /** First eligible hours (UTC), in order; of those allowed now this hour. */
  hours: { from: Date; contacts: number }[];
  /** Contacts that no hour is known for: out for good. */
  never: number;
  /** More than a dry run looks at. */
  unexamined: number;
}

export type RunDry = (campaign: { tenantId: TenantId; campaignId: RowId; projectId: RowId }) => Promise<DryRun>;

export interface DryRunSurroundings extends Surroundings {
  database: Database;
  clock: Clock;
  /** Whom people called by hand, those called last first. */
  listNumbersByHand(ask: { tenantId: TenantId; since: Date; rowsMax: number }): Promise<string[]>;
}

const GROUPS_MAX = 200_000;
const KNOWN_BATCH = 2_000;
const KNOWN_MAX = 200_000;
const HOUR_MS = 3_600_000;

export function createDryRun({ database, clock, ...around }: DryRunSurroundings): RunDry {
  return async ({ tenantId, campaignId, projectId }) => {
    const now = clock.now();
    const { project, policy } = await loadRules(around, tenantId, projectId);
    const consent = await around.loadConsent(tenantId, projectId);
    const since = toHistorySince(now);
    const byHand = looksAtCallsByHand(policy.pack);
    const numbersByHand = byHand ? await around.listNumbersByHand({ tenantId, since, rowsMax: KNOWN_MAX }) : [];
    const scope: DryRunScope = { tenantId, campaignId, projectId, since, numbersByHand };
    const tally = createTally(now);
    const openings = createOpenings(await loadSchedule(database.sql, tenantId, campaignId));
    const ask = (
      { number, variables }: Pick<DecisionRequest, "number" | "variables">,
      past: readonly PastCall[],
      count: number,
    ) => {
      const ids = { tenantId, attemptId: "", projectId, campaignId, contactId: null, source: "campaign" as const };
      const it: Ready = { request: { ...ids, number, variables }, project, policy, consent, decision: null };
      const judge: Judge = (at) => toBlocked(listChecks(around.windows, it, { past, now: at }));
      tally.add(openings.judge(judge, now), count);
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
        const keys = batch.map(({ number, variables }) => ({ tenantId, number, debt: toDebt(variables), byHand }));
        const histories = await loadPastCalls(database.pool, keys, { ...around, now });
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
  if (!project || !policy) throw new AppError("conflict", say("noRules"));
  return { project, policy };
}

interface Block {
  rule: DryRule;
  final: boolean;
  nextAt: Date | null;
}
/** What the rules say of an instant. */
type Judge = (at: Date) => Block | null;

/** Rules and schedule name an hour in turns until they agree. */
const TURNS_MAX = 50;

/** When a campaign with this schedule may call: its openings are asked for again and again. */
function createOpenings(schedule: Schedule | null) {
  const known = new Map<number, Date | null>();
  function next(at: Date): Date | null {
    const ms = at.getTime();
    const opening = known.get(ms) ?? (schedule ? nextOpening(schedule, at) : at);
    known.set(ms, opening);
    return opening;
  }
  function firstFrom(judge: Judge, from: Date | null): Date | null {
    let at = from;
    for (let turn = 0; turn < TURNS_MAX && at !== null; turn++) {
      const opening = next(at);
      const block = opening && judge(opening);
      if (opening === null || !block) return opening;
      at = block.nextAt;
    }
    return null;
  }
  return {
    /** What keeps the call from being made now, with the first instant at which nothing does; `null`: it would be made. */
    judge: (judge: Judge, now: Date): Block | null => {
      const block = judge(now);
      if (block) return { ...block, nextAt: firstFrom(judge, block.nextAt) };
      const opening = next(now);
      if (opening?.getTime() === now.getTime()) return null;
      return { rule: "schedule", final: false, nextAt: firstFrom(judge, opening) };
    },
  };
}

function createTally(now: Date) {
  const blocked = new Map<string, { rule: DryRule; final: boolean; contacts: number }>();
  const hours = new Map<number, number>();
  let [allowedNow, never, seen] = [0, 0, 0];
  const toHour = (at: Date): number => Math.floor(at.getTime() / HOUR_MS) * HOUR_MS;
  return {
    seen: () => seen,
    add: (block: Block | null, count: number): void => {
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
