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

test("an attended transfer whose target Asterisk does not name is to whom the customer hears then", () => {
  const said = record("attended").map(({ ms, ...fields }) => {
    const kept = Object.entries(fields).filter(([name]) => !name.startsWith("TransferTarget"));
    return toItem(event(ms, Object.fromEntries(kept) as Record<string, string>));
  });
  const [call] = replay(said).calls.values();
  assert.deepEqual(
    call?.details?.transfers.map(({ kind, from, to }) => [kind, from, to]),
    [["attended", "101", "102"]],
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

/** One incoming call whose members are reached through Local channels; every step is one event, in its order. */
function tellLocal(...steps: readonly Record<string, string>[]): Call {
  const leg = (id: string, Channel: string, more = {}) => ({
    ...{ Event: "Newchannel", Channel, Uniqueid: id, Linkedid: "1.1", ChannelState: "0", CallerIDNum: "600000001" },
    ...more,
  });
  const events = [
    leg("1.1", "PJSIP/trunk-1", { ChannelState: "4", Exten: "0008001", Context: "from-trunk" }),
    leg("1.2", "Local/101@from-queue-1;1"),
    leg("1.3", "Local/101@from-queue-1;2"),
    { Event: "DialBegin", Uniqueid: "1.1", Linkedid: "1.1", DestUniqueid: "1.2", DestLinkedid: "1.1" },
    leg("1.4", "PJSIP/101-1"),
    { Event: "DialBegin", Uniqueid: "1.3", Linkedid: "1.1", DestUniqueid: "1.4", DestLinkedid: "1.1" },
    ...steps,
    ...["1.2", "1.4", "1.3", "1.1"].map((Uniqueid) => ({ Event: "Hangup", Uniqueid, Linkedid: "1.1", Cause: "0" })),
  ];
  const { calls } = replay(events.map((fields, index) => toItem(event(index * 10, fields as Record<string, string>))));
  assert.equal(calls.size, 1);
  return [...calls.values()][0] as Call;
}
const dialEnd = (Uniqueid: string, DestUniqueid: string, DialStatus: string) => ({
  ...{ Event: "DialEnd", Uniqueid, Linkedid: "1.1", DestUniqueid, DestLinkedid: "1.1", DialStatus },
});
const hangup = (Uniqueid: string) => ({ Event: "Hangup", Uniqueid, Linkedid: "1.1", Cause: "0" });

test("a phone behind a Local channel that was rung in vain was not cancelled; one that was called off was", () => {
  const result = (...steps: Record<string, string>[]) => tellLocal(...steps).details?.rings.map((ring) => ring.result);
  const inVain = dialEnd("1.1", "1.2", "NOANSWER");
  const calledOff = dialEnd("1.1", "1.2", "CANCEL");
  const cancelled = dialEnd("1.3", "1.4", "CANCEL");
  assert.deepEqual(result(inVain, hangup("1.2"), cancelled), ["no_answer"]);
  assert.deepEqual(result(inVain, hangup("1.2"), hangup("1.4"), cancelled), ["no_answer"], "its end is told late");
  assert.deepEqual(result(calledOff, hangup("1.2"), cancelled), ["cancelled"]);
});

test("a queue whose time is over is left by a caller who is still there; one who hangs up has abandoned it", () => {
  const queue = { Uniqueid: "1.1", Linkedid: "1.1", Queue: "400" };
  const join = { Event: "QueueCallerJoin", ...queue };
  const over = [
    { Event: "QueueCallerAbandon", ...queue },
    { Event: "QueueCallerLeave", ...queue },
  ];
  const outcome = (...steps: Record<string, string>[]) => tellLocal(...steps).details?.queues[0]?.outcome;
  assert.equal(outcome(join, ...over), "left");
  assert.equal(outcome(join, { Event: "HangupRequest", Uniqueid: "1.1", Linkedid: "1.1" }, ...over), "abandoned");
});

test("who took a queue's call is the phone behind a Local member; before that is known, the one the member names", () => {
  const connected = { Event: "AgentConnect", Uniqueid: "1.1", Linkedid: "1.1", DestUniqueid: "1.2", Queue: "400" };
  const member = { ...connected, Interface: "Local/102@from-queue/n" };
  const join = { Event: "QueueCallerJoin", Uniqueid: "1.1", Linkedid: "1.1", Queue: "400" };
  const meet = ["1.3", "1.4"].map((Uniqueid) => ({
    ...{ Event: "BridgeEnter", Uniqueid, Linkedid: "1.1", BridgeUniqueid: "b1", BridgeType: "basic" },
  }));
  const taker = (...steps: Record<string, string>[]) => tellLocal(join, ...steps).details?.queues[0]?.extension;
  assert.equal(taker(...meet, member), "101");
  assert.equal(taker(member), "102");
  assert.equal(taker({ ...member, Interface: "Local/agents@somewhere/n" }), undefined);
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
