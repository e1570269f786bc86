import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import { loadDropped } from "../caller-id/store.ts";
import { dropOldBlocks } from "./block-store.ts";
import { DAY_MS } from "./wall-clock.ts";

const EVERY_MS = 600_000;
/** Why a number was not called is kept so long after the last time; calls are kept as long as the calls' own months. */
const BLOCKS_KEPT_DAYS = 90;

/** Lets go of what the ledger no longer needs, and looks which of the numbers we show are picked up no more. */
export function createUpkeep({
  database,
  clock,
  log,
  metrics,
}: {
  database: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}) {
  let known = new Set<string>();
  metrics.gauge("enlace_caller_ids_dropped", "Numbers of ours that are picked up surely less than they were", {
    read: () => known.size,
  });
  return createLoop({
    ...{ name: "dialer.policy", everyMs: EVERY_MS, clock, log },
    work: async (signal) => {
      const now = clock.now();
      await dropOldBlocks(database, new Date(now.getTime() - BLOCKS_KEPT_DAYS * DAY_MS), signal);
      const dropped = await loadDropped(database.pool, now);
      for (const { tenantId, id, projectId, number } of dropped) {
        if (!known.has(id)) log.warn({ tenantId, callerIdId: id, projectId, number }, "caller_id.dropped");
      }
      known = new Set(dropped.map(({ id }) => id));
    },
  });
}
