import { AppError, toErrorMessage } from "../../core/errors.ts";
import type { TenantId } from "../../core/ids.ts";
import { createBatcher } from "../../kit/batcher.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Metrics } from "../../kit/metrics.ts";
import { isStoreUnavailable } from "../../kit/postgres/store-unavailable.ts";
import { type AssemblerOptions, createAssembler, type Twins } from "./assembler.ts";
import type { HookPbx } from "./hook-pbx.ts";
import { dropOldHooks, listWaitingPbxs, type NewHookEvent, saveHookEvents, settleOrphans } from "./store.ts";

/**
 * What PBXs post: kept first, answered, then put together to calls. Any process with the role `api` does the second for all;
 * a PBX's events are put together by one at a time.
 */
export interface Hooks {
  /** Durable when it resolves. `duplicate`: the same event is there already. Those that come together are committed together. */
  keep(event: Omit<NewHookEvent, "at">): Promise<"accepted" | "duplicate">;
  start(): void;
  stop(): Promise<void>;
}

export interface HooksOptions extends AssemblerOptions {
  metrics: Metrics;
  /** `null`: it was removed. */
  loadPbx(tenantId: TenantId, pbxId: string): Promise<HookPbx | null>;
  /** Two calls of the log turned out to be one. */
  onTwins(twins: readonly Twins[]): void;
}

/** Held events are looked at again this often; new ones at once. */
const LOOK_EVERY_MS = 2_000;
const FAILED_WAIT_MS = 1_000;
const CHORES_EVERY_MS = 60_000;
const KEPT_MS = 14 * 86_400_000;
const DROPPED_AT_ONCE = 5_000;
/** Events that may wait to be kept. */
const WAITING_MAX = 2_000;

export function createHooks(options: HooksOptions): Hooks {
  const { database, clock, log, metrics, onTwins } = options;
  const assembler = createAssembler(options);
  const counted = metrics.counter("enlace_hook_events_total", "Events that PBXs posted, by what became of them", [
    "status",
  ]);
  const inbox = createBatcher<NewHookEvent, boolean>({
    flush: (events) => saveHookEvents(database.sql, events),
    itemsMax: 200,
    concurrency: 2,
    waitingMax: WAITING_MAX,
    onFull: () => new AppError("unavailable", "Too many events are waiting for the store.", { retryAfterSeconds: 2 }),
  });
  const stopping = new AbortController();
  let bell = Promise.withResolvers<void>();
  let running: Promise<void> | undefined;

  async function lookOnce(): Promise<void> {
    for (const { tenantId, pbxId } of await listWaitingPbxs(database.sql)) {
      const pbx = await options.loadPbx(tenantId, pbxId);
      if (pbx === null) {
        await settleOrphans(database.sql, { tenantId, pbxId });
        continue;
      }
      await assembleOne(pbx);
    }
  }

  /** A bug with the events of one PBX must not hold up the others. */
  async function assembleOne(pbx: HookPbx): Promise<void> {
    try {
      const { more, twins } = await assembler.assemble(pbx);
      if (twins.length > 0) onTwins(twins);
      if (more) bell.resolve();
    } catch (error) {
      if (isStoreUnavailable(error) || (error instanceof AppError && error.code === "unavailable")) throw error;
      log.error({ tenantId: pbx.tenantId, pbx: pbx.pbxId, err: error }, "hooks.pbx_failed");
    }
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await lookOnce();
        const cancel = clock.after(LOOK_EVERY_MS, bell.resolve);
        await bell.promise;
        cancel();
        bell = Promise.withResolvers();
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ reason: toErrorMessage(error), err: error }, "hooks.assembling_failed");
        await clock.sleep(FAILED_WAIT_MS, signal).catch(() => undefined); // aborted: the loop's condition ends it
      }
    }
  }

  const chores = createLoop({
    ...{ name: "hooks", everyMs: CHORES_EVERY_MS, clock, log },
    work: async () => {
      await dropOldHooks(database.sql, new Date(clock.now().getTime() - KEPT_MS), DROPPED_AT_ONCE);
    },
  });

  return {
    keep: async (event) => {
      const isNew = await inbox.add({ ...event, at: clock.now() });
      const status = isNew ? "accepted" : "duplicate";
      counted.inc({ status: event.problem === null ? status : "refused" });
      if (isNew && event.problem === null) bell.resolve();
      return status;
    },
    start: () => {
      running ??= run(stopping.signal);
      chores.start();
    },
    stop: async () => {
      stopping.abort(new Error("stopped"));
      bell.resolve();
      await Promise.all([running, chores.stop()]);
    },
  };
}
