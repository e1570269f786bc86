import type { Counter, Histogram } from "prom-client";
import type { Metrics } from "../../kit/metrics.ts";

/** What Prometheus is told of the dialer. */
export interface DialingFigures {
  started: Counter<"source" | "trunk">;
  finished: Counter<"disposition">;
  flushSeconds: Histogram;
  dropped: Counter;
  /** From the hang-up that was heard to the outcome that is kept. */
  outcomeSeconds: Histogram;
}

export interface DialingLevels {
  /** Calls by trunk. */
  channels(): ReadonlyMap<string, number>;
  queued(): number;
  perSecond(): number;
  unwritten(): number;
}

/** Finer around the second that it must not take. */
const OUTCOME_SECONDS = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 2, 3, 5, 10, 30];

export function createDialingFigures(metrics: Metrics, levels: () => DialingLevels): DialingFigures {
  metrics.gauge("enlace_dialer_active_channels", "Calls of the dialer that hold a channel, by trunk.", {
    labels: ["trunk"] as const,
    read: (gauge) => {
      gauge.reset();
      for (const [trunk, count] of levels().channels()) gauge.set({ trunk }, count);
    },
  });
  metrics.gauge("enlace_dialer_queue_depth", "Single calls that are due and wait, as last counted.", {
    read: () => levels().queued(),
  });
  metrics.gauge("enlace_dialer_cps_current", "Calls started within the last second.", {
    read: () => levels().perSecond(),
  });
  metrics.gauge("enlace_dialer_unwritten_attempts", "Attempts whose last change waits for the store.", {
    read: () => levels().unwritten(),
  });
  return {
    started: metrics.counter("enlace_dialer_calls_started_total", "Calls that a PBX was asked to place.", [
      "source",
      "trunk",
    ]),
    finished: metrics.counter("enlace_dialer_calls_finished_total", "Calls by how they came out.", ["disposition"]),
    dropped: metrics.counter(
      "enlace_dialer_dropped_updates_total",
      "Changes of attempts that the store did not take before this process ended; the next one finds them out.",
    ),
    flushSeconds: metrics.histogram("enlace_dialer_batch_flush_seconds", "One write of many attempts."),
    outcomeSeconds: metrics.histogram(
      "enlace_dialer_outcome_seconds",
      "From a hang-up that was heard to the outcome that is kept.",
      { buckets: OUTCOME_SECONDS },
    ),
  };
}
