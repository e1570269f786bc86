import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { RowId } from "../../core/ids.ts";
import type { Random } from "../../kit/random.ts";
import type { DialAttempt } from "../attempt.ts";
import { createCallLife } from "./call-life.ts";
import type { LiveCall } from "./live-call.ts";
import type { LegResult } from "./outcome.ts";
import { createTrunkBreakers } from "./trunk-breakers.ts";

const TRUNK = "7" as RowId;
const random = { fraction: () => 0.5 } as Random;

function createHouse() {
  const clock = createManualClock();
  const breakers = createTrunkBreakers({ clock, random });
  const life = createCallLife({ journal: { note: () => undefined }, breakers, clock });
  let count = 0;
  /** A call over the trunk that fares so; its disposition. */
  const call = (result: LegResult): DialAttempt["disposition"] => {
    const attempt = { id: `d${++count}`, state: "dialing", disposition: null, dispositionSource: null };
    const live = {
      attempt: { ...attempt, cause: null, answeredAt: null, dialedAt: clock.now() },
      ...{
        trunk: { id: TRUNK },
        project: { ringSeconds: 30 },
        isPlacing: true,
        goneAt: null,
        script: "none",
        heard: null,
      },
      ...{ channelId: attempt.id, release: () => undefined, cancelWait: () => undefined },
    } as unknown as LiveCall;
    life.begin(live);
    life.onPlaced(live, result);
    if (result.outcome === "answered") life.onHangup(live, { at: clock.now(), cause: 16 });
    return live.attempt.disposition;
  };
  return { clock, breakers, call };
}

const RANG: LegResult = { outcome: "no_answer", cause: 19, hasRung: true, isSilent: false };
const SILENT: LegResult = { outcome: "no_answer", cause: 19, hasRung: false, isSilent: true };
const ANSWERED: LegResult = { outcome: "answered", cause: null, hasRung: false, isSilent: false };

test("where phones are heard to ring, five calls in a row without a sound open the trunk, and were nobody's fault", () => {
  const { breakers, call } = createHouse();
  assert.equal(call(RANG), "no_answer");
  for (let count = 0; count < 5; count++) {
    assert.equal(breakers.phase(TRUNK), "closed");
    assert.equal(call(SILENT), "congestion", "nobody's phone rang: no try at the person, and another trunk next");
  }
  assert.equal(breakers.phase(TRUNK), "open");
  assert.equal(breakers.room(TRUNK), 0);
});

test("a phone that rings and is not picked up says that the trunk works", () => {
  const { breakers, call } = createHouse();
  for (let count = 0; count < 40; count++) call(count % 5 === 4 ? RANG : SILENT);
  assert.equal(breakers.phase(TRUNK), "closed");
});

test("behind a carrier that rings by early media silence is a phone that nobody picks up, until it goes on for long", () => {
  const { breakers, call } = createHouse();
  for (let count = 0; count < 200; count++)
    assert.equal(call(count % 20 === 19 ? ANSWERED : SILENT), count % 20 === 19 ? "answered" : "no_answer");
  assert.equal(breakers.phase(TRUNK), "closed");
  for (let count = 0; count < 24; count++) call(SILENT);
  assert.equal(breakers.phase(TRUNK), "closed");
  call(SILENT);
  assert.equal(breakers.phase(TRUNK), "open");
});

test("a trunk that was opened is tried with one call: silence opens it for longer, an answer closes it", async () => {
  const { breakers, call, clock } = createHouse();
  for (let count = 0; count < 25; count++) call(SILENT);
  await clock.advance(10_000);
  assert.deepEqual([breakers.phase(TRUNK), breakers.room(TRUNK)], ["half_open", 1]);
  call(SILENT);
  assert.equal(breakers.phase(TRUNK), "open");
  await clock.advance(130_000);
  call(ANSWERED);
  assert.deepEqual([breakers.phase(TRUNK), breakers.room(TRUNK)], ["closed", Number.POSITIVE_INFINITY]);
});
