import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Call, reduceCall } from "./call.ts";
import { type ToldDetails, toSpanSeconds } from "./call-details.ts";
import { type CallFact, type ReportedStatus, reviveFact } from "./call-fact.ts";
import { type PartyNumber, parsePartyNumber } from "./phone-number.ts";

const at = (clock: string): Date => new Date(`2025-08-02T${clock}Z`);
const number = parsePartyNumber("+34123456789", "ES");
const extension = parsePartyNumber("1001", "ES");
const hidden = parsePartyNumber("anonymous", "ES");
let lastKey = 0;
const fact = (more: Partial<CallFact>): CallFact => ({
  key: `k${lastKey++}`,
  source: "webhook",
  at: at("14:00:00"),
  ...more,
});

const outcomeOf = (...facts: Partial<CallFact>[]): string => reduceCall(facts.map(fact)).outcome;

test("the documented example is an answered call of 150 seconds", () => {
  const call = reduceCall([
    fact({
      status: "answered",
      direction: "inbound",
      from: number,
      startedAt: at("14:00:00"),
      endedAt: at("14:02:30"),
      agentExtension: "1001",
      at: at("14:02:30"),
    }),
  ]);
  assert.equal(call.outcome, "answered");
  assert.equal(call.phase, "ended");
  assert.equal(call.talkSeconds, 150);
  assert.equal(call.ringSeconds, null, "nobody said when it was answered");
  assert.equal(call.agentExtension, "1001");
});

test("a call grows from ringing to talking to ended, in whatever order its facts come", () => {
  const ringing = fact({ status: "ringing", at: at("14:00:00"), startedAt: at("14:00:00") });
  const talking = fact({
    status: "in_progress",
    at: at("14:00:20"),
    answeredAt: at("14:00:20"),
    agentExtension: "1001",
  });
  const ended = fact({ status: "answered", at: at("14:01:00"), endedAt: at("14:01:00"), agentExtension: "1001" });
  const phases = [[ringing], [ringing, talking], [ringing, talking, ended]].map((known) => reduceCall(known).phase);
  assert.deepEqual(phases, ["ringing", "talking", "ended"]);
  const late = reduceCall([ended, ringing, talking]);
  assert.deepEqual([late.ringSeconds, late.talkSeconds, late.outcome], [20, 40, "answered"]);
});

test("the surer statement wins, whoever spoke last", () => {
  assert.equal(
    outcomeOf({ status: "answered", at: at("14:01:00") }, { status: "ringing", at: at("14:05:00") }),
    "answered",
  );
  assert.equal(outcomeOf({ status: "missed" }, { status: "lost", source: "recovery" }), "missed");
  assert.equal(outcomeOf({ status: "answered" }, { status: "transferred" }), "transferred");
});

test("a machine that picked up is a machine, unless somebody with an extension talked", () => {
  assert.equal(outcomeOf({ status: "machine" }, { status: "answered" }), "machine");
  assert.equal(outcomeOf({ status: "machine" }, { status: "answered", agentExtension: "1001" }), "answered");
  assert.equal(reduceCall([fact({ status: "machine", talkSeconds: 12 })]).talkSeconds, 0);
});

test("a caller who gives up is a missed call; our own call that we give up is a cancelled one", () => {
  assert.equal(outcomeOf({ status: "cancelled", direction: "inbound" }), "missed");
  assert.equal(outcomeOf({ status: "cancelled", direction: "outbound" }), "cancelled");
});

test("a call that was given up for lost ends when the one who knows says it ended, in whatever order they speak", () => {
  const ringing = fact({ status: "ringing", startedAt: at("14:00:00") });
  const lost = fact({ status: "lost", source: "recovery", at: at("14:30:00"), endedAt: at("14:30:00") });
  const truth = fact({ status: "missed", source: "recovery", at: at("14:01:00"), endedAt: at("14:01:00") });
  assert.deepEqual(reduceCall([ringing, lost]).endedAt, at("14:30:00"));
  for (const told of [
    [ringing, lost, truth],
    [truth, ringing, lost],
  ]) {
    const { outcome, endedAt } = reduceCall(told);
    assert.deepEqual([outcome, endedAt], ["missed", at("14:01:00")]);
  }
});

test("an end that nobody explains is answered if somebody saw it answered, else lost", () => {
  assert.equal(outcomeOf({ endedAt: at("14:02:00") }), "lost");
  assert.equal(outcomeOf({ endedAt: at("14:02:00"), answeredAt: at("14:00:10") }), "answered");
  assert.equal(outcomeOf({ status: "in_progress" }, { endedAt: at("14:02:00") }), "answered");
  assert.equal(outcomeOf({ status: "ringing" }, { endedAt: at("14:02:00") }), "lost");
  assert.equal(outcomeOf({ recordingUrl: "https://pbx.example.test/1.mp3" }), "in_progress");
});

test("a missed call has rung until it ended and was never answered, even if a menu took the line", () => {
  const call = reduceCall([
    fact({ status: "missed", startedAt: at("14:00:00"), answeredAt: at("14:00:02"), endedAt: at("14:00:25") }),
  ]);
  assert.deepEqual([call.answeredAt, call.ringSeconds, call.talkSeconds], [null, 25, 0]);
});

test("a number that is known beats one that is hidden, and the last word beats earlier ones", () => {
  const other = parsePartyNumber("+34600000001", "ES");
  const call = reduceCall([
    fact({ status: "ringing", from: number }),
    fact({ status: "answered", from: hidden, to: extension, recordingUrl: "https://pbx.example.test/a" }),
    fact({ status: "ringing", to: other, recordingUrl: "https://pbx.example.test/b" }),
  ]);
  assert.deepEqual(call.from, number);
  assert.deepEqual(call.to, extension);
  assert.equal(call.recordingUrl, "https://pbx.example.test/a");
  assert.deepEqual(reduceCall([fact({ from: hidden })]).from, hidden);
});

test("where nobody names the direction, the two ends tell it", () => {
  const direction = (from: PartyNumber, to: PartyNumber): string => reduceCall([fact({ from, to })]).direction;
  assert.equal(direction(number, extension), "inbound");
  assert.equal(direction(extension, number), "outbound");
  assert.equal(direction(extension, extension), "internal");
});

test("a recording that comes late is added to the call", () => {
  const ended = fact({ status: "answered", endedAt: at("14:02:00"), at: at("14:02:00") });
  const late = fact({ recordingUrl: "https://pbx.example.test/1.mp3", at: at("15:00:00") });
  const call = reduceCall([late, ended]);
  assert.equal(call.recordingUrl, "https://pbx.example.test/1.mp3");
  assert.deepEqual(call.endedAt, at("14:02:00"));
});

test("no facts is no call", () => assert.throws(() => reduceCall([]), RangeError));

const STATUSES: ReportedStatus[] = [
  "ringing",
  "in_progress",
  "answered",
  "missed",
  "busy",
  "failed",
  "cancelled",
  "machine",
  "transferred",
  "lost",
];
/** Few instants, extensions and numbers, so that ties and contradictions are common. */
const instant = fc.integer({ min: 0, max: 6 }).map((minutes) => new Date(Date.UTC(2025, 7, 2, 14, minutes)));
const party = fc.constantFrom(
  number,
  extension,
  hidden,
  parsePartyNumber("+34600000001", "ES"),
  parsePartyNumber("x", "ES"),
);
/** Few ids, so that facts contradict and complete each other's pieces. */
const id = fc.constantFrom("a", "b", "c");
const span = { id, startedAt: instant, endedAt: fc.option(instant, { nil: undefined }) };
const optional = { requiredKeys: ["id", "startedAt"] } as const;
const list = <T extends object>(piece: fc.Arbitrary<T>) => fc.array(piece, { maxLength: 3 });
const anyDetails = fc.record(
  {
    rings: list(fc.record({ ...span, extension: fc.constantFrom("101", "102"), cause: fc.nat(34) }, optional as never)),
    talks: list(fc.record({ ...span, number: fc.constant("600000011") }, optional as never)),
    holds: list(fc.record(span)),
    queues: list(
      fc.record({ id, queue: fc.constant("q"), joinedAt: instant, leftAt: instant, outcome: fc.constant("left") }),
    ),
    transfers: list(fc.record({ id, kind: fc.constantFrom("blind", "attended"), at: instant, to: fc.constant("102") })),
    hangupCause: fc.nat(34),
  },
  { requiredKeys: [] },
) as unknown as fc.Arbitrary<ToldDetails>;
const anyFact: fc.Arbitrary<CallFact> = fc
  .record(
    {
      key: fc.uuid(),
      source: fc.constantFrom("webhook", "hook", "ami", "agi", "dialer", "recovery"),
      at: instant,
      status: fc.constantFrom(...STATUSES),
      direction: fc.constantFrom("inbound", "outbound", "internal"),
      from: party,
      to: party,
      startedAt: instant,
      answeredAt: instant,
      endedAt: instant,
      talkSeconds: fc.nat(500),
      agentExtension: fc.constantFrom("1001", "1002"),
      trunk: fc.constantFrom("t1", "t2"),
      pbx: fc.constantFrom("p1", "p2"),
      recordingUrl: fc.constantFrom("https://pbx.example.test/1", "https://pbx.example.test/2"),
      details: anyDetails,
    },
    { requiredKeys: ["key", "source", "at"] },
  )
  .map((record) => record as CallFact);
const someFacts = fc.uniqueArray(anyFact, { minLength: 1, maxLength: 8, selector: (one) => one.key });
const RUNS = { numRuns: 2_000 };

test("every permutation and duplication of the same facts gives one equal call", () => {
  const told = someFacts.chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      retold: fc
        .array(fc.constantFrom(...facts), { maxLength: 8 })
        .chain((again) => fc.shuffledSubarray([...facts, ...again], { minLength: facts.length + again.length })),
    }),
  );
  fc.assert(
    fc.property(told, ({ facts, retold }) => assert.deepEqual(reduceCall(retold), reduceCall(facts))),
    RUNS,
  );
});

test("all orders of a small set agree", () => {
  const permutations = <T>(items: readonly T[]): T[][] =>
    items.length < 2
      ? [[...items]]
      : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
  fc.assert(
    fc.property(fc.uniqueArray(anyFact, { minLength: 1, maxLength: 4, selector: (one) => one.key }), (facts) => {
      const call = reduceCall(facts);
      for (const order of permutations(facts)) assert.deepEqual(reduceCall(order), call);
    }),
    { numRuns: 200 },
  );
});

test("however facts are grouped and whichever are told twice, their union gives the same call", () => {
  const groups = someFacts.chain((facts) =>
    fc.record({
      facts: fc.constant(facts),
      groups: fc.array(fc.subarray(facts), { maxLength: 4 }).map((some) => [...some, facts]),
    }),
  );
  fc.assert(
    fc.property(groups, ({ facts, groups: told }) => {
      assert.deepEqual(reduceCall(told.flat()), reduceCall(facts));
    }),
    RUNS,
  );
});

test("instants are in order and durations are whole, never negative, and known only when they can be", () => {
  fc.assert(
    fc.property(someFacts, (facts) => {
      const call: Call = reduceCall(facts);
      const { startedAt, answeredAt, endedAt, ringSeconds, talkSeconds } = call;
      if (answeredAt) assert.ok(startedAt <= answeredAt);
      if (endedAt) assert.ok(startedAt <= endedAt && (!answeredAt || answeredAt <= endedAt));
      for (const seconds of [ringSeconds, talkSeconds])
        if (seconds !== null) assert.ok(Number.isInteger(seconds) && seconds >= 0);
      assert.equal(call.phase === "ended", call.outcome !== "in_progress");
      assert.equal(endedAt === null, call.outcome === "in_progress");
      assert.equal(talkSeconds === null, call.outcome === "in_progress");
    }),
    RUNS,
  );
});

test("the story inside a call is in order, has each piece once, and nothing in it stays open after the call", () => {
  fc.assert(
    fc.property(someFacts, (facts) => {
      const { details, endedAt } = reduceCall(facts);
      assert.equal(
        details === null,
        facts.every((one) => one.details === undefined),
      );
      for (const pieces of [details?.rings ?? [], details?.talks ?? [], details?.holds ?? []]) {
        assert.equal(new Set(pieces.map((piece) => piece.id)).size, pieces.length);
        for (const [index, piece] of pieces.entries()) {
          const before = pieces[index - 1];
          if (before) assert.ok(before.startedAt <= piece.startedAt);
          if (piece.endedAt) assert.ok(piece.startedAt <= piece.endedAt);
          assert.ok(endedAt === null || piece.endedAt !== undefined);
        }
      }
    }),
    RUNS,
  );
});

test("pieces told by several facts complete each other; the earliest beginning and the last word stand", () => {
  const ring = { id: "r1", startedAt: at("14:00:02"), extension: "101" };
  const call = reduceCall([
    fact({ status: "ringing", details: { rings: [ring] } }),
    fact({ details: { holds: [{ id: "h1", startedAt: at("14:00:30"), extension: "101" }] } }),
    fact({
      status: "answered",
      at: at("14:01:00"),
      endedAt: at("14:01:00"),
      details: {
        rings: [{ id: "r1", startedAt: at("14:00:05"), endedAt: at("14:00:10"), result: "answered" }],
        hangupCause: 16,
      },
    }),
  ]);
  assert.deepEqual(call.details?.rings, [{ ...ring, endedAt: at("14:00:10"), result: "answered" }]);
  assert.deepEqual(call.details?.holds[0]?.endedAt, at("14:01:00"), "nobody told its end: the call's");
  assert.equal(call.details?.hangupCause, 16);
  assert.equal(reduceCall([fact({ status: "ringing" })]).details, null);
});

test("seconds of spans that overlap count once", () => {
  const spans = [
    { startedAt: at("14:00:00"), endedAt: at("14:00:10") },
    { startedAt: at("14:00:05"), endedAt: at("14:00:20") },
    { startedAt: at("14:00:30") },
  ];
  assert.equal(toSpanSeconds(spans, at("14:00:35")), 25);
});

test("an ended call never comes back to life, whatever is told later", () => {
  fc.assert(
    fc.property(someFacts, someFacts, (before, more) => {
      if (reduceCall(before).phase !== "ended") return;
      assert.equal(reduceCall([...before, ...more]).phase, "ended");
    }),
    RUNS,
  );
});

test("a fact survives the store unchanged", () => {
  fc.assert(
    fc.property(anyFact, (one) => {
      const stored = reviveFact(JSON.parse(JSON.stringify(one)));
      assert.deepEqual(reduceCall([stored]), reduceCall([one]));
      assert.deepEqual({ ...stored, details: undefined }, { ...one, details: undefined });
    }),
  );
});
