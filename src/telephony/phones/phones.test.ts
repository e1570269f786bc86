import assert from "node:assert/strict";
import { test } from "node:test";
import { createPhones, type Phone } from "./phones.ts";

const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 22, 10, 0, seconds));
const toFields = (fields: Record<string, string>) => ({ get: (name: string) => fields[name] });

function open() {
  const phones = createPhones((peer) => (/^\d{3}$/.test(peer) ? peer : undefined));
  return {
    phones,
    hear: (seconds: number, fields: Record<string, string>): void =>
      phones.take({ kind: "event", message: toFields(fields), at: at(seconds) }),
    changed: (): Record<string, Phone> =>
      Object.fromEntries(phones.takeChanged(100).map((phone) => [phone.extension, phone])),
  };
}

const CHANNEL = { Channel: "PJSIP/101-0000000a", Uniqueid: "u1" };

test("a phone rings, talks with somebody and is free again, each since its own instant", () => {
  const { hear, changed } = open();
  hear(1, { Event: "Newchannel", ...CHANNEL, ChannelState: "0" });
  hear(2, { Event: "Newstate", ...CHANNEL, ChannelState: "5", ConnectedLineNum: "600000011" });
  assert.deepEqual(changed()["101"], {
    ...{ extension: "101", state: "ringing", sinceAt: at(2), other: "600000011" },
    ...{ paused: false, pauseReason: null, restsUntilAt: null },
  });
  hear(5, { Event: "Newstate", ...CHANNEL, ChannelState: "6", ConnectedLineNum: "<unknown>" });
  const talking = changed()["101"];
  assert.deepEqual([talking?.state, talking?.sinceAt, talking?.other], ["talking", at(5), "600000011"]);
  hear(9, { Event: "Hangup", ...CHANNEL });
  const free = changed()["101"];
  assert.deepEqual([free?.state, free?.sinceAt, free?.other], ["free", at(9), null]);
});

test("trunks and halves of Local channels are no phones", () => {
  const { hear, changed } = open();
  hear(1, { Event: "Newchannel", Channel: "PJSIP/carrier-0000000b", Uniqueid: "u2", ChannelState: "6" });
  hear(1, { Event: "Newchannel", Channel: "Local/101@from-queue-00000001;1", Uniqueid: "u3", ChannelState: "6" });
  assert.deepEqual(changed(), {});
});

test("a phone that the PBX cannot reach is offline until it can", () => {
  const { hear, changed } = open();
  hear(1, { Event: "DeviceStateChange", Device: "PJSIP/102", State: "UNAVAILABLE" });
  assert.equal(changed()["102"]?.state, "offline");
  hear(2, { Event: "DeviceStateChange", Device: "PJSIP/102", State: "NOT_INUSE" });
  assert.equal(changed()["102"]?.state, "free");
  hear(3, { Event: "DeviceStateChange", Device: "PJSIP/102", State: "UNKNOWN" });
  assert.deepEqual(changed(), {});
});

test("somebody is paused when paused in every queue they are in, or when they do not want to be disturbed", () => {
  const { hear, changed } = open();
  const member = { Event: "QueueMemberPause", Interface: "PJSIP/103", PausedReason: "lunch" };
  hear(1, { ...member, Queue: "sales", Paused: "1" });
  assert.deepEqual([changed()["103"]?.paused, changed()["103"]], [true, undefined]);
  hear(2, { Event: "QueueMember", Location: "Local/103@from-queue/n", Queue: "support", Paused: "0" });
  assert.equal(changed()["103"]?.paused, false);
  hear(3, { ...member, Queue: "support", Paused: "1" });
  assert.deepEqual(changed()["103"]?.pauseReason, "lunch");
  hear(4, { Event: "DeviceStateChange", Device: "Custom:DND104", State: "INUSE" });
  assert.equal(changed()["104"]?.paused, true);
  hear(5, { Event: "DeviceStateChange", Device: "Custom:DND104", State: "NOT_INUSE" });
  assert.equal(changed()["104"]?.paused, false);
});

test("away is who is paused or whose phone is in use, and nobody else", () => {
  const { phones, hear } = open();
  const { extensions } = phones.away();
  const state = (Device: string, State: string): void => hear(1, { Event: "DeviceStateChange", Device, State });
  const queue = (Event: string, Paused: string): void =>
    hear(1, { Event, Queue: "sales", Interface: "PJSIP/103", Paused });
  state("PJSIP/101", "INUSE");
  state("Custom:DND102", "INUSE");
  queue("QueueMemberPause", "1");
  assert.deepEqual([...extensions].sort(), ["101", "102", "103"]);
  state("SIP/101", "NOT_INUSE");
  assert.ok(extensions.has("101"), "another phone of theirs is free");
  const { changes } = phones.away();
  for (const device of ["PJSIP/101", "Custom:DND102"]) state(device, "NOT_INUSE");
  queue("QueueMemberRemoved", "1");
  assert.deepEqual([...extensions], []);
  assert.equal(phones.away().changes, changes + 3);
  queue("QueueMemberAdded", "1");
  assert.ok(extensions.has("103"), "came back paused");
  phones.forgetQueues();
  assert.ok(!extensions.has("103"));
});

test("a snapshot ends what it does not name, finds what was missed with its age, and gives everything out anew", () => {
  const { phones, hear, changed } = open();
  hear(1, { Event: "Newchannel", ...CHANNEL, ChannelState: "6" });
  changed();
  const missed = { Channel: "PJSIP/105-0000000c", Uniqueid: "u5", ChannelState: "6", Duration: "00:00:20" };
  phones.take({ kind: "snapshot", channels: [toFields(missed)], at: at(30) });
  const { 101: gone, 105: found } = changed();
  assert.deepEqual([gone?.state, found?.state, found?.sinceAt], ["free", "talking", at(10)]);
  phones.take({ kind: "snapshot", channels: [toFields(missed)], at: at(40) });
  assert.deepEqual(Object.keys(changed()).sort(), ["101", "105"]);
});

test("a phone that campaigns leave alone says until when, and what did not change is not given out again", () => {
  const { phones, changed } = open();
  phones.noteResting(new Map([["106", at(30)]]), at(0));
  assert.deepEqual(changed()["106"]?.restsUntilAt, at(30));
  phones.noteResting(new Map([["106", at(30)]]), at(1));
  assert.deepEqual(changed(), {});
  phones.noteResting(new Map(), at(31));
  assert.equal(changed()["106"]?.restsUntilAt, null);
});

test("more phones than fit one batch come with the next", () => {
  const { phones, hear } = open();
  for (let n = 200; n < 210; n++) hear(1, { Event: "DeviceStateChange", Device: `PJSIP/${n}`, State: "NOT_INUSE" });
  assert.deepEqual(
    [phones.takeChanged(7).length, phones.takeChanged(7).length, phones.takeChanged(7).length],
    [7, 3, 0],
  );
});
