import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { type Database, inTransaction } from "../../kit/postgres/database.ts";
import type { Random } from "../../kit/random.ts";
import type { CallerIdQuestion } from "../caller-id/choice.ts";
import { type OpenPools, openPools } from "../caller-id/pools.ts";
import type { Project } from "../project.ts";
import { type AllowedCall, loadHistories, type NotedAttempt, saveAllowed, settleCalls } from "./attempt-store.ts";
import { saveBlocks } from "./block-store.ts";
import type { Allowed, Blocked, BlockRule, Decision, DecisionRequest } from "./decision.ts";
import type { PastCall } from "./history.ts";
import { isMobile, toCandidateZones, toCountry } from "./number-zones.ts";
import type { ConsentBasis } from "./pack.ts";
import { type Check, checkRules, MEND_MS, toDebt } from "./rules.ts";
import type { Policy } from "./store.ts";
import { dateOf, localDay, startOfLocalDay } from "./wall-clock.ts";
import type { Windows } from "./windows.ts";

/*
 * Whether a call may be made, asked for many calls at once. What is allowed counts from that moment: two campaigns that want
 * one number at the same instant are decided one after the other (a lock per number, held for one transaction), in whichever
 * processes they run. Every answer is kept for the ledger.
 */
export interface Decisions {
  /** In the order of the requests. Rejects when the store is away: then nothing was allowed. */
  decideMany(requests: readonly DecisionRequest[], now: Date): Promise<Decision[]>;
  /** Tells what became of attempts that are over, or that were allowed and never dialled. Repeating it changes nothing. */
  noteAttempts(attempts: readonly NotedAttempt[]): Promise<void>;
}

export interface DecisionsOptions {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  windows: Windows;
  loadProject(tenantId: TenantId, id: RowId): Promise<Project | null>;
  loadPolicy(tenantId: TenantId, id: RowId): Promise<Policy | null>;
  loadConsent(tenantId: TenantId, projectId: RowId): Promise<ConsentBasis | null>;
  /** For each question what forbids the call, or `null`. */
  findSuppressions(
    questions: readonly { tenantId: TenantId; number: PhoneNumber; projectId: RowId; campaignId: RowId | null }[],
  ): Promise<
    ({ id: RowId; projectId: RowId | null; campaignId: RowId | null; source: string; createdAt: Date } | null)[]
  >;
}

/** Decided in one transaction. */
const BATCH_MAX = 500;

export function createDecisions(options: DecisionsOptions): Decisions {
  const { database, clock, metrics, log } = options;
  const decided = metrics.counter(
    "enlace_dial_decisions_total",
    "Calls that were allowed, or kept from being made by a rule",
    ["rule"],
  );
  return {
    decideMany: async (requests, now) => {
      const cases = await Promise.all(
        (await listSuppressed(options, requests)).map((found, index) =>
          prepare(options, requests[index] as DecisionRequest, { found, now }),
        ),
      );
      const open = cases.filter(({ decision }) => decision === null);
      for (let start = 0; start < open.length; start += BATCH_MAX)
        await decideTogether(options, open.slice(start, start + BATCH_MAX), now);
      const decisions = cases.map(({ decision }) => decision as Decision);
      await keepBlocks(database, requests, decisions, now);
      for (const decision of decisions) decided.inc({ rule: decision.allowed ? "allowed" : decision.rule });
      log.debug(
        { asked: requests.length, allowed: decisions.filter(({ allowed }) => allowed).length },
        "policy.decided",
      );
      return decisions;
    },
    noteAttempts: async (attempts) => {
      for (let start = 0; start < attempts.length; start += BATCH_MAX) {
        const once = new Map(attempts.slice(start, start + BATCH_MAX).map((attempt) => [attempt.id, attempt]));
        await settleCalls(database.pool, [...once.values()].map(toSettled), clock.now());
      }
    },
  };
}

/** A request with what must be known of it; `decision` is set once it is decided. */
interface Case {
  request: DecisionRequest;
  project: Project | null;
  policy: Policy | null;
  consent: ConsentBasis | null;
  decision: Decision | null;
}

const listSuppressed = ({ findSuppressions }: DecisionsOptions, requests: readonly DecisionRequest[]) =>
  findSuppressions(
    requests.map(({ tenantId, number, projectId, campaignId }) => ({ tenantId, number, projectId, campaignId })),
  );

type Suppressed = Awaited<ReturnType<DecisionsOptions["findSuppressions"]>>[number];

/** What can be said without the number's history. */
async function prepare(
  { loadProject, loadPolicy, loadConsent }: DecisionsOptions,
  request: DecisionRequest,
  { found, now }: { found: Suppressed; now: Date },
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

function toSuppressed(found: NonNullable<Suppressed>, policyVersion: string | null): Blocked {
  const scope = found.projectId !== null ? "project" : found.campaignId !== null ? "campaign" : "global";
  const inputs = { suppression_id: found.id, scope, source: found.source, since: found.createdAt.toISOString() };
  return { allowed: false, rule: "suppressed", final: true, nextAt: null, inputs, policyVersion };
}

/** In one transaction that nobody else's decisions about these numbers, debts and pools run beside. */
function decideTogether(options: DecisionsOptions, cases: readonly Case[], now: Date): Promise<void> {
  return inTransaction(options.database, async (client) => {
    await lock(client, cases);
    const keys = cases.map(({ request }) => ({ ...request, debt: toDebt(request.variables) }));
    const histories = await loadHistories(client, keys, now);
    const owners = new Map(
      cases.flatMap(({ project }) => (project?.usesCallerIdPool ? [[project.id, project] as const] : [])),
    );
    const pools = await openPools(client, [...owners.values()], { now, random: options.random });
    const allowed: AllowedCall[] = [];
    cases.forEach((it, index) => {
      const past = [...(histories[index] ?? []), ...allowed.filter((call) => isAbout(call, it.request)).map(toPast)];
      const { decision, call } = decideOne(options, it, { past, pools, now });
      it.decision = decision;
      if (call) allowed.push(call);
    });
    await saveAllowed(client, allowed);
    await pools.save();
  });
}

const isAbout = (call: AllowedCall, { tenantId, number, variables }: DecisionRequest): boolean =>
  call.tenantId === tenantId && (call.number === number || (call.debt !== null && call.debt === toDebt(variables)));

const toPast = ({ attemptId, number, debt, at, projectId, callerId }: AllowedCall): PastCall => ({
  ...{ attemptId, number, debt, at, projectId, callerId },
  ...{ reached: false, disposition: null },
});

interface Together {
  past: readonly PastCall[];
  pools: OpenPools;
  now: Date;
}

function decideOne(
  options: DecisionsOptions,
  it: Case,
  { past, pools, now }: Together,
): { decision: Decision; call: AllowedCall | null } {
  const { request, policy } = it;
  const project = it.project as Project;
  // What this very attempt was allowed before a crash is not held against it.
  const own = past.find(({ attemptId }) => attemptId === request.attemptId);
  const others = past.filter((call) => call !== own);
  const policyVersion = policy && toPolicyVersion(policy);
  const blocked = policy && checkPolicy(options, { ...it, project, policy }, { past: others, now });
  if (blocked) return { decision: { ...blocked, policyVersion }, call: null };
  const shown = own?.callerId
    ? { callerId: own.callerId as PhoneNumber, why: "same" }
    : choose(it, project, { past: others, pools, now });
  if ("allowed" in shown) return { decision: { ...shown, policyVersion }, call: null };
  const noticeRequired = policy?.pack.recordingNotice ?? false;
  const decision: Allowed = { allowed: true, callerId: shown.callerId, noticeRequired, policyVersion };
  if (own) return { decision, call: null };
  const { tenantId, attemptId, projectId, campaignId, contactId, source, number, variables } = request;
  const inputs = { country: toCountry(number), caller_id: shown.why, ...(it.consent && { consent: it.consent }) };
  const ids = { tenantId, attemptId, projectId, campaignId, contactId };
  const call = {
    ...ids,
    source,
    number,
    at: now,
    debt: toDebt(variables),
    callerId: shown.callerId,
    policyVersion,
    inputs,
  };
  return { decision, call };
}

type Ready = Case & { project: Project; policy: Policy };

function checkPolicy(
  { windows }: Pick<DecisionsOptions, "windows">,
  it: Ready,
  { past, now }: { past: readonly PastCall[]; now: Date },
): Blocked | null {
  return toBlocked(listChecks(windows, it, { past, now }));
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

type Shown = { callerId: PhoneNumber | null; why: string };

/** The pool's choice, else the project's own number; neither where the policy forbids it. */
function choose({ request, policy }: Case, project: Project, { past, pools, now }: Together): Shown | Blocked {
  const rules = policy?.pack.callerId ?? { required: false, mobileAllowed: true, rotationAllowed: true };
  const last = past
    .filter((call) => call.number === request.number && call.projectId === project.id)
    .toSorted((a, b) => b.at.getTime() - a.at.getTime())[0];
  const question: CallerIdQuestion = { number: request.number, last: last?.callerId ?? null, ...rules };
  const choice = project.usesCallerIdPool ? pools.take(project, question) : null;
  if (choice) return { callerId: choice.candidate.number, why: choice.why };
  const own =
    project.callerId !== null && (rules.mobileAllowed || !isMobile(project.callerId)) ? project.callerId : null;
  if (own !== null) return { callerId: own, why: "project" };
  if (!rules.required && project.callerId === null && !project.usesCallerIdPool)
    return { callerId: null, why: "trunk" };
  if (!rules.required && rules.mobileAllowed) return { callerId: null, why: "trunk" };
  const tomorrow = localDay(now.getTime(), project.timeZone) + 1;
  const inputs = { pool: project.usesCallerIdPool, mobile_allowed: rules.mobileAllowed, until: dateOf(tomorrow) };
  const nextAt = new Date(Math.min(startOfLocalDay(tomorrow, project.timeZone), now.getTime() + MEND_MS));
  return { allowed: false, rule: "caller_id", final: false, nextAt, inputs, policyVersion: null };
}

/** One lock per number, debt and pool, in one order: no two transactions wait for each other crosswise. */
async function lock(client: pg.ClientBase, cases: readonly Case[]): Promise<void> {
  const names = cases.flatMap(({ request: { tenantId, number, variables }, project }) => {
    const debt = toDebt(variables);
    return [
      `${tenantId} ${number}`,
      ...(debt === null ? [] : [`${tenantId} debt ${debt}`]),
      ...(project?.usesCallerIdPool ? [`${tenantId} pool ${project.id}`] : []),
    ];
  });
  const keys = [...new Set(names.map(toLockKey))].sort((a, b) => a - b);
  await client.query({
    name: "policy-lock",
    text: "select pg_advisory_xact_lock($1, key) from unnest($2::int[]) key",
    values: [LOCK_CLASS, keys],
  });
}

/** Of two-part advisory locks, the first part that is the policy's. */
const LOCK_CLASS = 0x0d1a;

/** FNV-1a: two names that meet in one key wait for each other for nothing, and that is all. */
function toLockKey(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return hash | 0;
}

async function keepBlocks(
  database: Database,
  requests: readonly DecisionRequest[],
  decisions: readonly Decision[],
  now: Date,
) {
  const blocks = requests.flatMap((request, index) => {
    const decision = decisions[index];
    return !decision || decision.allowed ? [] : [{ ...request, ...decision }];
  });
  for (let start = 0; start < blocks.length; start += BATCH_MAX)
    await saveBlocks(database, blocks.slice(start, start + BATCH_MAX), now);
}

const UNCOUNTED = new Set(["congestion", "invalid_number", "suppressed"]);
const REACHED = new Set(["answered", "transferred", "no_input", "opted_out"]);

function toSettled(attempt: NotedAttempt) {
  const { dialedAt, disposition, variables } = attempt;
  return {
    attempt,
    debt: toDebt(variables),
    counted: dialedAt !== null && !UNCOUNTED.has(disposition ?? ""),
    reached: REACHED.has(disposition ?? ""),
  };
}
