import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  chanceOfAtMost,
  expectedOverflow,
  mostSurely,
  roughUpperBound,
  upperBound,
  worstOverflow,
} from "./confidence.ts";
import { type FloorDay, playFloor, sumDays } from "./fake-floor.ts";
import { type PacingQuestion, toMoreLines } from "./pacing.ts";

const QUESTION: PacingQuestion = {
  ...{ free: 10, unassigned: 0, ringing: 0, shareMax: 0.03 },
  seen: { ended: 10_000, live: 3_000 },
  month: { live: 9_000, abandoned: 90 },
  today: { live: 500, abandoned: 2 },
};

/** Numbers of one seed: the same run every time. */
function createFraction(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

test("whoever is free has a line, and nobody else", () => {
  const unknown = { seen: { ended: 0, live: 0 }, month: { live: 0, abandoned: 0 }, today: { live: 0, abandoned: 0 } };
  assert.equal(toMoreLines({ ...QUESTION, ...unknown }), 10);
  assert.equal(toMoreLines({ ...QUESTION, ...unknown, ringing: 7 }), 3);
  assert.equal(toMoreLines({ ...QUESTION, ...unknown, ringing: 10 }), 0, "nothing is known yet: no line beyond");
  assert.equal(toMoreLines({ ...QUESTION, free: 0 }), 0);
  assert.equal(toMoreLines({ ...QUESTION, free: 3, unassigned: 3 }), 0, "those who wait come first");
});

test("more lines than people are dialled only when it is sure, today too, and seldom answered", () => {
  const full = { ...QUESTION, ringing: 10 };
  assert.ok(toMoreLines(full) > 5, `${toMoreLines(full)} more`);
  assert.equal(toMoreLines({ ...full, month: { live: 60, abandoned: 0 } }), 0, "60 answers prove nothing");
  assert.equal(toMoreLines({ ...full, month: { live: 9_000, abandoned: 265 } }), 0, "2.9 %, and surely up to 3.2 %");
  assert.equal(toMoreLines({ ...full, today: { live: 20, abandoned: 0 } }), 0, "one would be 5 % of today");
  assert.equal(toMoreLines({ ...full, seen: { ended: 1_000, live: 990 } }), 0, "nearly everybody answers");
});

test("above the cap two people are free for each line, and somebody alone has one", () => {
  const over = { ...QUESTION, today: { live: 100, abandoned: 4 } };
  assert.equal(toMoreLines(over), 5);
  assert.equal(toMoreLines({ ...over, free: 1 }), 1);
  assert.equal(toMoreLines({ ...over, ringing: 5 }), 0);
});

test("worse news never means more lines", () => {
  const count = fc.nat({ max: 40 });
  fc.assert(
    fc.property(
      count,
      count,
      fc.nat({ max: 5_000 }),
      fc.nat({ max: 100 }),
      fc.nat({ max: 300 }),
      (free, ringing, live, abandoned, today) => {
        const given = {
          ...QUESTION,
          free,
          ringing,
          month: { live, abandoned: Math.min(live, abandoned) },
          today: { live: today, abandoned: 0 },
        };
        const worse = { ...given, month: { ...given.month, abandoned: Math.min(live, given.month.abandoned + 1) } };
        assert.ok(toMoreLines(worse) <= toMoreLines(given));
        assert.ok(toMoreLines({ ...given, unassigned: 1 }) <= toMoreLines(given));
        assert.ok(toMoreLines(given) + ringing <= Math.max(ringing, free * 5));
      },
    ),
    { examples: [[17, 16, 157, 0, 34]] },
  );
});

test("the bound is what tables say, and the sums are what they are called", () => {
  assert.ok(Math.abs(upperBound(0, 100) - 0.0295) < 0.0001, "the rule of three");
  assert.ok(Math.abs(upperBound(5, 100) - 0.1023) < 0.0005);
  assert.ok(Math.abs(chanceOfAtMost(3, 10, 0.3) - 0.6496) < 0.0001);
  assert.ok(Math.abs(expectedOverflow(2, 1, 0.5) - 0.25) < 1e-9);
  assert.ok(Math.abs(expectedOverflow(5, 0, 0.4) - 2) < 1e-9, "with nobody free all of them");
  assert.equal(worstOverflow(10, 3, { share: 1, confidence: 0.999 }), 7);
});

test("the most that is surely under the cap is where the bound crosses it", () => {
  for (const tries of [50, 98, 99, 500, 3_000, 20_000]) {
    const most = mostSurely(tries, 0.03);
    assert.ok(most === -1 || upperBound(most, tries) <= 0.03, `${most} of ${tries}`);
    assert.ok(upperBound(most + 1, tries) > 0.03, `${most + 1} of ${tries}`);
  }
  assert.ok(Math.abs(roughUpperBound(300, 1_000) - upperBound(300, 1_000)) < 0.005);
});

/** Centres large and small, with people who answer often or seldom, long talks and short, and phones that ring unheard. */
const FLOORS = [
  { agents: 3, answered: { from: 0.08, to: 0.15 }, talkSeconds: 60, missed: 0 },
  { agents: 8, answered: { from: 0.1, to: 0.3 }, talkSeconds: 90, missed: 0.002 },
  { agents: 15, answered: { from: 0.25, to: 0.5 }, talkSeconds: 120, missed: 0.005 },
  { agents: 6, answered: { from: 0.05, to: 0.6 }, talkSeconds: 45, missed: 0.01 },
].map((floor) => ({ ...floor, seconds: 4 * 3_600, ringSeconds: 12, shareMax: 0.03 }));
const DAYS = Number(process.argv.find((word) => word.startsWith("--days="))?.slice("--days=".length) ?? 500);

function listMonths(days: readonly FloorDay[]): FloorDay[] {
  return days.flatMap((_day, index) => (index < 29 ? [] : [sumDays(days.slice(index - 29, index + 1))]));
}

for (const [index, floor] of FLOORS.entries()) {
  test(`in ${DAYS} days of ${floor.agents} people every 30 days keep the cap, with more talk than a line for each would bring`, () => {
    const days = playFloor(floor, DAYS, createFraction(4_711 + index));
    const months = listMonths(days);
    const over = months.filter(({ live, abandoned }) => abandoned > floor.shareMax * live);
    const worst = Math.max(...months.map(({ live, abandoned }) => abandoned / live));
    assert.ok(over.length <= 0.05 * months.length, `${over.length} of ${months.length} months are over the cap`);
    assert.ok(worst < 1.1 * floor.shareMax, `the worst month: ${(100 * worst).toFixed(2)} %`);
    const plain = sumDays(playFloor({ ...floor, isOneToOne: true }, 30, createFraction(1)));
    const paced = sumDays(days.slice(-30));
    assert.ok(paced.live > plain.live, `${paced.live} talks against ${plain.live}`);
    assert.ok(paced.abandoned > 0 || floor.missed === 0, "the cap was not reached for, so nothing was proved");
  });
}
