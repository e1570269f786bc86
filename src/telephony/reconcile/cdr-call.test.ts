import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Call, reduceCall } from "../../core/call.ts";
import { toPartyText } from "../../core/phone-number.ts";
import { createPbxPlan } from "../tracker/channel-name.ts";
import { createCdrReader } from "./cdr-call.ts";
import { toCdrGroups } from "./cdr-groups.ts";
import { type CdrRow, parseCdrRow } from "./cdr-row.ts";
import { parseCsvLine } from "./csv-line.ts";

// Recorded from a real Asterisk 16: what the tracker said of each call, and the records that Asterisk wrote of it.
interface Recorded {
  name: string;
  calls: { id: string; is: string; startedAt: string; endedAt: string; talkSeconds: number }[];
  rows: string[];
}
const RECORDED: Recorded[] = readFileSync(join(import.meta.dirname, "fixtures/asterisk-16.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));
const rowsOf = ({ rows }: Recorded): CdrRow[] =>
  rows.map((line) => parseCdrRow(parseCsvLine(line) ?? {}, "UTC") ?? assert.fail(line));

const read = createCdrReader({
  ...{ pbx: "main", callIdPrefix: "", country: "ES" },
  plan: createPbxPlan({
    extensions: new Map(["101", "102", "103"].map((extension) => [extension, extension])),
    trunks: new Set(["trunk"]),
  }),
});
const describe = (call: Call): string => {
  const [from, to] = [call.from, call.to].map((party) => party && toPartyText(party));
  return `${call.direction} ${from} > ${to} ${call.outcome} by ${call.agentExtension} on ${call.trunk}`;
};
const callsOf = (rows: readonly CdrRow[]) =>
  toCdrGroups(rows).flatMap((group) => {
    const told = read(group);
    return told ? [{ id: told.callUuid, call: reduceCall(told.facts.map(({ fact }) => fact)) }] : [];
  });

/** What records cannot tell: a blind transfer overwrites the number that was dialled, a pickup has no record of its own. */
function toExpected({ name, calls }: Recorded): [string, string][] {
  const told = calls.filter(({ is }) => name !== "pickup" || is.startsWith("inbound"));
  return told.map(({ id, is }) => [id, name === "blind" ? is.replace("> 0009001", "> 102") : is]);
}

const isNear = (at: Date | null, text: string): boolean => Math.abs((at?.getTime() ?? 0) - Date.parse(text)) <= 1_000;

test("the records of each recorded call say what the tracker said: direction, people, outcome, agent, trunk", () => {
  for (const recorded of RECORDED) {
    const calls = callsOf(rowsOf(recorded)).map(({ id, call }) => [id, describe(call)]);
    assert.deepEqual(calls, toExpected(recorded), recorded.name);
  }
});

test("start, end and talk lie within the second that records are rounded to", () => {
  for (const recorded of RECORDED) {
    const [told] = recorded.calls;
    const [found] = callsOf(rowsOf(recorded));
    if (!told || !found) assert.fail(recorded.name);
    assert.ok(isNear(found.call.startedAt, told.startedAt) && isNear(found.call.endedAt, told.endedAt), recorded.name);
    assert.ok(Math.abs((found.call.talkSeconds ?? 0) - told.talkSeconds) <= 1, recorded.name);
  }
});

test("without the column linkedid the records of all calls together are still the same calls", () => {
  const loose = RECORDED.flatMap(rowsOf).map((row) => ({ ...row, linkedId: null }));
  const calls = callsOf(loose).map(({ id, call }): [string, string] => [id, describe(call)]);
  const byId = (a: [string, string], b: [string, string]): number => (a[0] < b[0] ? -1 : 1);
  assert.deepEqual(calls.sort(byId), RECORDED.flatMap(toExpected).sort(byId));
});

test("the order in which records are read changes nothing", () => {
  const rows = RECORDED.flatMap(rowsOf);
  const wanted = callsOf(rows).sort((a, b) => (a.id < b.id ? -1 : 1));
  fc.assert(
    fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), (shuffled) => {
      assert.deepEqual(
        callsOf(shuffled).sort((a, b) => (a.id < b.id ? -1 : 1)),
        wanted,
      );
    }),
    { numRuns: 50 },
  );
});

test("every fact is a recovered one, and the end that later records tell is another fact than the first", () => {
  const rows = rowsOf(RECORDED.find(({ name }) => name === "cascade") ?? assert.fail());
  const [whole] = toCdrGroups(rows).map(read);
  const [half] = toCdrGroups(rows.slice(0, 2)).map(read);
  if (!whole || !half) assert.fail();
  assert.ok(whole.facts.every(({ fact }) => fact.source === "recovery" && fact.key.startsWith("cdr:")));
  assert.notEqual(whole.end.fact.key, half.end.fact.key);
  const call = reduceCall([...half.facts, ...whole.facts].map(({ fact }) => fact));
  assert.deepEqual([call.outcome, call.agentExtension], ["answered", "103"]);
});

test("the number that FreePBX keeps in did is who was called, and recordings are told by their file's name", () => {
  const [first, second] = rowsOf(RECORDED.find(({ name }) => name === "blind") ?? assert.fail());
  if (!first || !second) assert.fail();
  const recordingFile = "external-102-600000001-20261122-131252-1795353171.80.wav";
  const [call] = callsOf([{ ...first, did: "910000001", recordingFile }, second]);
  assert.equal(call && describe(call.call), "inbound +34600000001 > +34910000001 answered by 102 on trunk");
  assert.deepEqual(
    call?.call.details?.recordings.map(({ file }) => file),
    [recordingFile],
  );
});

test("Local channels among themselves are no call", () => {
  const [row] = rowsOf(RECORDED[0] ?? assert.fail());
  const local = { channel: "Local/s@x-00000001;1", destinationChannel: "Local/t@x-00000002;1" };
  assert.deepEqual(callsOf([{ ...(row ?? assert.fail()), ...local }]), []);
});
