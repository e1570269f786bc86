import { isDeepStrictEqual } from "node:util";
import type pg from "pg";
import { type Call, reduceCall } from "../core/call.ts";
import { type CallChange, isDetailChange } from "../core/call-change.ts";
import { type CallFact, reviveFact } from "../core/call-fact.ts";
import { AppError } from "../core/errors.ts";
import type { RowId, TenantId } from "../core/ids.ts";
import { type ExtendedCall, extendCalls, openCalls, saveCalls, type ToldFact } from "./accept-statements.ts";

/** `accepted`: a new call. `updated`: the call is different now. `duplicate`: nothing new in it. */
export interface Accepted {
  status: "accepted" | "updated" | "duplicate";
  callId: RowId;
  revision: number;
  call: Call;
}

/** Tells the way out, inside the transaction, which calls became different. */
export type FanOut = (client: pg.PoolClient, changes: readonly CallChange[]) => Promise<void>;

/** A call has a few dozen facts; a source that tells thousands about one call is broken. */
export const FACTS_PER_CALL_MAX = 1_000;

interface Settling {
  now: Date;
  fanOut: FanOut;
}

/**
 * Makes or extends the calls of `items`, saves those that became different and tells the way out, all on `client`'s open
 * transaction. Answers in the order of `items`.
 */
export async function acceptBatch(
  client: pg.PoolClient,
  items: readonly ToldFact[],
  { now, fanOut }: Settling,
): Promise<Accepted[]> {
  const calls = groupByCall(items);
  const results = new Map<ToldFact, Accepted>();
  const changes: CallChange[] = [];
  const facts = [...calls.values()].flatMap(({ news }) => news);
  const opened = await openCalls(client, [...calls.values()], { facts, now });
  for (const { tenant_id, id, call_uuid } of opened) {
    const told = find(calls, toCallKey(tenant_id, call_uuid));
    calls.delete(toCallKey(tenant_id, call_uuid));
    const change = { tenantId: tenant_id, callId: id, callCreatedAt: now, revision: 1, call: told.call };
    changes.push({ ...change, recovered: isRecovered(told.facts) });
    noteResults(results, told, { ...change, isNew: true, news: new Set(told.facts.map(({ key }) => key)) });
  }
  if (calls.size > 0) changes.push(...(await extend(client, calls, { now, results })));
  if (changes.length > 0) await fanOut(client, changes);
  return items.map((item) => {
    const result = results.get(item);
    if (!result) throw new Error("a fact found no call");
    return result;
  });
}

/** The calls that existed before: adds what is new to them and saves those that became different. */
async function extend(
  client: pg.PoolClient,
  calls: ReadonlyMap<string, Told>,
  { now, results }: { now: Date; results: Map<ToldFact, Accepted> },
): Promise<CallChange[]> {
  const facts = [...calls.values()].flatMap(({ news }) => news);
  const changes: CallChange[] = [];
  for (const known of await extendCalls(client, facts, { now, factsMax: FACTS_PER_CALL_MAX })) {
    const told = find(calls, toCallKey(known.tenant_id, known.call_uuid));
    const news = new Set(known.added);
    const added = told.facts.filter(({ key }) => news.has(key));
    const { call, isChanged, isDetail } = reduceWith(known, added);
    const revision = known.revision + (isChanged ? 1 : 0);
    const change = { tenantId: known.tenant_id, callId: known.id, callCreatedAt: known.created_at, revision, call };
    if (isChanged) changes.push({ ...change, recovered: isRecovered(added), ...(isDetail ? { isDetail } : {}) });
    noteResults(results, told, { ...change, isNew: false, news: isChanged ? news : new Set() });
  }
  if (changes.length > 0) await saveCalls(client, changes, now);
  return changes;
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
}
