import type { Stage } from "./stage.ts";

/** One figure of docs/performance.md: measures ours and the peer in one run and reports ratios. */
export interface Figure {
  name: string;
  run(context: FigureContext): Promise<void>;
}

export interface FigureContext {
  stage: Stage;
  /** How long one measurement lasts. */
  seconds: number;
  report(what: string, result: Measured): void;
}

export interface Measured {
  /** Ours to the peer's, where there is a peer. */
  ratio?: number;
  ours?: number;
  peer?: number;
  value?: number;
  atLeast?: number;
  atMost?: number;
  detail?: string;
}

export function toMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
