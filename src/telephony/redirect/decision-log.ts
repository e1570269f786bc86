import { AppError, toErrorMessage } from "../../core/errors.ts";
import { createBatcher } from "../../kit/batcher.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { createLoop } from "../../kit/loop.ts";
import type { Metrics } from "../../kit/metrics.ts";
import type { Database } from "../../kit/postgres/database.ts";
import type { RedirectDecision, RedirectReason } from "./decision.ts";
import { dropDecisions, type StoredDecision, saveDecisions } from "./store.ts";

export interface DecisionLogOptions {
  database: Database;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface DecisionLog {
  /** Keeps it soon, without making anybody wait. */
  add(asked: Asked, decision: RedirectDecision): void;
  start(): void;
  /** Resolves once everything added is kept. */
  stop(): Promise<void>;
}

/** Who asked, and about what. */
export type Asked = Pick<StoredDecision, "tenantId" | "source" | "uniqueId" | "trunk">;

const KEPT_DAYS = 30;
const KEPT_PER_TENANT = 100_000;
const UPKEEP_EVERY_MS = 3_600_000;
const BATCH = { itemsMax: 500, concurrency: 1, waitingMax: 10_000 };

/**
 * Every decision with its reason: in the store a moment after it was made, by the hundred under load. In the process's log it
 * is part of the line of whoever asked.
 */
export function createDecisionLog({ database, clock, log, metrics }: DecisionLogOptions): DecisionLog {
  const figures = createFigures(metrics);
  const batcher = createBatcher<StoredDecision, void>({
    ...BATCH,
    flush: async (decisions) => {
      await saveDecisions(database, decisions);
      return decisions.map(() => undefined);
    },
    onFull: () => new AppError("unavailable", "too many decisions wait for the store"),
  });
  const upkeep = createLoop({
    name: "redirect.upkeep",
    everyMs: UPKEEP_EVERY_MS,
    work: async () => {
      const before = new Date(clock.now().getTime() - KEPT_DAYS * 86_400_000);
      const dropped = await dropDecisions(database, { before, keepMax: KEPT_PER_TENANT });
      if (dropped > 0) log.info({ dropped }, "redirect.decisions_dropped");
    },
    clock,
    log,
  });

  return {
    add: (asked, { phone, steps, ...decision }) => {
      figures.decided(asked.source, decision.reason, decision.durationMs);
      log.debug({ ...asked, from: phone, ...decision }, "redirect.decided");
      batcher.add({ ...asked, ...decision, phone, steps, at: clock.now() }).catch((error: unknown) => {
        figures.lost();
        log.warn({ tenantId: asked.tenantId, reason: toErrorMessage(error) }, "redirect.decision_lost");
      });
    },
    start: upkeep.start,
    stop: async () => {
      await upkeep.stop();
      await batcher.idle();
    },
  };
}

function createFigures(metrics: Metrics) {
  const decided = metrics.counter("enlace_redirect_decisions_total", "Decisions about who takes a call, by reason.", [
    "source",
    "reason",
  ]);
  const seconds = metrics.histogram("enlace_redirect_seconds", "How long a decision took.", { labels: ["source"] });
  const lost = metrics.counter("enlace_redirect_decisions_lost_total", "Decisions that the store did not keep.");
  return {
    decided: (source: StoredDecision["source"], reason: RedirectReason, ms: number): void => {
      decided.inc({ source, reason });
      seconds.observe({ source }, ms / 1000);
    },
    lost: () => lost.inc(),
  };
}
