// The calls of the older system's sequences S1–S16; numbers in comments are those of its acceptance list.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Call, reduceCall } from "../../core/call.ts";
import { toPartyText } from "../../core/phone-number.ts";
import { decide } from "./decision.ts";
import { groupEvents } from "./event-groups.ts";
import { BEGUN_MS, hear, loadSequence, SEQUENCES } from "./fake-deliveries.ts";
import type { HeardEvent } from "./heard-call.ts";
import { toHookFact } from "./hook-fact.ts";
import { createHookPlan } from "./hook-pbx.ts";

const plan = createHookPlan({ extensions: [] });
const context = { ...plan, pbx: "Office", country: "ES" };
const NOTHING_KNOWN = { byLink: new Map(), recent: [] };
const later = new Date(BEGUN_MS + 3_600_000);

/** The calls that come of these events, by the unique id of each. */
function assemble(events: readonly HeardEvent[]): Record<string, Call> {
  const names = { scope: "1", uidPrefix: "" };
  const groups = groupEvents(events, NOTHING_KNOWN, { ...names, plan });
  const decisions = groups.map((group) => decide(group, { ...names, plan, foreign: new Map(), now: later }));
  const told = decisions.filter(({ state }) => state === "told");
  const calls = told.map(({ group, primary, callUuid }) => [
    callUuid,
    reduceCall([toHookFact(group.news, primary, context)]),
  ]);
  return Object.fromEntries(calls.sort());
}

const uid = (n: number): string => `1700000100.${n}`;
function callOf(sequence: string): Call {
  const calls = Object.values(assemble(hear(loadSequence(sequence))));
  assert.equal(calls.length, 1, `${sequence} is one call`);
  return calls[0] as Call;
}

/** Seconds after the call began. */
const secondsOf = (at: Date | null | undefined): number | null => (at ? (at.getTime() - BEGUN_MS) / 1000 : null);
const brief = (call: Call) => ({
  direction: call.direction,
  from: call.from && toPartyText(call.from),
  to: call.to && toPartyText(call.to),
  outcome: call.outcome,
  agent: call.agentExtension,
  trunk: call.trunk,
});
const ringsOf = (call: Call) =>
  call.details?.rings.map(({ extension, number, result }) => [extension ?? number, result]);
const talksOf = (call: Call) => call.details?.talks.map(({ extension, number }) => extension ?? number);

test("S1: an incoming call is answered by one of three, rings 5 s and talks 35 s", () => {
  const call = callOf("s01"); // 9
  assert.deepEqual(brief(call), {
    ...{ direction: "inbound", from: "+10000000001", to: "0009001", outcome: "answered" },
    ...{ agent: "102", trunk: "0009001" },
  });
  assert.deepEqual([call.ringSeconds, call.talkSeconds], [5, 35]);
  assert.deepEqual([secondsOf(call.startedAt), secondsOf(call.endedAt)], [0, 40]);
  assert.deepEqual(ringsOf(call), [
    ["101", "no_answer"],
    ["102", "answered"],
    ["103", "no_answer"],
  ]);
  assert.deepEqual(talksOf(call), ["102"]);
});

test("S1 is the same call with the legs of the bridge swapped, and with the bridge heard before the dial", () => {
  const posted = loadSequence("s01"); // 10
  const swapped = posted.map((each) => ({
    ...each,
    seconds: each.seconds === 5 ? 5.2 : each.seconds === 5.2 ? 5 : each.seconds,
  }));
  assert.deepEqual(brief(callOf("s01")), brief(Object.values(assemble(hear(swapped)))[0] as Call));
  const order = [0, 1, 3, 4, 5, 2, 6, 7, 8, 9];
  const heard = hear(posted);
  assert.deepEqual(assemble(order.map((index) => heard[index] as HeardEvent)), assemble(heard));
});

test("S2 and S3: nobody answers; who was rung is known where somebody was", () => {
  const missed = callOf("s02"); // 11
  assert.deepEqual([missed.outcome, missed.agentExtension, missed.talkSeconds], ["missed", null, 0]);
  assert.deepEqual(ringsOf(missed), [
    ["101", "no_answer"],
    ["102", "no_answer"],
  ]);
  const gone = callOf("s03");
  assert.deepEqual([gone.direction, gone.outcome, gone.details], ["inbound", "missed", null]);
});

test("S4: a cascade is one call that rings in order and is answered by the last", () => {
  const call = callOf("s04"); // 12
  assert.deepEqual(ringsOf(call), [
    ["101", "no_answer"],
    ["102", "no_answer"],
    ["103", "answered"],
  ]);
  assert.deepEqual([call.agentExtension, call.ringSeconds], ["103", 35]);
});

test("S5 and S6: an outgoing call is its caller's, answered or not", () => {
  const answered = brief(callOf("s05")); // 13
  assert.deepEqual(answered, {
    ...{ direction: "outbound", from: "101", to: "+10000000002", outcome: "answered", agent: "101", trunk: "0009001" },
  });
  const call = callOf("s06");
  assert.deepEqual([call.direction, call.outcome, call.agentExtension], ["outbound", "missed", "101"]);
});

test("S7: a call over the second trunk is one call, answered because people talked", () => {
  const call = callOf("s07"); // 14
  assert.deepEqual([call.trunk, call.outcome, call.agentExtension], ["0009002", "answered", "101"]);
  assert.deepEqual(
    call.details?.rings.map(({ trunk, result }) => [trunk, result]),
    [
      ["0009001", "failed"],
      ["0009002", "answered"],
    ],
  );
});

test("S8, S9 and S10: calls inside are internal, whatever CallType a department has", () => {
  const [talked, missed, department] = ["s08", "s09", "s10"].map(callOf) as [Call, Call, Call]; // 15
  assert.deepEqual(
    [talked, missed, department].map(({ direction, outcome }) => [direction, outcome]),
    [
      ["internal", "answered"],
      ["internal", "missed"],
      ["internal", "answered"],
    ],
  );
  assert.deepEqual(
    [talked, missed].map((call) => [brief(call).from, brief(call).to]),
    [
      ["101", "102"],
      ["101", "102"],
    ],
  );
  assert.deepEqual([brief(department).to, department.agentExtension], ["901", "102"]);
});

test("S11: a call that is passed on twice after asking is one call of its last talker", () => {
  const call = callOf("s11"); // 16
  assert.deepEqual(
    [call.direction, call.outcome, call.agentExtension, call.from?.text],
    ["inbound", "answered", "104", "10000000001"],
  );
  assert.deepEqual(talksOf(call), ["102", "103", "104"]);
  assert.deepEqual(
    call.details?.transfers.map(({ kind, from, to }) => [kind, from, to]),
    [
      ["attended", "102", "103"],
      ["attended", "103", "104"],
    ],
  );
  assert.deepEqual([secondsOf(call.startedAt), secondsOf(call.endedAt), call.talkSeconds], [0, 90, 85]);
});

test("S12: a blind transfer ends incoming; who was passed on to and did not answer is no agent", () => {
  const taken = callOf("s12-blind-transfer"); // 17
  assert.deepEqual([taken.direction, taken.outcome, taken.agentExtension], ["inbound", "answered", "103"]);
  assert.deepEqual(talksOf(taken), ["102", "103"]);
  const failed = callOf("s12-blind-transfer-unanswered");
  assert.deepEqual([failed.direction, failed.outcome, failed.agentExtension], ["inbound", "answered", "102"]);
  assert.deepEqual(ringsOf(failed)?.at(-1), ["103", "no_answer"]);
  for (const { details, startedAt } of [taken, failed]) {
    assert.deepEqual(
      details?.transfers.map(({ kind, from, to }) => [kind, from, to]),
      [["blind", "102", "103"]],
    );
    assert.equal(secondsOf(startedAt), 0);
  }
});

test("S13: a consultation that nobody answers leaves one answered call", () => {
  const call = callOf("s13"); // 18
  assert.deepEqual([call.outcome, call.agentExtension, call.details?.transfers], ["answered", "102", []]);
  assert.deepEqual([secondsOf(call.startedAt), secondsOf(call.endedAt)], [0, 60]);
});

test("S14: a caller who meets a busy phone is a missed call beside the internal one", () => {
  const calls = assemble(hear(loadSequence("s14"))); // 18
  const [internal, incoming] = [calls[uid(100)], calls["1700000110.105"]] as [Call, Call];
  assert.equal(Object.keys(calls).length, 2);
  assert.deepEqual([internal.direction, internal.outcome], ["internal", "answered"]);
  assert.deepEqual([incoming.direction, incoming.outcome, incoming.agentExtension], ["inbound", "missed", null]);
  assert.deepEqual(ringsOf(incoming), [["101", "busy"]]);
});

test("S15: an extension that is followed to a mobile is one incoming call, and the caller's number is no agent", () => {
  const call = callOf("s15"); // 19
  assert.deepEqual([call.direction, call.outcome, call.agentExtension], ["inbound", "answered", "102"]);
  assert.deepEqual(talksOf(call), ["10000000002"]);
  assert.deepEqual(ringsOf(call), [
    ["102", "no_answer"],
    ["10000000002", "answered"],
  ]);
});

test("S16: a call that a program placed is one outgoing call of its extension", () => {
  const call = callOf("s16"); // 20
  assert.deepEqual(brief(call), {
    ...{ direction: "outbound", from: "101", to: "+10000000002", outcome: "answered", agent: "101", trunk: "0009001" },
  });
});

test("whatever order events are put together in, the calls are the same", () => {
  for (const name of SEQUENCES) {
    const heard = hear(loadSequence(name));
    const expected = assemble(heard);
    const shuffled = fc.shuffledSubarray(heard, { minLength: heard.length });
    fc.assert(
      fc.property(shuffled, (order) => assert.deepEqual(assemble(order), expected)),
      { numRuns: 50 },
    );
  }
});

test("events of several calls in one heap fall apart into the same calls", () => {
  const others = SEQUENCES.filter((name) => !/^s1[1-6]/.test(name));
  const all = others.flatMap((name) =>
    hear(loadSequence(name)).map((event) => ({ ...event, key: `${name}${event.key}` })),
  );
  const calls = assemble(all);
  assert.equal(Object.keys(calls).length, others.length);
  assert.equal(calls[uid(30)]?.agentExtension, "103");
});
