import { AppError } from "../../core/errors.ts";
import type { Sql } from "../../kit/postgres/database.ts";
import { loadNames } from "../identity-store.ts";
import { type KnownCall, type KnownCalls, toLinks } from "./event-groups.ts";
import { type HeardEvent, isOutside } from "./heard-call.ts";
import { type HookFields, type HookType, parseHookEvent } from "./hook-event.ts";
import { createHookPlan, type HookPbx } from "./hook-pbx.ts";
import { loadCallEvents, loadRecentCalls, type StoredHookEvent, settleEvents } from "./store.ts";

// From the store: events that wait, and the calls that they may belong to.

export interface StoredHeard extends HeardEvent {
  id: string;
  body: HookFields;
  /** The call they were told as. */
  callUuid: string | null;
}

/** A leg may outlive its call by a moment. */
const RECENT_MS = 60_000;

/** What cannot be read any more, such as after a change of the time zone, is put aside: it must not hold up the rest. */
export async function readEvents(on: Sql, stored: readonly StoredHookEvent[], pbx: HookPbx): Promise<StoredHeard[]> {
  const heard: StoredHeard[] = [];
  for (const each of stored) {
    try {
      heard.push(toHeard(each, pbx.timeZone));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const ids = [each.id];
      await settleEvents(on, { tenantId: pbx.tenantId, ids, state: "refused", problem: error.message });
    }
  }
  return heard;
}

export interface KnownToUs extends KnownCalls {
  /** Calls that other sources named, by link. */
  foreign: ReadonlyMap<string, string>;
}

export async function loadKnown(on: Sql, news: readonly HeardEvent[], pbx: HookPbx, now: Date): Promise<KnownToUs> {
  const { tenantId } = pbx;
  const linkNames = { scope: pbx.pbxId, uidPrefix: pbx.callIdPrefix };
  const links = [...new Set(news.flatMap((event) => toLinks(event, linkNames)))];
  const names = await loadNames(
    on,
    links.map((alias) => ({ tenantId, alias })),
  );
  const recent = await loadCallsByNumber(on, news, pbx, now);
  const uuids = [...new Set([...names.map(({ callUuid }) => callUuid), ...recent])];
  const told = uuids.length > 0 ? await readEvents(on, await loadCallEvents(on, tenantId, uuids), pbx) : [];
  const byCall = Map.groupBy(told, ({ callUuid }) => callUuid);
  const find = (callUuid: string): KnownCall => ({ callUuid, events: byCall.get(callUuid) ?? [] });
  const calls = new Map(uuids.map((uuid) => [uuid, find(uuid)]));
  const foreign = names.filter(({ source }) => ["ami", "leg", "webhook"].includes(source));
  return {
    byLink: new Map(names.map(({ alias, callUuid }) => [alias, calls.get(callUuid) ?? find(callUuid)])),
    recent: recent.map((uuid) => calls.get(uuid) ?? find(uuid)),
    foreign: new Map(foreign.map(({ alias, callUuid }) => [alias, callUuid])),
  };
}

async function loadCallsByNumber(on: Sql, news: readonly HeardEvent[], pbx: HookPbx, now: Date): Promise<string[]> {
  const plan = createHookPlan(pbx);
  const numbers = [...new Set(news.flatMap(({ phone, extensions }) => [phone, ...extensions]))];
  const outside = numbers.filter((number) => isOutside(number, plan));
  if (outside.length === 0) return [];
  const since = new Date(now.getTime() - RECENT_MS);
  return (await loadRecentCalls(on, { ...pbx, numbers: outside, since })).map(({ callUuid }) => callUuid);
}

function toHeard({ id, type, hash, body, receivedAt, callUuid }: StoredHookEvent, timeZone: string): StoredHeard {
  const isAgain = type === "download";
  const event = parseHookEvent(isAgain ? "hangup" : (type as HookType), body, timeZone);
  const isRecovered = isAgain || event.isRecovered;
  return { ...event, isRecovered, id, key: hash.toString("hex").slice(0, 16), receivedAt, body, callUuid };
}
