import assert from "node:assert/strict";
import { test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import type { Random } from "../../kit/random.ts";
import { createCall, PEOPLE } from "./call-stream.ts";
import { toFunnel } from "./campaign.ts";
import { createLedger, isExact } from "./ledger.ts";
import { type EndedCall, onPbxCall, runPbxPart } from "./simulated-pbx.ts";

/** Chance that runs through 0, 0.01, 0.02 …, so that every branch comes up. */
function createSteps(): Random {
  let step = 0;
  return {
    fraction: () => (step++ * 0.37) % 1,
    bytes: (size) => Buffer.alloc(size),
    uuid: () => `0000000${step % 10}-0000-4000-8000-000000000000`,
  };
}

const AT = new Date("2026-11-22T10:00:00.000Z");
const COURSE = { at: AT, toRecordingUrl: (uuid: string): string => `http://127.0.0.1:1/recordings/${uuid}.wav` };

test("made-up calls ring, are answered or not, and end, in the order of life", () => {
  const random = createSteps();
  const lives = Array.from({ length: 200 }, (_, number) => createCall(random, number, COURSE).steps);
  const told = new Set(lives.map((steps) => steps.map(({ payload }) => payload.status).join(" ")));
  assert.deepEqual([...told].sort(), ["ringing busy", "ringing in_progress completed", "ringing missed"]);
  for (const steps of lives) {
    const [first, last] = [steps[0]?.payload, steps.at(-1)?.payload];
    assert.ok(Date.parse(last?.end_time ?? "") > Date.parse(first?.start_time ?? ""));
    assert.equal(new Set(steps.map(({ payload }) => payload.call_uuid)).size, 1);
  }
});

test("some callers are in the CRM and some are strangers, and no number could be anybody's", () => {
  const random = createSteps();
  const known = new Set(PEOPLE.map(({ number }) => number));
  const numbers = Array.from({ length: 300 }, (_, number) => createCall(random, number, COURSE).steps[0]?.payload)
    .flatMap((payload) => [payload?.from ?? "", payload?.to ?? ""])
    .filter((number) => number !== "+34900000001");
  assert.ok(numbers.some((number) => known.has(number)));
  assert.ok(numbers.some((number) => !known.has(number)));
  for (const number of numbers) assert.match(number, /^\+(34600000|5255000000)\d{2,3}$/);
});

test("the ledger finds what is missing and what is doubled, and a call that has not ended is not owed", () => {
  const ledger = createLedger();
  ledger.onAccepted("a", false);
  ledger.onAccepted("a", true);
  ledger.onAccepted("b", true);
  ledger.onAccepted("c", false);
  assert.deepEqual(ledger.compare(new Map([["a", 1]])), { expected: 2, fromPbx: 0, missing: 1, doubled: 0 });
  assert.deepEqual(ledger.compare(new Map(Object.entries({ a: 2, b: 1 }))), {
    expected: 2,
    fromPbx: 0,
    missing: 0,
    doubled: 1,
  });
  assert.ok(isExact(ledger.compare(new Map(Object.entries({ a: 1, b: 1, x: 1 })))));
  assert.ok(!isExact(ledger.compare(new Map(Object.entries({ a: 2, b: 1 })))));
});

const ENDED: EndedCall = {
  ...{ callUuid: "1.1", kind: "group", direction: "inbound", from: "600000011", to: "900000001" },
  ...{ outcome: "answered", talked: ["1001"] },
};

test("a call of the PBX is owed to the CRM unless it stayed inside, and a transfer is worth a line", () => {
  const ledger = createLedger();
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  onPbxCall(ENDED, ledger, say);
  onPbxCall({ ...ENDED, callUuid: "1.2", direction: "internal" }, ledger, say);
  onPbxCall({ ...ENDED, callUuid: "1.3", kind: "blind", talked: ["1001", "1002"] }, ledger, say);
  assert.deepEqual(ledger.compare(new Map([["1.1", 1]])), { expected: 2, fromPbx: 2, missing: 1, doubled: 0 });
  assert.equal(ledger.pbxCalls(), 3);
  assert.deepEqual(lines, ["--- PBX call 1.3: 600000011 talked with 1001, then 1002 (blind transfer)."]);
});

test("the PBX's calls begin once Enlace has listened for a while, and its part is over when they are", async () => {
  const clock = createManualClock();
  const stop = new AbortController();
  const done: string[] = [];
  let state = "connecting";
  let live = 3;
  const part = runPbxPart(
    {
      ...{ clock, random: createSteps(), ledger: createLedger(), say: (line: string) => void done.push(line) },
      api: {
        url: "",
        get: async () => ({ items: [{ status: { state } }] }),
        send: async (method, path, body) => void done.push(`${method} ${path} ${JSON.stringify(body)}`),
      },
      pbx: {
        startTraffic: () => void done.push("start"),
        stopTraffic: () => void done.push("stop"),
        concurrent: () => live--,
      },
      prepare: async () => void done.push("prepare"),
      addExtensions: async () => void done.push("extensions"),
      onListening: () => void done.push("campaign"),
    },
    stop.signal,
  );
  await clock.advance(5_000);
  assert.deepEqual(done, ["prepare", "extensions"]);
  state = "ready";
  await clock.advance(8_000);
  assert.match(
    done.slice(2).join("\n"),
    /^--- Enlace listens.*\nstart\ncampaign\nPOST .*originate .*\n--- Click-to-call: 100\d rings/,
  );
  stop.abort();
  for (let looks = 0; looks < 5; looks++) await clock.advance(100);
  await part;
  assert.equal(done.at(-1), "stop");
  assert.equal(live, -1);
});

test("a funnel adds up what came out alike, the most first", () => {
  const rows = [
    { disposition: "busy", contacts: 2 },
    { disposition: "answered", contacts: 40 },
    { disposition: "busy", contacts: 1 },
    { disposition: null, contacts: 1 },
  ];
  assert.deepEqual(toFunnel({ by_disposition: rows }), [
    `    answered           40  ${"#".repeat(40)}`,
    "    busy                3  ###",
    "    not called          1  #",
  ]);
});
