import { toErrorMessage } from "../../core/errors.ts";
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
/** Gathered for so long, so that a busy PBX costs a few commits a second: nobody waits for them. */
const GATHER_MS = 250;
const BATCH_MAX = 500;
const WAITING_MAX = 10_000;

/**
 * Every decision with its reason: in the store a moment after it was made, by the hundred under load. In the process's log it
 * is part of the line of whoever asked.
 */
export function createDecisionLog({ database, clock, log, metrics }: DecisionLogOptions): DecisionLog {
  const figures = createFigures(metrics);
  const outbox = createOutbox(clock, {
    save: (decisions) => saveDecisions(database, decisions),
    onLost: (decisions, reason) => {
      figures.lost(decisions);
      log.warn({ decisions, reason }, "redirect.decisions_lost");
    },
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
      outbox.add({ ...asked, ...decision, phone, steps, at: clock.now() });
    },
    start: upkeep.start,
    stop: async () => {
      await upkeep.stop();
      await outbox.stop();
    },
  };
}

interface OutboxSteps {
  save(decisions: readonly StoredDecision[]): Promise<void>;
  onLost(decisions: number, reason: string): void;
}

/** Decisions on their way to the store, at most 10,000. */
function createOutbox(clock: Clock, { save, onLost }: OutboxSteps) {
  let tail: Promise<unknown> = Promise.resolve(); // one after the other, so that ids are in the order of what happened
  let waiting: StoredDecision[] = [];
  let flying = 0;
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    flying += batch.length;
    tail = tail
      .then(() => save(batch))
      .catch((error: unknown) => onLost(batch.length, toErrorMessage(error)))
      .finally(() => {
        flying -= batch.length;
      });
  }

  return {
    add: (decision: StoredDecision): void => {
      if (waiting.length + flying >= WAITING_MAX) {
        onLost(1, "too many wait for the store");
        return;
      }
      waiting.push(decision);
      if (waiting.length >= BATCH_MAX) flush();
      else cancel ??= clock.after(GATHER_MS, flush);
    },
    stop: async (): Promise<void> => {
      flush();
      await tail;
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
    lost: (count: number) => lost.inc(count),
  };
}
