import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../test/manual-clock.ts";
import type { AppError } from "../core/errors.ts";
import { AmiMessage } from "./ami/message.ts";
import type { AskPbx } from "./ask-pbx.ts";
import { createAttendedTransfers } from "./attended-transfer.ts";
import type { FoundCall } from "./call-finder.ts";
import { createEventWaits } from "./event-waits.ts";

const TO = { Context: "from-internal", Exten: "102" };
const LEG = "1.2";

function open() {
  const clock = createManualClock();
  const events = createEventWaits(clock);
  const asked: string[] = [];
  const ask: AskPbx = async (name) => {
    asked.push(name);
    return new AmiMessage(["Response", "Success"]);
  };
  const hear = (Event: string): void =>
    events.take({ kind: "event", at: clock.now(), message: new AmiMessage(["Event", Event, "Uniqueid", LEG]) });
  return { clock, asked, hear, transfers: createAttendedTransfers({ ask, events, clock }) };
}

/** Who talks; `backAt`: since when, after having asked somebody in vain. */
const found = (who: Partial<FoundCall>, backAt?: Date): FoundCall =>
  ({
    ...{ talking: undefined, away: undefined, customers: [], agents: [] },
    call: { holds: backAt ? [{ id: LEG, leg: LEG, extension: "101", startedAt: backAt, endedAt: backAt }] : [] },
    ...who,
  }) as unknown as FoundCall;

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "done",
    (error: AppError) => error.code,
  );

test("a transfer has begun once the customer is put on hold, and is refused when the PBX does nothing", async () => {
  const { clock, hear, transfers } = open();
  const begun = codeOf(transfers.begin(found({ talking: LEG }), TO));
  await clock.advance(400);
  hear("Hold");
  assert.equal(await begun, "done");
  hear("Unhold"); // nobody has that number
  const ignored = codeOf(transfers.begin(found({ talking: LEG }), TO));
  await clock.advance(5_000);
  assert.equal(await ignored, "conflict");
  assert.equal(clock.timers(), 0);
});

test("keys for an agent who has just come back are pressed when the tone is over", async () => {
  const { clock, asked, hear, transfers } = open();
  const begun = codeOf(transfers.begin(found({ talking: LEG }, clock.now()), TO));
  await clock.advance(1_400);
  assert.deepEqual(asked, []);
  await clock.advance(100);
  assert.deepEqual(asked, ["Atxfer"]);
  hear("Hold");
  assert.equal(await begun, "done");
});

test("while keys of an order are on the way no other presses any: pressed twice they would hand the customer over", async () => {
  const { asked, hear, transfers } = open();
  const first = codeOf(transfers.begin(found({ talking: LEG }), TO));
  assert.equal(await codeOf(transfers.begin(found({ talking: LEG }), TO)), "conflict");
  hear("Hold");
  assert.equal(await first, "done");
  assert.equal(await codeOf(transfers.begin(found({ talking: LEG }), TO)), "conflict", "who asks is dialled");
  hear("BridgeLeave");
  assert.equal(await codeOf(transfers.begin(found({ away: LEG }), TO)), "conflict", "the agent asks");
  assert.deepEqual(asked, ["Atxfer"]);
});

test("an agent who gives up is back once the customer is taken off hold; one who hangs up instead is not", async () => {
  const { hear, transfers } = open();
  const back = codeOf(transfers.giveUp(found({ away: LEG })));
  hear("BridgeEnter");
  hear("Unhold");
  assert.equal(await back, "done");
  const gone = codeOf(transfers.giveUp(found({ away: LEG })));
  hear("Hangup");
  assert.equal(await gone, "conflict");
  assert.equal(await codeOf(transfers.giveUp(found({ talking: LEG }))), "conflict");
});
