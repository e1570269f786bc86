import assert from "node:assert/strict";
import { test } from "node:test";
import { createDeskPhones, type DeskItem } from "./desk-phones.ts";

const AT = new Date("2026-11-23T10:00:00Z");
const fields = (values: Record<string, string>) => ({ get: (name: string) => values[name] });
const event = (values: Record<string, string>, at = AT): DeskItem => ({ kind: "event", message: fields(values), at });
const snapshot = (...channels: [string, string][]): DeskItem => ({
  ...{ kind: "snapshot", at: AT },
  channels: channels.map(([Uniqueid, Channel]) => fields({ Uniqueid, Channel })),
});
const free = (phones: ReturnType<typeof createDeskPhones>, laterMs = 0) =>
  phones.listFree(["101", "102"], AT.getTime() + laterMs);
function createHeard() {
  const phones = createDeskPhones((peer) => (peer === "webrtc-102" ? "102" : peer));
  phones.take([snapshot()]);
  phones.noteAway(new Set());
  return phones;
}

test("nobody is free on a PBX that is not heard", () => {
  const phones = createDeskPhones((peer) => peer);
  assert.deepEqual(free(phones), []);
  phones.take([snapshot()]);
  assert.deepEqual(free(phones), [], "who is paused is not known yet");
  phones.noteAway(new Set(["101"]));
  assert.deepEqual(free(phones), ["102"]);
  phones.noteAway(new Set());
  assert.deepEqual(free(phones), ["101", "102"]);
  phones.take([{ kind: "lost", at: AT }]);
  assert.deepEqual(free(phones), []);
});

test("a phone with a channel is busy until that hangs up, whichever of its peers it is", () => {
  const phones = createHeard();
  phones.take([event({ Event: "Newchannel", Uniqueid: "1.1", Channel: "PJSIP/webrtc-102-0000000a" })]);
  assert.deepEqual(free(phones), ["101"]);
  phones.take([event({ Event: "Newchannel", Uniqueid: "1.2", Channel: "PJSIP/carrier-0000000b" })]);
  phones.take([event({ Event: "Hangup", Uniqueid: "1.2" })]);
  assert.deepEqual(free(phones), ["101"]);
  phones.take([event({ Event: "Hangup", Uniqueid: "1.1" })]);
  assert.deepEqual(free(phones), ["101", "102"], "101 has been free for longer");
});

test("a snapshot puts right what events missed", () => {
  const phones = createHeard();
  phones.take([event({ Event: "Newchannel", Uniqueid: "1.1", Channel: "PJSIP/101-0000000a" })]);
  phones.take([snapshot(["2.1", "SIP/102-0000000b"])]);
  assert.deepEqual(free(phones), ["101"]);
});

test("a phone that the PBX cannot reach is not free until it can", () => {
  const phones = createHeard();
  phones.take([event({ Event: "DeviceStateChange", Device: "PJSIP/101", State: "UNAVAILABLE" })]);
  assert.deepEqual(free(phones), ["102"]);
  phones.take([event({ Event: "DeviceStateChange", Device: "PJSIP/101", State: "NOT_INUSE" })]);
  assert.deepEqual(free(phones), ["101", "102"]);
});

test("who is kept for a person is nobody else's, and who did not pick up is left alone for a while", () => {
  const phones = createHeard();
  let told = 0;
  const stop = phones.onFree(() => told++);
  phones.keep("101");
  assert.deepEqual(free(phones), ["102"]);
  phones.giveBack("101", { answered: false, nowMs: AT.getTime() });
  assert.deepEqual(free(phones), ["102"]);
  assert.deepEqual(free(phones, 30_000), ["102", "101"]);
  phones.keep("102");
  phones.giveBack("102", { answered: true, nowMs: AT.getTime() });
  assert.deepEqual(free(phones), ["102"]);
  assert.equal(told, 2);
  stop();
  phones.take([snapshot()]);
  assert.equal(told, 2);
});
