// A few runs of the simulation, for every commit. `node test/simulation/run.ts --runs 200` is the long form.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startOwnPostgres } from "./own-postgres.ts";
import { printOutcome, toFailure } from "./report.ts";
import { simulate } from "./simulate.ts";

const RUNS = 4;
const first = Date.now() % 1_000_000;
const postgres = await startOwnPostgres();
after(() => postgres.stop());

for (let seed = first; seed < first + RUNS; seed++) {
  test(`whatever fails, no call is lost, doubled or told out of order (seed ${seed})`, async () => {
    const outcome = await simulate(seed, postgres);
    printOutcome(outcome);
    assert.equal(outcome.violations.length, 0, toFailure(outcome));
  });
}
