import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Project } from "../project.ts";
import type { Blocked, BlockRule, Decision, DecisionRequest } from "./decision.ts";
import type { PastCall } from "./history.ts";
import { toCandidateZones, toCountry } from "./number-zones.ts";
import type { ConsentBasis } from "./pack.ts";
import type { LoadCallsByHand } from "./past-calls.ts";
import { type Check, checkRules, MEND_MS } from "./rules.ts";
import type { Policy } from "./store.ts";
import type { Windows } from "./windows.ts";

/** Whom else is asked about a call. */
export interface Surroundings {
  windows: Windows;
  loadProject(tenantId: TenantId, id: RowId): Promise<Project | null>;
  loadPolicy(tenantId: TenantId, id: RowId): Promise<Policy | null>;
  loadConsent(tenantId: TenantId, projectId: RowId): Promise<ConsentBasis | null>;
  /** For each question what forbids the call, or `null`. */
  findSuppressions(questions: readonly SuppressionQuestion[]): Promise<(Suppressed | null)[]>;
  loadCallsByHand: LoadCallsByHand;
}

export interface SuppressionQuestion {
  tenantId: TenantId;
  number: PhoneNumber;
  projectId: RowId;
  campaignId: RowId | null;
}

/** An entry of the do-not-call list. */
export interface Suppressed {
  id: RowId;
  projectId: RowId | null;
  campaignId: RowId | null;
  source: string;
  createdAt: Date;
}

/** A request with what must be known of it; `decision` is set once it is decided. */
export interface Case {
  request: DecisionRequest;
  project: Project | null;
  policy: Policy | null;
  consent: ConsentBasis | null;
  decision: Decision | null;
}

export type Ready = Case & { project: Project; policy: Policy };

/** What can be said of each request without its number's history. */
export async function prepareAll(
  around: Surroundings,
  requests: readonly DecisionRequest[],
  now: Date,
): Promise<Case[]> {
  const found = await around.findSuppressions(
    requests.map(({ tenantId, number, projectId, campaignId }) => ({ tenantId, number, projectId, campaignId })),
  );
  return Promise.all(requests.map((request, index) => prepare(around, request, { found: found[index] ?? null, now })));
}

async function prepare(
  { loadProject, loadPolicy, loadConsent }: Surroundings,
  request: DecisionRequest,
  { found, now }: { found: Suppressed | null; now: Date },
): Promise<Case> {
  const { tenantId, projectId, source } = request;
  const project = await loadProject(tenantId, projectId);
  const policyId = source === "test" ? null : (project?.policyId ?? null);
  const [policy, consent] = await Promise.all([
    policyId === null ? null : loadPolicy(tenantId, policyId),
    policyId === null ? null : loadConsent(tenantId, projectId),
  ]);
  const decide = (): Decision | null => {
    const policyVersion = policy && toPolicyVersion(policy);
    const mend = (rule: BlockRule, inputs: Record<string, unknown>): Blocked => ({
      ...{ allowed: false, rule, final: false, inputs, policyVersion },
      nextAt: new Date(now.getTime() + MEND_MS),
    });
    if (found) return toSuppressed(found, policyVersion);
    if (project === null) return mend("policy_missing", { project: "gone" });
    if (policy === null && (policyId !== null || source === "campaign"))
      return mend("policy_missing", { policy_id: policyId });
    if (policy !== null && policy.acknowledgedAt === null)
      return mend("policy_unacknowledged", { policy: policy.name });
    return null;
  };
  return { request, project, policy, consent, decision: decide() };
}

export const toPolicyVersion = ({ id, version }: Pick<Policy, "id" | "version">): string => `${id}@${version}`;

function toSuppressed(found: Suppressed, policyVersion: string | null): Blocked {
  const scope = found.projectId !== null ? "project" : found.campaignId !== null ? "campaign" : "global";
  const inputs = { suppression_id: found.id, scope, source: found.source, since: found.createdAt.toISOString() };
  return { allowed: false, rule: "suppressed", final: true, nextAt: null, inputs, policyVersion };
}

/** Every rule of the policy, asked about one call. */
export function listChecks(
  windows: Windows,
  { request, project, policy, consent }: Pick<Ready, "request" | "project" | "policy" | "consent">,
  { past, now }: { past: readonly PastCall[]; now: Date },
): Check[] {
  const { number, variables } = request;
  return checkRules(policy.pack, `${policy.tenantId} ${toPolicyVersion(policy)}`, {
    windows,
    about: {
      ...{ number, variables, past, now, projectConsent: consent, ringSeconds: project.ringSeconds },
      country: toCountry(number),
      zones: toCandidateZones(number),
    },
  });
}

/** The first rule that failed; a final one before all others. Not before the instant that satisfies every rule. */
export function toBlocked(checks: readonly Check[]): (Omit<Blocked, "policyVersion"> & { policyVersion: null }) | null {
  const failed = checks.filter(({ passed }) => !passed);
  const [first] = [...failed.filter(({ final }) => final), ...failed];
  if (!first) return null;
  const nextAt = first.final ? null : (checks.at(-1)?.nextAt ?? first.nextAt);
  return { allowed: false, rule: first.rule, final: first.final, nextAt, inputs: first.inputs, policyVersion: null };
}
