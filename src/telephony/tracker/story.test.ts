import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../core/call.ts";
import type { CallDetails } from "../../core/call-details.ts";
import { toPartyText } from "../../core/phone-number.ts";
import { event, NAMES, only, record, replay, T0, toItem } from "./fake-trace.ts";

function describe({ call }: { call: Call }): string {
  const { talks, rings } = call.details as CallDetails;
  const ends = `${call.from && toPartyText(call.from)} > ${call.to && toPartyText(call.to)}`;
  const rung = rings.map(({ extension, number, result }) => `${extension ?? number} ${result}`).join(", ");
  const talked = talks.map(({ extension, number }) => extension ?? number).join(", ");
  return `${call.direction} ${ends}: ${call.outcome} by ${call.agentExtension}; rang ${rung}; talked ${talked}`;
}

const IN = "inbound +34600000001 >";
const OUT = "outbound 101 >";
const EXPECTED: Record<string, string> = {
  answered: `${IN} 0009001: answered by 101; rang 101 answered; talked 101`,
  attended: `${IN} 0009001: answered by 102; rang 101 answered, 102 answered; talked 101, 102`,
  blind: `${IN} 0009001: answered by 102; rang 101 answered, 102 answered; talked 101, 102`,
  "blind-unanswered": `${IN} 0009001: answered by 101; rang 101 answered, 102 busy; talked 101`,
  busy: `${IN} 0009001: missed by null; rang 101 busy; talked `,
  cascade: `${IN} 0009003: answered by 103; rang 101 no_answer, 102 no_answer, 103 answered; talked 103`,
  "click-no-answer": `${OUT} +34600000011: cancelled by 101; rang 101 cancelled; talked `,
  "click-to-call": `${OUT} +34600000011: answered by 101; rang 101 answered, 600000011 answered; talked 101`,
  "click-to-call-local": `${OUT} +34600000011: answered by 101; rang 101 answered, 600000011 answered; talked 101`,
  "follow-me": `${IN} 0009007: answered by null; rang 101 no_answer, 600000011 answered; talked 600000011`,
  greeting: `${IN} 0009005: missed by null; rang ; talked `,
  group: `${IN} 0009002: answered by 103; rang 101 cancelled, 102 cancelled, 103 answered; talked 103`,
  hold: `${IN} 0009001: answered by 101; rang 101 answered; talked 101`,
  internal: "internal 101 > 102: answered by 102; rang 102 answered; talked 102",
  "local-group": `${IN} 0009006: answered by 102; rang 101 cancelled, 102 answered; talked 102`,
  "local-optimised": `${IN} 0009008: answered by 101; rang 101 answered; talked 101`,
  missed: `${IN} 0009002: missed by null; rang 101 cancelled, 102 cancelled, 103 cancelled; talked `,
  "out-answered": `${OUT} +34600000011: answered by 101; rang 600000011 answered; talked 101`,
  "out-busy": `${OUT} +34600000013: busy by 101; rang 600000013 busy; talked `,
  "out-cancel": `${OUT} +34600000014: cancelled by 101; rang 600000014 cancelled; talked `,
  "out-unknown": `${OUT} +34600000015: failed by 101; rang 600000015 failed; talked `,
  park: `${IN} 0009001: answered by 102; rang 101 answered; talked 101, 102`,
  "park-give-up": `${IN} 0009010: missed by null; rang ; talked `,
  pickup: `${IN} 0009001: answered by 102; rang 101 cancelled; talked 102`,
  queue: `${IN} 0009004: answered by 102; rang 101 cancelled, 102 answered; talked 102`,
  "queue-abandon": `${IN} 0009004: missed by null; rang 101 cancelled, 102 cancelled; talked `,
  recorded: `${IN} 0009012: answered by 101; rang 101 answered; talked 101`,
  redirect: `${IN} 0009001: answered by 103; rang 101 cancelled, 103 answered; talked 103`,
  "trunk-down": `${OUT} +34600000011: answered by 101; rang 600000011 answered; talked 101`,
};
/** More than one call. */
const OTHERS = ["conference"];

test("every recorded way of a call is one call with the right people and outcome", () => {
  const seen = Object.fromEntries(Object.keys(EXPECTED).map((name) => [name, describe(only(name))]));
  assert.deepEqual(seen, EXPECTED);
  assert.deepEqual([...NAMES].sort(), [...Object.keys(EXPECTED), ...OTHERS].sort(), "every recording is expected");
});

test("a conference is a call for each of its members, who talked with all the others", () => {
  const { calls } = replay(record("conference").map(toItem));
  const seen = [...calls.values()].map((call) => describe({ call })).sort();
  assert.deepEqual(seen, [
    "inbound +34600000001 > 0009011: answered by 102; rang ; talked 101, 102",
    "internal 101 > 601: answered by 102; rang ; talked 600000001, 102",
    "internal 102 > 601: answered by 101; rang ; talked 101, 600000001",
  ]);
  const rooms = [...calls.values()].map(({ details }) => details?.conferences.map(({ name }) => name));
  assert.deepEqual(rooms, [["601"], ["601"], ["601"]]);
});

test("a transferred call's talk leaves out the consultation", () => {
  const { call } = only("attended");
  assert.equal(call.talkSeconds, 2); // 311…1261 and 2377…3881
  const transfers = call.details?.transfers.map(({ id, ...transfer }) => transfer);
  assert.deepEqual(transfers, [{ kind: "attended", at: new Date(T0 + 2377), from: "101", to: "102" }]);
  assert.deepEqual(
    call.details?.holds.map(({ extension }) => extension),
    ["101"],
  );
});

test("a queue says how the wait ended, how long it was and who took the call", () => {
  const stay = (name: string) => {
    const [first] = only(name).call.details?.queues ?? [];
    return [first?.queue, first?.outcome, first?.extension, (first?.leftAt?.getTime() ?? 0) > T0];
  };
  assert.deepEqual(stay("queue"), ["support", "connected", "102", true]);
  assert.deepEqual(stay("queue-abandon"), ["support", "abandoned", undefined, true]);
  assert.deepEqual(
    only("queue").call.details?.rings.map(({ queue }) => queue),
    ["support", "support"],
  );
});

test("a hold, a parked call, a pickup and a recording are part of the story", () => {
  const [hold] = only("hold").call.details?.holds ?? [];
  assert.deepEqual(
    [hold?.extension, hold?.startedAt, hold?.endedAt],
    ["101", new Date(T0 + 1593), new Date(T0 + 9850)],
  );
  const parked = (name: string) =>
    only(name).call.details?.parkings.map(({ lot, space, from, by, outcome }) => [lot, space, from, by, outcome]);
  assert.deepEqual(parked("park"), [["default", "701", "101", "102", "retrieved"]]);
  assert.deepEqual(parked("park-give-up"), [["default", "701", undefined, undefined, "abandoned"]]);
  const [pickup] = only("pickup").call.details?.pickups ?? [];
  assert.deepEqual([pickup?.by, pickup?.from], ["102", "101"]);
  const events = record("recorded");
  const started = events.findIndex(({ Event }) => Event === "MixMonitorStart");
  const { Channel = "", Uniqueid = "", Linkedid = "" } = (events[started] ?? {}) as Record<string, string>;
  const file = { Event: "VarSet", Variable: "MIXMONITOR_FILENAME", Value: "/var/spool/asterisk/monitor/in-1.wav" };
  events.splice(started + 1, 0, event(9, { ...file, Channel, Uniqueid, Linkedid }));
  const [call] = [...replay(events.map(toItem)).calls.values()];
  assert.deepEqual(
    call?.details?.recordings.map((recording) => [recording.file, recording.startedAt]),
    [[file.Value, new Date(T0 + 9)]],
  );
});

test("the hangup cause is that of the leg that decided: the called one, or the caller's", () => {
  const cause = (name: string) => only(name).call.details?.hangupCause;
  assert.deepEqual(["answered", "out-busy", "out-unknown"].map(cause), [16, 17, 1]);
});

test("while it goes on, a call tells who rings, who waits and who is parked", () => {
  const seen = (name: string) => {
    const { facts } = replay(record(name).map(toItem));
    return facts.map(({ raw }) => raw.event).join(" ");
  };
  assert.equal(seen("queue"), "start queue ring ring talk end");
  assert.equal(seen("park"), "start ring talk parked unparked talk end");
  assert.equal(seen("hold"), "start ring talk hold unhold end");
});
