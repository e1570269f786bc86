import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { type AllowedRow, type BlockRow, loadAllowed, loadBlocks } from "./block-store.ts";
import { listChecks, prepareAll, type Surroundings, toBlocked, toPolicyVersion } from "./case.ts";
import type { BlockRule, DecisionRequest } from "./decision.ts";
import { loadContactVariables } from "./dry-run-store.ts";
import { toCandidateZones, toCountry } from "./number-zones.ts";
import { loadPastCalls } from "./past-calls.ts";
import { type Check, toDebt } from "./rules.ts";

/** Why a number was called, or was not, and what would be decided now. */
export interface Why {
  country: string | null;
  zones: readonly string[];
  /** `null`: nobody asked about a project. */
  now: Verdict | null;
  calls: AllowedRow[];
  blocks: BlockRow[];
}

export interface Verdict {
  allowed: boolean;
  rule: BlockRule | null;
  final: boolean;
  nextAt: Date | null;
  policyVersion: string | null;
  /** Every rule with what it looked at; only the deciding one where the call is out before the policy is asked. */
  checks: readonly Check[];
}

export interface WhyQuestion {
  tenantId: TenantId;
  number: PhoneNumber;
  projectId: RowId | null;
  campaignId: RowId | null;
  /** Projects of a supervisor; `null`: all. */
  projectIds: readonly RowId[] | null;
  rowsMax: number;
}

export type Explain = (question: WhyQuestion) => Promise<Why>;

/** Answers from what was kept, and asks the rules anew without counting anything. */
export function createExplain({
  database,
  clock,
  ...around
}: Surroundings & { database: Database; clock: Clock }): Explain {
  return async (question) => {
    const { tenantId, number } = question;
    const [calls, blocks, now] = await Promise.all([
      loadAllowed(database.sql, tenantId, question),
      loadBlocks(database.sql, tenantId, question),
      question.projectId === null ? null : judge(question, question.projectId),
    ]);
    return { country: toCountry(number), zones: toCandidateZones(number), now, calls, blocks };
  };

  async function judge({ tenantId, number, campaignId }: WhyQuestion, projectId: RowId): Promise<Verdict> {
    const now = clock.now();
    const variables =
      campaignId === null ? {} : await loadContactVariables(database.sql, { tenantId, campaignId, number });
    const source = campaignId === null ? "api" : "campaign";
    const request: DecisionRequest = {
      ...{ tenantId, attemptId: "", projectId, campaignId, contactId: null, source, number, variables },
    };
    const [it] = await prepareAll(around, [request], now);
    if (!it) throw new Error("a question without a case");
    const { project, policy } = it;
    const policyVersion = policy && toPolicyVersion(policy);
    const checks: Check[] = [];
    if (it.decision && !it.decision.allowed) checks.push({ ...it.decision, passed: false });
    if (project && policy) {
      const key = { tenantId, number, debt: toDebt(variables), byHand: true };
      const [past = []] = await loadPastCalls(database.pool, [key], { ...around, now });
      checks.push(...listChecks(around.windows, { ...it, project, policy }, { past, now }));
    }
    const blocked = it.decision && !it.decision.allowed ? it.decision : toBlocked(checks);
    if (!blocked) return { allowed: true, rule: null, final: false, nextAt: null, policyVersion, checks };
    return { allowed: false, rule: blocked.rule, final: blocked.final, nextAt: blocked.nextAt, policyVersion, checks };
  }
}
