import type { Metrics } from "../../kit/metrics.ts";

export type ReconcileFigures = ReturnType<typeof createReconcileFigures>;

export function createReconcileFigures(metrics: Metrics) {
  return {
    calls: metrics.counter("enlace_reconcile_calls_total", "Calls of PBX records: compared, added, corrected", [
      "result",
    ]),
    gaps: metrics.counter("enlace_pbx_gaps_total", "Gaps in hearing a PBX, by reason", ["reason"]),
    passes: metrics.counter("enlace_reconcile_passes_total", "Comparisons by what became of them", ["outcome"]),
  };
}
