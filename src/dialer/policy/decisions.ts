import type pg from "pg";
import type { PhoneNumber } from "../../core/phone-number.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { type Database, inTransaction } from "../../kit/postgres/database.ts";
import type { Random } from "../../kit/random.ts";
import { type OpenPools, openPools } from "../caller-id/pools.ts";
import type { Project } from "../project.ts";
import { type AllowedCall, type NotedAttempt, saveAllowed, settleCalls } from "./attempt-store.ts";
import { saveBlocks } from "./block-store.ts";
import { type Case, listChecks, prepareAll, type Surroundings, toBlocked, toPolicyVersion } from "./case.ts";
import type { Allowed, Decision, DecisionRequest } from "./decision.ts";
import type { PastCall } from "./history.ts";
import { toCountry } from "./number-zones.ts";
import { loadPastCalls, looksAtCallsByHand } from "./past-calls.ts";
import { toDebt } from "./rules.ts";
import { chooseShown } from "./shown-number.ts";

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

export interface DecisionsOptions extends Surroundings {
  database: Database;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
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
      const cases = await prepareAll(options, requests, now);
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

/** In one transaction that nobody else's decisions about these numbers, debts and pools run beside. */
function decideTogether(options: DecisionsOptions, cases: readonly Case[], now: Date): Promise<void> {
  return inTransaction(options.database, async (client) => {
    await lock(client, cases);
    const keys = cases.map(({ request, policy }) => ({
      ...{ ...request, debt: toDebt(request.variables), byHand: policy !== null && looksAtCallsByHand(policy.pack) },
    }));
    const histories = await loadPastCalls(client, keys, { ...options, now });
    const owners = new Map(
      cases.flatMap(({ project }) => (project?.usesCallerIdPool ? [[project.id, project] as const] : [])),
    );
    const pools = await openPools(client, [...owners.values()], { now, random: options.random });
    const batch = createBatchHistory();
    const allowed: AllowedCall[] = [];
    cases.forEach((it, index) => {
      const past = [...(histories[index] ?? []), ...batch.about(it.request)];
      const { decision, call } = decideOne(options, it, { past, pools, now });
      it.decision = decision;
      if (call) {
        allowed.push(call);
        batch.add(call);
      }
    });
    await saveAllowed(client, allowed);
    await pools.save();
  });
}

/** What was allowed in this very batch, by number and by debt. */
function createBatchHistory() {
  const calls = new Map<string, PastCall[]>();
  const toKeys = (tenantId: number, number: string, debt: string | null): string[] => [
    `${tenantId} ${number}`,
    ...(debt === null ? [] : [`${tenantId} debt ${debt}`]),
  ];
  return {
    about: ({ tenantId, number, variables }: DecisionRequest): PastCall[] => [
      ...new Set(toKeys(tenantId, number, toDebt(variables)).flatMap((key) => calls.get(key) ?? [])),
    ],
    add: ({ tenantId, attemptId, number, debt, at, projectId, callerId }: AllowedCall): void => {
      const call = { attemptId, number, debt, at, projectId, callerId, reached: false, disposition: null };
      for (const key of toKeys(tenantId, number, debt)) calls.set(key, [...(calls.get(key) ?? []), call]);
    },
  };
}

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
  const blocked = policy && toBlocked(listChecks(options.windows, { ...it, project, policy }, { past: others, now }));
  if (blocked) return { decision: { ...blocked, policyVersion }, call: null };
  const shown = own?.callerId
    ? { callerId: own.callerId as PhoneNumber, why: "same" }
    : chooseShown(it, project, { past: others, pools, now });
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
