import { isDeepStrictEqual } from "node:util";
import type pg from "pg";
import { type Call, reduceCall } from "../core/call.ts";
import { type CallChange, isDetailChange } from "../core/call-change.ts";
import { type CallFact, reviveFact } from "../core/call-fact.ts";
import { AppError } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { type Database, inTransaction } from "../kit/postgres/database.ts";
import {
  createOpenCalls,
  type ExtendedCall,
  extendCalls,
  lockCalls,
  saveCalls,
  type ToldFact,
  type WithNew,
} from "./accept-statements.ts";

/** `accepted`: a new call. `updated`: the call is different now. `duplicate`: nothing new in it. */
export interface Accepted {
  status: "accepted" | "updated" | "duplicate";
  callId: RowId;
  revision: number;
  call: Call;
}

/** The way out, as `accept` knows it: deliveries are planned where calls change, so that both happen, or neither. */
export interface FanOut {
  /** Of calls that became different, on the open transaction of `client`. */
  planChanged(client: pg.PoolClient, changes: readonly CallChange[]): Promise<void>;
  /** Of calls that are being made, as part of the statement that makes them. */
  withNew: WithNew;
}

/** A call has a few dozen facts; a source that tells thousands about one call is broken. */
export const FACTS_PER_CALL_MAX = 1_000;

/** The two halves of accepting a batch. Each answers for what it could settle, and commits all of that or nothing. */
export interface AcceptBatch {
  /** Makes the calls nobody has heard of. Items of calls that exist are not in the answer. */
  open(items: readonly ToldFact[], now: Date): Promise<Map<ToldFact, Accepted>>;
  /** Adds to the calls that exist. Items of calls that have gone meanwhile are not in the answer. */
  extend(items: readonly ToldFact[], now: Date): Promise<Map<ToldFact, Accepted>>;
}

export function createAcceptBatch(database: Database, fanOuts: readonly FanOut[]): AcceptBatch {
  const openCalls = createOpenCalls(
    database.pool,
    fanOuts.map(({ withNew }) => withNew),
  );

  async function extendLocked(client: pg.PoolClient, calls: ReadonlyMap<string, Told>, now: Date) {
    const results = new Map<ToldFact, Accepted>();
    const changes: CallChange[] = [];
    const facts = [...calls.values()].flatMap(({ news }) => news);
    const [, known] = await Promise.all([
      lockCalls(client, calls.values()),
      extendCalls(client, facts, { now, factsMax: FACTS_PER_CALL_MAX }),
    ]);
    for (const one of known) {
      const told = find(calls, toCallKey(one.tenant_id, one.call_uuid));
      const change = toChange(one, told, results);
      if (change) changes.push(change);
    }
    if (changes.length === 0) return results;
    const plans = fanOuts.map(({ planChanged }) => planChanged(client, changes));
    await Promise.all([saveCalls(client, changes, now), ...plans]);
    return results;
  }

  return {
    open: async (items, now) => {
      const calls = groupByCall(items);
      const results = new Map<ToldFact, Accepted>();
      const facts = [...calls.values()].flatMap(({ news }) => news);
      const opened = await openCalls([...calls.values()], { facts, now });
      for (const { tenant_id, id, call_uuid } of opened) {
        const told = find(calls, toCallKey(tenant_id, call_uuid));
        const news = new Set(told.facts.map(({ key }) => key));
        noteResults(results, told, { callId: id, revision: 1, call: told.call, isNew: true, news });
      }
      return results;
    },
    extend: (items, now) => {
      const calls = groupByCall(items);
      return inTransaction(database, (client) => extendLocked(client, calls, now));
    },
  };
}

/** Notes what became of the facts of one call; `undefined` when they made no difference. */
function toChange(known: ExtendedCall, told: Told, results: Map<ToldFact, Accepted>): CallChange | undefined {
  const news = new Set(known.added);
  const added = told.facts.filter(({ key }) => news.has(key));
  const { call, isChanged, isDetail } = reduceWith(known, added);
  const revision = known.revision + (isChanged ? 1 : 0);
  noteResults(results, told, {
    ...{ callId: known.id, revision, call, isNew: false },
    news: isChanged ? news : new Set(),
  });
  if (!isChanged) return undefined;
  const change = { tenantId: known.tenant_id, callId: known.id, callCreatedAt: known.created_at, revision, call };
  return { ...change, recovered: isRecovered(added), ...(isDetail ? { isDetail } : {}) };
}

function reduceWith(
  known: ExtendedCall,
  added: readonly CallFact[],
): { call: Call; isChanged: boolean; isDetail: boolean } {
  const before = known.facts.map(reviveFact);
  if (added.length > 0 && before.length + added.length > FACTS_PER_CALL_MAX) {
    throw new AppError("conflict", `The call ${known.call_uuid} has ${FACTS_PER_CALL_MAX} facts and takes no more.`);
  }
  const call = reduceCall([...before, ...added]);
  if (added.length === 0) return { call, isChanged: false, isDetail: false };
  // Most of what is told moves the call on: then what it was like before need not be worked out.
  if (call.outcome !== known.outcome || call.phase !== known.phase) return { call, isChanged: true, isDetail: false };
  const previous = before.length === 0 ? undefined : reduceCall(before);
  const isChanged = previous === undefined || !isDeepStrictEqual(call, previous);
  return { call, isChanged, isDetail: isChanged && previous !== undefined && isDetailChange(previous, call) };
}

interface Outcome {
  callId: RowId;
  revision: number;
  call: Call;
  isNew: boolean;
  /** Keys that made the difference; each of them counts once. */
  news: Set<string>;
}

function noteResults(
  results: Map<ToldFact, Accepted>,
  told: Told,
  { callId, revision, call, isNew, news }: Outcome,
): void {
  for (const [index, item] of told.items.entries()) {
    const isNews = news.delete(item.fact.key);
    const status = isNew && index === 0 ? "accepted" : isNews ? "updated" : "duplicate";
    results.set(item, { status, callId, revision, call });
  }
}

function groupByCall(items: readonly ToldFact[]): Map<string, Told> {
  const groups = Map.groupBy(items, ({ tenantId, callUuid }) => toCallKey(tenantId, callUuid));
  const calls = new Map<string, Told>();
  for (const [key, [first, ...rest]] of groups) {
    if (!first) continue;
    const told = [first, ...rest];
    const news = [...new Map(told.toReversed().map((item) => [item.fact.key, item])).values()];
    const facts = news.map(({ fact }) => fact);
    calls.set(key, {
      tenantId: first.tenantId,
      callUuid: first.callUuid,
      items: told,
      news,
      facts,
      call: reduceCall(facts),
      recovered: isRecovered(facts),
    });
  }
  return calls;
}

const toCallKey = (tenantId: TenantId, callUuid: string): string => `${tenantId} ${callUuid}`;
const isRecovered = (facts: readonly CallFact[]): boolean => facts.every(({ source }) => source === "recovery");

function find(calls: ReadonlyMap<string, Told>, key: string): Told {
  const told = calls.get(key);
  if (!told) throw new Error(`the store answered about a call nobody asked for: ${key}`);
  return told;
}

/** All facts of the batch about one call. */
interface Told {
  tenantId: TenantId;
  callUuid: string;
  items: ToldFact[];
  /** Of each fact the first telling. */
  news: ToldFact[];
  facts: CallFact[];
  /** As far as this batch alone tells. */
  call: Call;
  recovered: boolean;
}
