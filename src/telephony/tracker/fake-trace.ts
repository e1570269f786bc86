// A PBX that says again what a real Asterisk said, and what Enlace makes of it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Call, reduceCall } from "../../core/call.ts";
import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import { createFactWriter, type TrackedFact } from "./call-facts.ts";
import { createCallTracker } from "./call-tracker.ts";
import { createPbxPlan } from "./channel-name.ts";

// Recorded from a real Asterisk 16; see test/peers/asterisk. `ms` is the time since the first event.
export type Recorded = Record<string, string> & { ms: number };
const FIXTURES = join(import.meta.dirname, "fixtures");
export const NAMES = readdirSync(FIXTURES).map((file) => file.replace(".jsonl", ""));
export const T0 = Date.parse("2026-03-10T10:00:00Z");

export const event = (ms: number, fields: Record<string, string>): Recorded =>
  ({ ...fields, ms }) as unknown as Recorded;

export const record = (name: string): Recorded[] =>
  readFileSync(join(FIXTURES, `${name}.jsonl`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

export const toItem = ({ ms, ...fields }: Recorded): AmiItem => ({
  kind: "event",
  at: new Date(T0 + ms),
  message: new AmiMessage(Object.entries(fields).flat() as string[]),
});
export const toSnapshot = (channels: Record<string, string>[], ms: number): AmiItem => ({
  kind: "snapshot",
  at: new Date(T0 + ms),
  channels: channels.map((fields) => new AmiMessage(Object.entries(fields).flat())),
  after: "connect",
});

export const createTracker = () =>
  createCallTracker({
    plan: createPbxPlan({
      extensions: new Map(["101", "102", "103"].map((extension) => [extension, extension])),
      trunks: new Set(["trunk"]),
    }),
    facts: createFactWriter({ pbx: "main", callIdPrefix: "", country: "ES" }),
  });

export function replay(items: readonly AmiItem[]) {
  const tracker = createTracker();
  const facts = items.flatMap((item) => [...tracker.take(item)]);
  const byCall = Map.groupBy(facts, ({ callUuid }) => callUuid);
  const calls = new Map([...byCall].map(([id, told]) => [id, reduceCall(told.map(({ fact }) => fact))]));
  return { tracker, facts, byCall, calls };
}

export const only = (name: string) => {
  const { calls, facts } = replay(record(name).map(toItem));
  assert.equal(calls.size, 1, `${name} is one call`);
  return { call: [...calls.values()][0] as Call, end: facts.at(-1) as TrackedFact };
};

export const factsOf = (facts: readonly TrackedFact[]) => facts.map(({ fact }) => fact);
