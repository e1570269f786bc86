import type { Outcome } from "./simulate.ts";

const TRACE_LINES_MAX = 400;

/** One line for a good run; for a bad one what was broken, what led to it, and how to see it again. */
export function printOutcome(outcome: Outcome, verbose = false): void {
  const { seed, violations, strain, durationMs } = outcome;
  const counts = Object.entries(strain).map(([name, count]) => `${count} ${name}`);
  const verdict = violations.length === 0 ? "ok  " : "FAIL";
  console.log(`${verdict} seed ${seed}  ${(durationMs / 1000).toFixed(1)} s  ${counts.join(", ")}`);
  if (violations.length > 0) console.log(toFailure(outcome));
  else if (verbose) console.log(outcome.trace.lines().join("\n"));
}

/** Readable account of a failed run: each broken rule, then the trace of the calls concerned. */
export function toFailure({ seed, violations, trace }: Outcome): string {
  const about = [...new Set(violations.flatMap((violation) => violation.about))];
  const lines = trace.lines(about.length > 0 ? about.slice(0, 3) : undefined);
  return [
    ...violations.slice(0, 20).map(({ rule, detail }) => `  broken: ${rule}: ${detail}`),
    ...(violations.length > 20 ? [`  … and ${violations.length - 20} more`] : []),
    about.length > 0 ? `  trace of ${about.slice(0, 3).join(", ")}:` : "  trace:",
    ...lines.slice(-TRACE_LINES_MAX).map((line) => `    ${line}`),
    `  again: node test/simulation/run.ts --seed ${seed}`,
  ].join("\n");
}
