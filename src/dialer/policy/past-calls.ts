import type pg from "pg";
import type { RowId, TenantId } from "../../core/ids.ts";
import type { PhoneNumber } from "../../core/phone-number.ts";
import { type HistoryKey, loadHistories } from "./attempt-store.ts";
import { HISTORY_DAYS, HISTORY_MAX, type PastCall } from "./history.ts";
import type { PolicyPack } from "./pack.ts";
import { DAY_MS } from "./wall-clock.ts";

/** A call that somebody placed by hand, as the call log has it. */
export interface CallByHand {
  callUuid: string;
  at: Date;
  wasAnswered: boolean;
}

/** What the call log is asked: for each number, in order, the calls that people placed. */
export type LoadCallsByHand = (
  numbers: readonly { tenantId: TenantId; number: PhoneNumber }[],
  ask: { since: Date; rowsMax: number },
) => Promise<readonly (readonly CallByHand[])[]>;

export const toHistorySince = (now: Date): Date => new Date(now.getTime() - HISTORY_DAYS * DAY_MS);

/** Whether any rule of the pack looks at calls that people placed. */
export function looksAtCallsByHand({ caps, afterConversationDays }: PolicyPack): boolean {
  return caps.length > 0 || afterConversationDays !== null;
}

/** For each key the calls that count, the dialer's and those that people placed; the latter only where `byHand` says so. */
export async function loadPastCalls(
  on: Pick<pg.ClientBase, "query">,
  keys: readonly (HistoryKey & { byHand: boolean })[],
  { now, loadCallsByHand }: { now: Date; loadCallsByHand: LoadCallsByHand },
): Promise<PastCall[][]> {
  const wanted = keys.filter(({ byHand }) => byHand);
  const ask = { since: toHistorySince(now), rowsMax: HISTORY_MAX };
  const placed = wanted.length === 0 ? [] : await loadCallsByHand(wanted, ask);
  const histories = await loadHistories(on, keys, now);
  return histories.map((history, index) => {
    const key = keys[index];
    const calls = key?.byHand ? (placed[wanted.indexOf(key)] ?? []) : [];
    return key === undefined || calls.length === 0
      ? history
      : [...history, ...calls.map((call) => toPastCall(key, call))];
  });
}

/** Nobody knows about which debt it was, so it counts for the one that is asked about. */
function toPastCall({ number, debt }: HistoryKey, { callUuid, at, wasAnswered }: CallByHand): PastCall {
  const nobodys = { attemptId: `by hand ${callUuid}`, projectId: "0" as RowId, callerId: null, disposition: null };
  return { ...nobodys, number, debt, at, reached: wasAnswered };
}
