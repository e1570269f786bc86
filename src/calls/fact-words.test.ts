import assert from "node:assert/strict";
import { test } from "node:test";
import type { ToldDetails } from "../core/call-details.ts";
import type { CallFact } from "../core/call-fact.ts";
import { toFactSentence } from "./fact-words.ts";

const at = (clock: string): Date => new Date(`2026-03-10T${clock}Z`);
const toText = (details: ToldDetails, more: Partial<CallFact> = {}): string =>
  toFactSentence({ key: "1", source: "ami", at: at("10:00:00"), details, ...more }).text;

test("a fact says how far, who, with whom and what else, and one without any of it that it is there", () => {
  const talks = [{ id: "1", startedAt: at("10:00:00"), endedAt: at("10:00:09"), extension: "101" }];
  const from = { kind: "withheld", text: "anonymous" } as const;
  assert.equal(
    toText({ talks }, { status: "in_progress", direction: "inbound", from, agentExtension: "101" }),
    "in progress; inbound; from anonymous; agent 101; talk with 101, 9 s",
  );
  assert.equal(toText({}), "nothing but its existence");
});

test("the story inside a call is told piece by piece, and a long night in a queue does not fill the page", () => {
  const told = {
    rings: [{ id: "1", startedAt: at("10:00:00"), extension: "101", result: "busy" as const, queue: "support" }],
    talks: [{ id: "1", startedAt: at("10:00:00") }],
    transfers: [{ id: "1", kind: "blind" as const, at: at("10:01:00"), from: "101", to: "102" }],
    parkings: [{ id: "1", lot: "default", space: "701", parkedAt: at("10:02:00"), outcome: "parked" as const }],
    hangupCause: 16,
  };
  assert.equal(
    toText(told),
    "101 busy (queue support); talk with a machine; blind transfer from 101 to 102; parked in default 701; hangup cause 16",
  );
  const rings = Array.from({ length: 300 }, (_, index) => ({
    id: `${index}`,
    startedAt: at("10:00:00"),
    extension: "101",
  }));
  assert.match(toText({ rings }), /101 rings; and 288 more$/);
});

test("a call of the dialer names whom it was for, how it came out and the key", () => {
  const dialer = { attemptId: "1", projectId: "1", project: "Clinic", attempt: 1, digit: "5" };
  const { text, code, values } = toFactSentence({
    ...{ key: "1", source: "dialer", at: at("10:00:00") },
    details: { dialer: { ...dialer, disposition: "no_input" } },
  });
  assert.deepEqual(
    [text, code, Object.keys(values)],
    ["dialed for Clinic: no key pressed; key 5", "calls.told", ["said"]],
  );
});
