// npm run bench [-- intake pipeline growth memory]: every figure of docs/performance.md, as ratios measured in this run.
// BENCH_SECONDS sets how long one measurement lasts (default 6).
import { cpus } from "node:os";
import { ami } from "./ami.ts";
import { calls } from "./calls.ts";
import { campaignClaim } from "./campaign-claim.ts";
import { campaignImport } from "./campaign-import.ts";
import { consoleLive } from "./console.ts";
import { consoleInteraction } from "./console-interaction.ts";
import { dialer } from "./dialer.ts";
import { dialerSimulated } from "./dialer-simulated.ts";
import { fastagi } from "./fastagi.ts";
import type { Figure, Measured } from "./figure.ts";
import { getcustomerdata } from "./getcustomerdata.ts";
import { growth } from "./growth.ts";
import { hooks } from "./hooks.ts";
import { intake } from "./intake.ts";
import { memory } from "./memory.ts";
import { originate } from "./originate.ts";
import { pipeline } from "./pipeline.ts";
import { openStage } from "./stage.ts";
import { telephony } from "./telephony.ts";

/** Peers that are no dependencies; the top of each file says how to install them beside Enlace. */
const WITH_PEERS: readonly Figure[] = process.env.BENCH_PEERS === undefined ? [] : [ami, fastagi];
const FIGURES: readonly Figure[] = [
  intake,
  pipeline,
  growth,
  memory,
  telephony,
  getcustomerdata,
  hooks,
  originate,
  campaignClaim,
  campaignImport,
  dialer,
  dialerSimulated,
  consoleLive,
  calls,
  consoleInteraction,
  ...WITH_PEERS,
];

const wanted = process.argv.slice(2);
const seconds = Number(process.env.BENCH_SECONDS ?? 6);
const unknown = wanted.filter((name) => !FIGURES.some((figure) => figure.name === name));
if (unknown.length > 0) {
  console.error(`no such figure: ${unknown.join(", ")}; there are ${FIGURES.map((figure) => figure.name).join(", ")}`);
  process.exit(2);
}

console.log(`Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, ${seconds} s a measurement\n`);
let missed = 0;
for (const figure of FIGURES.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  const stage = await openStage();
  try {
    await figure.run({ stage, seconds, report: print });
  } finally {
    await stage.stop();
  }
}
process.exit(missed === 0 ? 0 : 1);

function print(what: string, result: Measured): void {
  const measured = result.ratio ?? result.value ?? 0;
  const met =
    measured >= (result.atLeast ?? Number.NEGATIVE_INFINITY) && measured <= (result.atMost ?? Number.POSITIVE_INFINITY);
  if (!met) missed++;
  const value = result.ratio === undefined ? measured.toFixed(1) : `${measured.toFixed(2)}×`;
  const rates =
    result.ours === undefined ? "" : `  (${Math.round(result.ours)} against ${Math.round(result.peer ?? 0)})`;
  const goal =
    result.atLeast !== undefined
      ? `, at least ${result.atLeast}`
      : result.atMost !== undefined
        ? `, at most ${result.atMost}`
        : "";
  console.log(
    `${met ? "ok    " : "MISSED"} ${what}: ${value}${rates}${goal}${result.detail ? `; ${result.detail}` : ""}`,
  );
}
