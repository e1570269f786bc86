import { toErrorMessage } from "../../core/errors.ts";
import type { RowId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { Random } from "../../kit/random.ts";
import type { DialAttempt } from "../attempt.ts";
import type { CampaignContact } from "../campaign.ts";
import type { Decision, DecisionRequest } from "../policy/decision.ts";
import { newAttemptId } from "./attempt-id.ts";
import type { KeptAttempt } from "./attempt-row.ts";
import type { CampaignSource } from "./campaign-source.ts";
import type { Journal } from "./journal.ts";
import type { Lane } from "./lane.ts";
import { type LiveCall, toOwner } from "./live-call.ts";
import type { Flow, Permit } from "./permits.ts";
import { toQueued } from "./place-dial.ts";
import { claimQueued, putBackUntil } from "./queue-store.ts";
import { loadTrunkFailures, takeBackRows, writeDown } from "./store.ts";

/** Calls that one PBX may begin now. */
export interface Batch {
  lane: Lane;
  permits: readonly Permit[];
  now: Date;
}

/** In the order of the requests. Rejects when the rules cannot be asked: then nobody may be called. */
export type DecideMany = (requests: readonly DecisionRequest[], now: Date) => Promise<readonly Decision[]>;

export interface DialBatchOptions {
  database: Database;
  random: Random;
  clock: Clock;
  log: Log;
  campaigns: Pick<CampaignSource, "claim" | "release">;
  decideMany: DecideMany;
  /** Tells the rules of calls that were allowed and never made. */
  noteAttempts(attempts: readonly DialAttempt[]): Promise<void>;
  /** An attempt with its project, trunk and slots; `null`: its project is gone. */
  revive(attempt: KeptAttempt, pbx: Lane["pbx"]): Promise<LiveCall | null>;
  journal: Pick<Journal, "note">;
  /** Whether a call may be begun over this trunk besides those that have leave. */
  isFree(trunkId: RowId): boolean;
  /** Has the PBX place it once it is its turn; never rejects. */
  place(call: LiveCall, lane: Lane): void;
}

/** Nothing forbids it for good, and nobody says until when. */
const LATER_MS = 3_600_000;

interface Candidate {
  attempt: KeptAttempt;
  /** The last time a trunk failed. */
  wasCongested: boolean;
  flow: Flow;
  permit: Permit;
}

/*
 * One batch of a PBX: claimed, decided, written down, placed.
 *
 *   contacts ─┐                          ┌─ never ──▶ written down as suppressed
 *   queue ────┴─▶ claimed ── the rules ──┼─ later ──▶ given back until then
 *                                        └─ now ────▶ written down as dialing ──▶ placed
 *
 * A crash in between leaves contacts claimed by this PBX without an attempt, or attempts without `dialed_at`, which they get
 * when their turn is near: recovery.ts gives both back. Whatever fails, those who were claimed are given back at once, and none of them has been called.
 */
export function createDialBatch(options: DialBatchOptions) {
  const { database, campaigns, decideMany } = options;

  return async (batch: Batch): Promise<ReadonlyMap<string, number>> => {
    const contacts = await claimContacts(options, batch);
    const queued = await claimQueue(options, batch).catch(async (error: unknown) => {
      await giveBack(options, contacts, batch.now);
      throw error;
    });
    const candidates = [...contacts, ...queued];
    if (candidates.length === 0) return new Map();
    try {
      await avoidFailedTrunks(options, candidates);
      const decisions = await decideMany(candidates.map(toRequest), batch.now);
      await carryOut(options, batch, { candidates, decisions });
    } catch (error) {
      await giveBack(options, candidates, batch.now);
      throw error;
    }
    return new Map([...Map.groupBy(candidates, ({ flow }) => flow.key)].map(([key, own]) => [key, own.length]));
  };

  async function claimContacts(_: DialBatchOptions, { lane, permits, now }: Batch): Promise<Candidate[]> {
    const flows = groupFlows(permits, "campaign:");
    if (flows.length === 0) return [];
    const claimed = await campaigns.claim({
      quotas: flows.map(({ flow, own }) => ({ tenantId: flow.tenantId, campaignId: toId(flow), most: own.length })),
      limit: flows.reduce((sum, { own }) => sum + own.length, 0),
      ...{ now, owner: toOwner(lane.pbx) },
    });
    const byCampaign = Map.groupBy(claimed, ({ campaignId }) => campaignId);
    return flows.flatMap(({ flow, own }) =>
      (byCampaign.get(toId(flow)) ?? []).flatMap((contact, index) => {
        const permit = own[index];
        if (!permit) return [];
        const attempt = toAttempt(options, { contact, flow, permit, now });
        return [{ attempt, flow, permit, wasCongested: contact.disposition === "congestion" }];
      }),
    );
  }

  async function claimQueue(_: DialBatchOptions, { lane, permits, now }: Batch): Promise<Candidate[]> {
    const flows = groupFlows(permits, "queue:");
    const claimed = await claimQueued(database, {
      quotas: flows.map(({ flow, own }) => ({ tenantId: flow.tenantId, projectId: flow.projectId, most: own.length })),
      ...{ pbxId: lane.pbx.id as RowId, now },
    });
    const byProject = Map.groupBy(claimed, ({ projectId }) => projectId);
    return flows.flatMap(({ flow, own }) =>
      (byProject.get(flow.projectId) ?? []).flatMap((attempt, index) => {
        const permit = own[index];
        const wasCongested = attempt.avoidTrunkId !== null;
        return permit ? [{ attempt: { ...attempt, trunkId: permit.trunkId }, flow, permit, wasCongested }] : [];
      }),
    );
  }
}

function groupFlows(permits: readonly Permit[], kind: "campaign:" | "queue:"): { flow: Flow; own: Permit[] }[] {
  const own = permits.filter(({ flow }) => flow.key.startsWith(kind));
  return [...Map.groupBy(own, ({ flow }) => flow).entries()].map(([flow, ofFlow]) => ({ flow, own: ofFlow }));
}

const toId = ({ key }: Flow): RowId => key.slice(key.indexOf(":") + 1) as RowId;

function toAttempt(
  { random }: DialBatchOptions,
  { contact, flow, permit, now }: { contact: CampaignContact; flow: Flow; permit: Permit; now: Date },
): KeptAttempt {
  const { tenantId, campaignId, id: contactId, number, variables, attempts } = contact;
  const id = newAttemptId(random, tenantId);
  return {
    ...toQueued({ tenantId, id, projectId: flow.projectId, source: "campaign", number, variables, queuedAt: now }),
    ...{ campaignId, contactId, ordinal: attempts + 1, trunkId: permit.trunkId },
  };
}

const toRequest = ({ attempt }: Candidate): DecisionRequest => ({
  ...{ tenantId: attempt.tenantId, attemptId: attempt.id, projectId: attempt.projectId, source: attempt.source },
  ...{ campaignId: attempt.campaignId, contactId: attempt.contactId },
  ...{ number: attempt.number, variables: attempt.variables },
});

/** Who could not be reached because a trunk failed is tried over another, if one of the project's is free. */
async function avoidFailedTrunks(options: DialBatchOptions, candidates: readonly Candidate[]): Promise<void> {
  const congested = candidates.filter(({ wasCongested }) => wasCongested);
  const refs = congested.flatMap(({ attempt }) => (attempt.contactId === null ? [] : [toRef(attempt)]));
  const failures = await loadTrunkFailures(options.database, refs);
  for (const { attempt, flow } of congested) {
    const trunkIds = attempt.contactId === null ? [] : (failures.get(attempt.contactId) ?? []);
    attempt.trunkFailures = Math.max(attempt.trunkFailures, trunkIds.length);
    const avoided = attempt.avoidTrunkId ?? trunkIds[0];
    if (avoided !== attempt.trunkId) continue;
    const other = flow.trunks.find(({ trunkId }) => trunkId !== avoided && options.isFree(trunkId));
    if (other) attempt.trunkId = other.trunkId;
  }
}

interface Sorted {
  dialed: LiveCall[];
  suppressed: LiveCall[];
  later: { candidate: Candidate; dueAt: Date }[];
}

async function carryOut(
  options: DialBatchOptions,
  { lane, now }: Batch,
  { candidates, decisions }: { candidates: readonly Candidate[]; decisions: readonly Decision[] },
): Promise<void> {
  const sorted: Sorted = { dialed: [], suppressed: [], later: [] };
  const { dialed, suppressed, later } = sorted;
  try {
    for (const [index, candidate] of candidates.entries()) {
      const decision = decisions[index];
      if (!decision) throw new Error("a decision is missing");
      await sortOut(options, { lane, now }, { candidate, decision, sorted });
    }
    const attempts = [...dialed, ...suppressed].map(({ attempt }) => attempt);
    await writeDown(options.database, attempts);
  } catch (error) {
    for (const call of [...dialed, ...suppressed]) call.release();
    throw error;
  }
  for (const call of suppressed) {
    call.release();
    options.journal.note(call);
  }
  for (const call of dialed) options.place(call, lane);
  await putOff(options, later, now);
}

async function sortOut(
  { revive }: DialBatchOptions,
  { lane, now }: Pick<Batch, "lane" | "now">,
  { candidate, decision, sorted }: { candidate: Candidate; decision: Decision; sorted: Sorted },
): Promise<void> {
  const { attempt } = candidate;
  const putLater = (dueAt: Date | null): void => {
    sorted.later.push({ candidate, dueAt: dueAt ?? new Date(now.getTime() + LATER_MS) });
  };
  if (!decision.allowed && !decision.final) {
    putLater(decision.nextAt);
    return;
  }
  attempt.pbxId = lane.pbx.id as RowId;
  if (decision.allowed) Object.assign(attempt, { state: "dialing", dialedAt: null, callerId: decision.callerId });
  else
    Object.assign(attempt, {
      ...{ state: "ended", endedAt: now, trunkId: null, dialedAt: null },
      ...{ disposition: "suppressed", dispositionSource: "ivr" },
    });
  const call = await revive(attempt, lane.pbx);
  if (!call) putLater(null);
  else if (decision.allowed) sorted.dialed.push({ ...call, needsNotice: decision.noticeRequired });
  else sorted.suppressed.push(call);
}

/** Not an attempt: the same person, later. */
async function putOff(
  { database, campaigns, log }: DialBatchOptions,
  later: readonly { candidate: Candidate; dueAt: Date }[],
  now: Date,
): Promise<void> {
  const [contacts, queued] = [later.filter(isContact), later.filter((each) => !isContact(each))];
  try {
    await putBackUntil(
      database,
      queued.map(({ candidate: { attempt }, dueAt }) => ({ attempt, dueAt })),
    );
    const refs = contacts.map(({ candidate: { attempt }, dueAt }) => ({ ...toRef(attempt), nextAt: dueAt }));
    if (refs.length > 0) await campaigns.release(refs, now);
  } catch (error) {
    log.warn({ reason: toErrorMessage(error), calls: later.length }, "dialer.put_off_failed"); // recovered at the next start
  }
}

const isContact = ({ candidate }: { candidate: Candidate }): boolean => candidate.attempt.contactId !== null;
const toRef = ({ tenantId, campaignId, contactId }: KeptAttempt) => ({
  ...{ tenantId, campaignId: campaignId as RowId, contactId: contactId as RowId },
});

/** Nobody of them was called. What cannot be given back now, because the store is away, the sweep gives back. */
async function giveBack(options: DialBatchOptions, candidates: readonly Candidate[], now: Date): Promise<void> {
  const attempts = candidates.map(({ attempt }) => attempt);
  try {
    await takeBack(options, attempts, now);
    await options.noteAttempts(attempts.map((attempt) => ({ ...attempt, dialedAt: null, disposition: null })));
  } catch (error) {
    options.log.warn({ reason: toErrorMessage(error), calls: attempts.length }, "dialer.give_back_failed");
  }
}

/** The rows first: a contact must not be claimed anew while an attempt still speaks for it. */
export async function takeBack(
  { database, campaigns }: Pick<DialBatchOptions, "database" | "campaigns">,
  attempts: readonly KeptAttempt[],
  nextAt: Date,
): Promise<void> {
  await takeBackRows(database, attempts, nextAt);
  const refs = attempts.filter(({ contactId }) => contactId !== null).map((attempt) => ({ ...toRef(attempt), nextAt }));
  if (refs.length > 0) await campaigns.release(refs, nextAt);
}
