import type { RowId, TenantId } from "../../core/ids.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { type LiveBoard, type LiveListener, type LiveView, loadSeen } from "./board.ts";
import { LIVE_CALLS_MAX, type LiveCall } from "./schema.ts";
import { type FoundLiveCall, toOwnPart } from "./store.ts";
import { createLiveWatch, type LiveWatch } from "./watch.ts";

/*
 * What happens now, for everybody who looks: one watch for each tenant that has a listener, which asks the store twice a second
 * however many look, and tells what changed. Intake does nothing for it. The first listener starts the watch, the last one
 * ends it. A listener that could not take everything gets the whole picture again once it can.
 */
export interface LiveOptions {
  /** Newest first. */
  loadCalls(tenantId: TenantId, ask: { rowsMax: number; withProjects: boolean }): Promise<FoundLiveCall[]>;
  boards: readonly LiveBoard[];
  /** Which projects each person is assigned to: what supervisors see. */
  loadAssignments(tenantId: TenantId): Promise<ReadonlyMap<RowId, ReadonlySet<RowId>>>;
  clock: Clock;
  log: Log;
}

export interface Live {
  /** The picture once. */
  look(tenantId: TenantId, view: LiveView): Promise<Picture>;
  /** Tells the stream what changes until it closes. */
  listen(tenantId: TenantId, listener: LiveListener): void;
  stop(): Promise<void>;
}

export interface Picture {
  calls: LiveCall[];
  more: boolean;
  /** By name; `null`: not for this caller. */
  boards: Record<string, readonly unknown[] | null>;
}

export function createLive(options: LiveOptions): Live {
  const watches = new Map<TenantId, LiveWatch>();
  return {
    look: (tenantId, view) => look(options, tenantId, view),
    listen: (tenantId, listener) => {
      const known = watches.get(tenantId);
      const watch = known ?? createLiveWatch(tenantId, options);
      watches.set(tenantId, watch);
      watch.add(listener);
      const leave = (): void => {
        if (watch.remove(listener) > 0) return;
        if (watches.get(tenantId) === watch) watches.delete(tenantId);
        void watch.stop();
      };
      listener.stream.closed.addEventListener("abort", leave, { once: true });
    },
    stop: async () => {
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
    },
  };
}

async function look(options: LiveOptions, tenantId: TenantId, { boards: shown, assignee }: LiveView): Promise<Picture> {
  const { loadCalls, loadAssignments, boards } = options;
  const own = assignee === null ? null : ((await loadAssignments(tenantId)).get(assignee) ?? new Set<RowId>());
  const found = await loadCalls(tenantId, { rowsMax: LIVE_CALLS_MAX + 1, withProjects: own !== null });
  const all = found.slice(0, LIVE_CALLS_MAX);
  const calls = all.map(({ call }) => call);
  const part = own && toOwnPart(all, own);
  const pairs = boards.map(async (board) => {
    if (!shown.has(board.name)) return [board.name, null] as const;
    const items = await board.load(tenantId, calls);
    return [board.name, await loadSeen(board, { tenantId, items, part })] as const;
  });
  const contents = Object.fromEntries(await Promise.all(pairs));
  return { calls: [...(part?.calls ?? calls)], more: found.length > all.length, boards: contents };
}
