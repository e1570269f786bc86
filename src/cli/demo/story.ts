import type { Clock } from "../../kit/clock.ts";
import { isExact, type Ledger } from "./ledger.ts";
import { rest } from "./pbx.ts";

/** How the one connection of the demo stands, as the API tells it. */
export interface Situation {
  /** `open`, `closed by the breaker`, `held`, `paused` */
  lane: string;
  /** Deliveries that are not done. */
  waiting: number;
  /** Dead letters: the CRM refused them for good. */
  dead: number;
}

export interface StoryOptions {
  say(line: string): void;
  loadSituation(): Promise<Situation>;
  /** How often each call stands in the CRM. */
  countCalls(): ReadonlyMap<string, number>;
  setOutage(isDown: boolean): void;
  ledger: Ledger;
  clock: Clock;
  outage: { afterMs: number; forMs: number };
}

const LOOK_EVERY_MS = 1_000;
const REPORT_EVERY_MS = 5_000;
const SETTLE_WITHIN_MS = 120_000;

/** The CRM fails once and comes back; then life goes on until `signal` says stop. */
export async function tellStory(options: StoryOptions, signal: AbortSignal): Promise<void> {
  const { say, setOutage, outage, clock } = options;
  await rest(clock, outage.afterMs, signal);
  if (signal.aborted) return;
  setOutage(true);
  say(
    `>>> The CRM goes down for ${Math.round(outage.forMs / 1000)} s: every request gets 502. Calls go on being accepted.`,
  );
  await rest(clock, outage.forMs, signal);
  setOutage(false);
  say(">>> The CRM is back. What waited goes out now, one upsert a call.");
  if (await settle(options, signal)) await sayVerdict(options);
}

/** Prints the state of things every few seconds, and a change of the lane as soon as it is seen. */
export async function watch(options: StoryOptions, signal: AbortSignal): Promise<void> {
  const { clock, say, loadSituation } = options;
  let lane = "";
  let dead = 0;
  let reportedAtMs = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    const situation = await loadSituation();
    if (situation.lane !== lane && lane !== "") say(`--- The lane to the CRM: ${situation.lane}.`);
    lane = situation.lane;
    if (situation.dead > dead) say(toDeadLetters(situation.dead));
    dead = situation.dead;
    if (clock.monotonicMs() - reportedAtMs >= REPORT_EVERY_MS) {
      reportedAtMs = clock.monotonicMs();
      say(toReport(options, situation));
    }
    await rest(clock, LOOK_EVERY_MS, signal);
  }
}

function toDeadLetters(dead: number): string {
  return `--- The CRM refused ${dead} calls for good: dead letters, under Deliveries, with its own words and a button to send them again.`;
}

function toReport({ ledger, countCalls }: StoryOptions, { lane, waiting }: Situation): string {
  const told = `${ledger.accepted()} reports accepted, ${ledger.pbxCalls()} calls of the PBX over`;
  return `${told}, ${countCalls().size} calls in the CRM, ${waiting} waiting, lane ${lane}`;
}

/** Waits until every call whose end was accepted so far is in the CRM; false when it takes too long or it is told to stop. */
export async function settle(
  { ledger, countCalls, clock, loadSituation }: StoryOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const givenUpAt = clock.monotonicMs() + SETTLE_WITHIN_MS;
  while (ledger.compare(countCalls()).missing > (await loadSituation()).dead) {
    if (signal.aborted || clock.monotonicMs() > givenUpAt) return false;
    await rest(clock, LOOK_EVERY_MS / 2, signal);
  }
  return true;
}

/** Says whether everything arrived exactly once but for what the CRM refuses, and returns it. */
export async function sayVerdict({ say, ledger, countCalls, loadSituation }: StoryOptions): Promise<boolean> {
  const found = ledger.compare(countCalls());
  const { dead } = await loadSituation();
  const isTrue = isExact({ ...found, missing: Math.max(0, found.missing - dead) });
  const calls = `${found.expected} finished calls were accepted, ${found.fromPbx} of them from the PBX`;
  const sum = `${calls}, ${ledger.refused()} reports were refused`;
  const rest = found.missing > 0 ? `; ${found.missing} wait as dead letters (Deliveries, Replay)` : "";
  if (isTrue) say(`=== ${sum}; each of the calls is in the CRM exactly once${rest}.`);
  else say(`=== ${sum}; ${found.missing} are missing in the CRM and ${found.doubled} stand there twice.`);
  return isTrue;
}
