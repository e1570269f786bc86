import assert from "node:assert/strict";
import { test } from "node:test";
import { createPbxPlan, parseChannelName, parseDialedNumber } from "./channel-name.ts";

test("a channel's name gives its peer, with dashes of its own, and the pair of a Local half", () => {
  const names: Record<string, unknown> = {
    "PJSIP/101-0000000a": { technology: "PJSIP", peer: "101", pair: undefined },
    "SIP/my-trunk-0000000a": { technology: "SIP", peer: "my-trunk", pair: undefined },
    "Local/101@from-internal-00000002;1": {
      technology: "Local",
      peer: "101@from-internal",
      pair: "101@from-internal-00000002",
    },
    "Local/101@from-internal-00000002;2": {
      technology: "Local",
      peer: "101@from-internal",
      pair: "101@from-internal-00000002",
    },
    odd: { technology: "odd", peer: "", pair: undefined },
  };
  for (const [name, expected] of Object.entries(names)) assert.deepEqual(parseChannelName(name), expected, name);
});

test("the dialled number is found in every form of dial string", () => {
  const strings: Record<string, string | undefined> = {
    "600000011@trunk": "600000011",
    "PJSIP/600000011@trunk": "600000011",
    "trunk/600000011": "600000011",
    "PJSIP/trunk/sip:+34600000011@192.0.2.1:5060": "+34600000011",
    "101": "101",
    "PJSIP/trunk": undefined,
    "": undefined,
  };
  for (const [given, expected] of Object.entries(strings)) assert.equal(parseDialedNumber(given), expected, given);
});

test("the tenant's lists decide who is an extension; short numbers are, where the lists are silent", () => {
  const plan = createPbxPlan({ extensions: new Map([["webrtc-101", "101"]]), trunks: new Set(["2000"]) });
  assert.deepEqual(
    ["webrtc-101", "101", "102", "2000", "carrier", "600000011"].map((peer) => plan.extensionOf(peer)),
    ["101", "101", "102", undefined, undefined, undefined],
  );
  assert.deepEqual(
    ["101", "901", "*8", "600000011", "+34600000011"].map((number) => plan.isInternal(number)),
    [true, true, true, false, false],
  );
});
