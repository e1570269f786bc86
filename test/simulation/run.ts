// node test/simulation/run.ts --runs 200 --seed 1 [--workers 2] [--verbose]
// Plays seeds one after another; a seed that fails prints its trace and the command that plays it again.
import { parseArgs } from "node:util";
import { startOwnPostgres } from "./own-postgres.ts";
import { printOutcome } from "./report.ts";
import { type Outcome, simulate } from "./simulate.ts";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "1" },
    seed: { type: "string" },
    workers: { type: "string", default: "1" },
    verbose: { type: "boolean", default: false },
  },
});
const first = Number(values.seed ?? Date.now() % 1_000_000);
const seeds = Array.from({ length: Number(values.runs) }, (_, index) => first + index);
const outcomes: Outcome[] = [];

/** Each worker has a PostgreSQL of its own to throw over. */
async function work(): Promise<void> {
  const postgres = await startOwnPostgres();
  try {
    for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) {
      const outcome = await simulate(seed, postgres);
      printOutcome(outcome, values.verbose);
      outcomes.push(outcome);
    }
  } finally {
    await postgres.stop();
  }
}

console.log(`seeds ${first} … ${first + seeds.length - 1}`);
await Promise.all(Array.from({ length: Number(values.workers) }, work));
const failed = outcomes.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed);
console.log(
  `${outcomes.length} runs, ${failed.length} failed${failed.length > 0 ? `: seeds ${failed.join(" ")}` : ""}`,
);
process.exitCode = failed.length > 0 ? 1 : 0;
