import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { reduceCall } from "../../core/call.ts";
import { toPartyText } from "../../core/phone-number.ts";
import type { AmiItem } from "../ami/stream.ts";
import {
  createTracker,
  event,
  factsOf,
  NAMES,
  only,
  type Recorded,
  record,
  replay,
  T0,
  toItem,
  toSnapshot,
} from "./fake-trace.ts";

/** More than one call. */
const OTHERS = ["conference"];

test("times are those of the events: ringing, talking, end", () => {
  const { call } = only("answered");
  assert.equal(call.startedAt.getTime(), T0);
  assert.equal(call.answeredAt?.getTime(), T0 + 311);
  assert.equal(call.endedAt?.getTime(), T0 + 2815);
  assert.equal(call.talkSeconds, 3);
});

/** The same recording in another call: every id and channel gets a mark. */
const renamed = (events: readonly Recorded[], mark: string): Recorded[] =>
  events.map((event) => {
    const entries = Object.entries(event).map(([name, value]) => {
      if (/(Uniqueid|Linkedid)$/.test(name)) return [name, `${value}${mark}`];
      return /Channel$/.test(name) ? [name, String(value).replace(/-([0-9a-f]{8})/, `-${mark}$1`)] : [name, value];
    });
    return Object.fromEntries(entries) as Recorded;
  });

const name = fc.constantFrom(...NAMES);

test("calls that go on at once do not disturb each other, however their events interleave", () => {
  fc.assert(
    fc.property(name, name, fc.infiniteStream(fc.boolean()), (one, two, coins) => {
      const streams = [renamed(record(one), "a"), renamed(record(two), "b")].map((events) => events.map(toItem));
      const alone = streams.map((items) => replay(items));
      const [first = [], second = []] = streams.map((items) => [...items]);
      const mixed: AmiItem[] = [];
      while (first.length + second.length > 0) {
        const from = second.length === 0 || (first.length > 0 && coins.next().value) ? first : second;
        mixed.push(from.shift() as AmiItem);
      }
      const together = replay(mixed);
      for (const { byCall } of alone) {
        for (const [id, told] of byCall) assert.deepEqual(factsOf(together.byCall.get(id) ?? []), factsOf(told));
      }
      assert.deepEqual(together.tracker.size(), { calls: 0, legs: 0, linkedIds: 0, bridges: 0 });
    }),
  );
});

test("events that are told twice change no call", () => {
  for (const recording of NAMES) {
    const items = record(recording).map(toItem);
    const once = replay(items);
    const twice = replay(items.flatMap((item) => [item, item]));
    assert.deepEqual(twice.calls, once.calls, recording);
  }
});

test("whatever events are lost, the next snapshot leaves nothing behind and every announced call has an end", () => {
  fc.assert(
    fc.property(name, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (recording, dice) => {
      const kept = record(recording).filter(() => dice.next().value !== 0);
      const { tracker, calls } = replay([...kept.map(toItem), toSnapshot([], 60_000)]);
      assert.deepEqual(tracker.size(), { calls: 0, legs: 0, linkedIds: 0, bridges: 0 });
      for (const call of calls.values()) assert.notEqual(call.outcome, "in_progress");
    }),
  );
});

test("events in any order are survived", () => {
  fc.assert(
    fc.property(
      name.chain((recording) => fc.shuffledSubarray(record(recording), { minLength: 1 })),
      (events) => {
        const { tracker } = replay([...events.map(toItem), toSnapshot([], 60_000)]);
        assert.deepEqual(tracker.size(), { calls: 0, legs: 0, linkedIds: 0, bridges: 0 });
      },
    ),
  );
});

test("a call that ended while the PBX was away is closed as of the loss, answered if they had talked and else lost", () => {
  for (const recording of NAMES.filter((each) => !OTHERS.includes(each))) {
    const events = record(recording);
    for (let seen = 1; seen < events.length; seen++) {
      const lastMs = events[seen - 1]?.ms ?? 0;
      const { calls, facts } = replay([
        ...events.slice(0, seen).map(toItem),
        { kind: "lost", at: new Date(T0 + lastMs + 10) },
        toSnapshot([], lastMs + 90_000),
      ]);
      const end = facts.at(-1);
      if (end?.fact.source !== "recovery") continue; // it had ended before, or was not announced yet
      const call = calls.get(end.callUuid);
      const hadTalked = facts.some(({ callUuid, raw }) => callUuid === end.callUuid && raw.event === "talk");
      assert.equal(call?.outcome, hadTalked ? "answered" : "lost", `${recording} after ${seen} events`);
      assert.ok((call?.endedAt?.getTime() ?? 0) <= T0 + lastMs + 10, "not later than we knew");
    }
  }
});

test("a call that is going on when we connect is taken over without a second start", () => {
  const dial = { ChannelState: "6", Linkedid: "9.1", BridgeId: "b1", Duration: "00:01:05" };
  const items = [
    toSnapshot(
      [
        {
          Channel: "PJSIP/101-00000002",
          Uniqueid: "9.2",
          CallerIDNum: "101",
          Application: "AppDial",
          ...dial,
          Duration: "00:01:00",
        },
        {
          Channel: "PJSIP/trunk-00000001",
          Uniqueid: "9.1",
          CallerIDNum: "600000001",
          Exten: "0009001",
          Application: "Dial",
          ...dial,
        },
      ],
      0,
    ),
    toItem(event(5_000, { Event: "Hangup", Uniqueid: "9.2", Linkedid: "9.1", Cause: "16" })),
    toItem(event(5_001, { Event: "Hangup", Uniqueid: "9.1", Linkedid: "9.1", Cause: "16" })),
  ];
  const { facts, calls } = replay(items);
  assert.deepEqual(
    facts.map(({ fact, raw }) => [raw.event, fact.source]),
    [
      ["start", "recovery"],
      ["talk", "recovery"],
      ["end", "ami"],
    ],
  );
  const call = calls.get("9.1");
  assert.deepEqual([call?.direction, call?.outcome, call?.agentExtension], ["inbound", "answered", "101"]);
  assert.equal(call?.startedAt.getTime(), T0 - 65_000);
});

test("a call that another process heard begin keeps its answer and its seconds when we take it over", () => {
  const events = record("answered");
  const talking = events.findLastIndex(({ Event }) => Event === "BridgeEnter");
  const first = createTracker();
  const heard = events.slice(0, talking + 1).flatMap((each) => [...first.take(toItem(each))]);
  const legs = [events[0], events.find(({ Channel }) => Channel?.startsWith("PJSIP/101"))];
  const live = legs.map((leg, index) => ({
    Channel: leg?.Channel ?? "",
    Uniqueid: leg?.Uniqueid ?? "",
    Linkedid: events[0]?.Linkedid ?? "",
    ...{ CallerIDNum: "600000001", Exten: "0009001", BridgeId: "b", ChannelState: "6", Duration: "00:00:02" },
    Application: index === 0 ? "Dial" : "AppDial",
  }));
  const second = createTracker();
  const rest = [toSnapshot(live, 2_000), ...events.slice(talking + 1).map(toItem)];
  const later = rest.flatMap((item) => [...second.take(item)]);
  const call = reduceCall([...heard, ...later].map(({ fact }) => fact));
  const whole = only("answered").call;
  assert.deepEqual(
    [call.answeredAt, call.endedAt, call.talkSeconds, call.agentExtension, call.outcome],
    [whole.answeredAt, whole.endedAt, whole.talkSeconds, whole.agentExtension, whole.outcome],
  );
});

test("a phone that rings when another process takes over has rung once, from its first ring to its answer", () => {
  const events = record("answered");
  const ringing = events.findIndex(({ Event }) => Event === "DialBegin");
  const live = events
    .filter(({ Event }) => Event === "Newchannel")
    .map((leg, index) => ({
      ...{
        Channel: leg.Channel ?? "",
        Uniqueid: leg.Uniqueid ?? "",
        Linkedid: leg.Linkedid ?? "",
        Exten: leg.Exten ?? "",
      },
      ...{ CallerIDNum: leg.CallerIDNum ?? "", ChannelState: index === 0 ? "4" : "5", Duration: "00:00:00" },
      Application: index === 0 ? "Dial" : "AppDial",
    }));
  const first = createTracker();
  const heard = events.slice(0, ringing + 1).flatMap((each) => [...first.take(toItem(each))]);
  const second = createTracker();
  const rest = [toSnapshot(live, 100), ...events.slice(ringing + 1).map(toItem)];
  const call = reduceCall(factsOf([...heard, ...rest.flatMap((item) => [...second.take(item)])]));
  assert.deepEqual(call.details?.rings, only("answered").call.details?.rings);
  assert.deepEqual(call.details?.talks, only("answered").call.details?.talks);
});

test("callers who are parked in one lot, or meet in a conference, stay calls of their own", () => {
  for (const bridge of [{ BridgeTechnology: "holding_bridge", BridgeType: "parking" }, { BridgeType: "base" }]) {
    const arrive = (id: string): Recorded[] => [
      event(0, {
        Event: "Newchannel",
        Uniqueid: id,
        Linkedid: id,
        Channel: `PJSIP/trunk-0000000${id}`,
        ChannelState: "4",
        Exten: "0009001",
      }),
      event(10, { Event: "BridgeEnter", Uniqueid: id, Linkedid: id, BridgeUniqueid: "lot", ...bridge }),
    ];
    const { tracker, calls } = replay([...arrive("1"), ...arrive("2")].map(toItem));
    assert.equal(tracker.size().calls, 2);
    assert.deepEqual(
      [...calls.values()].map(({ outcome, from }) => [outcome, from?.kind]),
      [
        ["in_progress", "withheld"],
        ["in_progress", "withheld"],
      ],
    );
  }
});

test("a snapshot of what we know already tells nothing", () => {
  const events = record("answered");
  const talking = events.findLastIndex(({ Event }) => Event === "BridgeEnter");
  const bridge = events[talking]?.BridgeUniqueid ?? "";
  const linkedId = events[0]?.Linkedid ?? "";
  const channels = [events[0], events.find(({ Channel }) => Channel?.startsWith("PJSIP/101"))].map((event) => ({
    Channel: event?.Channel ?? "",
    Uniqueid: event?.Uniqueid ?? "",
    Linkedid: linkedId,
    BridgeId: bridge,
    ChannelState: "6",
  }));
  const before = events.slice(0, talking + 1).map(toItem);
  const { facts } = replay([...before, toSnapshot(channels, 400), ...events.slice(talking + 1).map(toItem)]);
  assert.deepEqual(factsOf(facts), factsOf(replay(events.map(toItem)).facts));
});

test("a call that goes on for hours is said to be alive once an hour, and that changes nothing of it", () => {
  const events = record("answered");
  const talking = events.findLastIndex(({ Event }) => Event === "BridgeEnter");
  const bridge = events[talking]?.BridgeUniqueid ?? "";
  const channels = [events[0], events.find(({ Channel }) => Channel?.startsWith("PJSIP/101"))].map((each) => ({
    ...{ Channel: each?.Channel ?? "", Uniqueid: each?.Uniqueid ?? "", Linkedid: events[0]?.Linkedid ?? "" },
    ...{ BridgeId: bridge, ChannelState: "6" },
  }));
  const minutes = [5, 30, 59, 61, 65, 90, 125].map((minute) => toSnapshot(channels, minute * 60_000));
  const heard = replay([...events.slice(0, talking + 1).map(toItem), ...minutes]);
  const alive = heard.facts.filter(({ raw }) => raw.event === "alive");
  assert.deepEqual(
    alive.map(({ fact }) => [fact.source, (fact.at.getTime() - T0) / 60_000]),
    [
      ["ami", 61],
      ["ami", 125],
    ],
  );
  const without = heard.facts.filter(({ raw }) => raw.event !== "alive");
  assert.deepEqual(reduceCall(factsOf(heard.facts)), reduceCall(factsOf(without)));
});

test("two separate calls that an attended transfer joins become the outside call; the inside one ends as transferred", () => {
  const channel = (ms: number, Uniqueid: string, more: Record<string, string>): Recorded =>
    event(ms, { Event: "Newchannel", Uniqueid, ChannelState: "0", ...more });
  const trunk = { Channel: "PJSIP/trunk-00000001", ChannelState: "4", CallerIDNum: "600000001", Exten: "0009001" };
  const events: Recorded[] = [
    channel(0, "1", { Linkedid: "1", ...trunk }),
    channel(1, "2", { Linkedid: "1", Channel: "PJSIP/101-00000002" }),
    event(10, { Event: "BridgeEnter", Uniqueid: "1", Linkedid: "1", BridgeUniqueid: "a" }),
    event(10, { Event: "BridgeEnter", Uniqueid: "2", Linkedid: "1", BridgeUniqueid: "a" }),
    // 101's second line calls 102
    channel(1_000, "3", {
      Linkedid: "3",
      Channel: "PJSIP/101-00000003",
      ChannelState: "4",
      CallerIDNum: "101",
      Exten: "102",
    }),
    channel(1_001, "4", { Linkedid: "3", Channel: "PJSIP/102-00000004" }),
    event(2_000, { Event: "BridgeEnter", Uniqueid: "3", Linkedid: "3", BridgeUniqueid: "b" }),
    event(2_000, { Event: "BridgeEnter", Uniqueid: "4", Linkedid: "3", BridgeUniqueid: "b" }),
    // REFER with Replaces: 102 goes to the customer's bridge, 101 leaves
    event(4_000, { Event: "BridgeLeave", Uniqueid: "4", Linkedid: "3" }),
    event(4_000, { Event: "BridgeEnter", Uniqueid: "4", Linkedid: "1", BridgeUniqueid: "a" }),
    event(4_001, { Event: "Hangup", Uniqueid: "2", Linkedid: "1", Cause: "16" }),
    event(4_002, { Event: "Hangup", Uniqueid: "3", Linkedid: "1", Cause: "16" }),
    event(9_000, { Event: "Hangup", Uniqueid: "4", Linkedid: "1", Cause: "16" }),
    event(9_001, { Event: "Hangup", Uniqueid: "1", Linkedid: "1", Cause: "16" }),
  ];
  const { calls, tracker } = replay(events.map(toItem));
  const [outside, inside] = [calls.get("1"), calls.get("3")];
  assert.deepEqual([outside?.outcome, outside?.agentExtension, outside?.talkSeconds], ["answered", "102", 9]);
  assert.deepEqual([inside?.direction, inside?.outcome, inside?.talkSeconds], ["internal", "transferred", 2]);
  assert.equal(tracker.size().calls, 0);
});

test("a campaign call that an IVR takes is answered when the customer picks up", () => {
  const events = [
    event(0, {
      Event: "Newchannel",
      Uniqueid: "d1",
      Linkedid: "d1",
      Channel: "PJSIP/trunk-00000001",
      ChannelState: "0",
    }),
    event(1, { Event: "DialBegin", DestUniqueid: "d1", DestLinkedid: "d1", DialString: "600000011@trunk" }),
    event(3_000, { Event: "Newstate", Uniqueid: "d1", Linkedid: "d1", ChannelState: "6" }),
    event(8_000, { Event: "Hangup", Uniqueid: "d1", Linkedid: "d1", Cause: "16" }),
  ];
  const call = [...replay(events.map(toItem)).calls.values()][0];
  assert.deepEqual([call?.direction, call?.outcome, call?.talkSeconds], ["outbound", "answered", 5]);
  assert.equal(call?.to && toPartyText(call.to), "+34600000011");
});

test("a call that begins while nobody listens is taken over the right way round, in whatever order its channels are listed", () => {
  const common = { Linkedid: "1795350000.1", BridgeId: "b1", ChannelState: "6", Duration: "00:00:05" };
  const trunk = {
    Channel: "PJSIP/trunk-00000001",
    Uniqueid: "1795350000.1",
    CallerIDNum: "600000001",
    Exten: "0009001",
  };
  const phone = { Channel: "PJSIP/101-00000002", Uniqueid: "1795350000.2", ConnectedLineNum: "600000001" };
  const channels = [
    { ...common, ...trunk, Application: "Dial" },
    { ...common, ...phone, Application: "AppDial" },
  ];
  for (const listed of [channels, channels.toReversed()]) {
    const [call] = [...replay([toSnapshot(listed, 0)]).calls.values()];
    assert.deepEqual([call?.direction, call?.agentExtension], ["inbound", "101"]);
  }
});

test("a call that Enlace places is between whom it says, not what a carrier is told", () => {
  const sides = (expects: boolean) => {
    const tracker = createTracker();
    const forget = expects ? tracker.expect("p-1", { from: "+34910000001", to: "+34600000001" }) : () => undefined;
    const ids = { Uniqueid: "p-1", Linkedid: "p-1", Channel: "PJSIP/trunk-00000001" };
    const dest = Object.fromEntries(Object.entries(ids).map(([name, value]) => [`Dest${name}`, value]));
    const [fact] = [
      event(0, { Event: "Newchannel", ...ids, ChannelState: "0" }),
      event(1, { Event: "DialBegin", ...dest, DialString: "934600000001@trunk", DestConnectedLineNum: "910000009" }),
    ].flatMap((one) => [...tracker.take(toItem(one))]);
    forget();
    const { from, to, direction } = fact?.fact ?? {};
    return [direction, from && toPartyText(from), to && toPartyText(to)];
  };
  assert.deepEqual(sides(true), ["outbound", "+34910000001", "+34600000001"]);
  assert.deepEqual(sides(false), ["outbound", "+34910000009", "934600000001"]);
});
