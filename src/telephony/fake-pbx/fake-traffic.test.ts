// What the simulated PBX says its calls are, against what Enlace makes of its events: the one checks the other.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { reduceCall } from "../../core/call.ts";
import { parsePartyNumber } from "../../core/phone-number.ts";
import { systemClock } from "../../kit/clock.ts";
import { createLog } from "../../kit/log.ts";
import { systemRandom } from "../../kit/random.ts";
import { createAgiServer } from "../agi/server.ts";
import { AmiConnection } from "../ami/connection.ts";
import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";
import { createFactWriter, type TrackedFact } from "../tracker/call-facts.ts";
import { createCallTracker } from "../tracker/call-tracker.ts";
import { createPbxPlan } from "../tracker/channel-name.ts";
import type { FakeAgiEnd } from "./fake-agi-dialog.ts";
import type { ExpectedCall } from "./fake-call.ts";
import { createFakeExchange, startFakePbx } from "./fake-pbx.ts";
import { startFakeTraffic, USUAL_MIX } from "./fake-traffic.ts";

const log = createLog({ level: "silent", format: "json" });
const extensions = Array.from({ length: 20 }, (_, index) => String(101 + index));
const people = {
  extensions,
  queueMembers: ["101", "102", "103"],
  outside: ["600000011", "600000012", "600000013"],
  office: "900000001",
};

const createTracker = () =>
  createCallTracker({
    plan: createPbxPlan({ extensions: new Map(extensions.map((each) => [each, each])), trunks: new Set(["trunk"]) }),
    facts: createFactWriter({ pbx: "simulated", callIdPrefix: "", country: "ES" }),
  });

/** What Enlace made of the facts, in the words of the one who made up the calls. */
function toSeen(facts: readonly TrackedFact[]): Map<string, object> {
  const byCall = Map.groupBy(facts, ({ callUuid }) => callUuid);
  return new Map(
    [...byCall].map(([id, told]) => {
      const { direction, from, to, outcome, agentExtension, startedAt, answeredAt } = reduceCall(
        told.map(({ fact }) => fact),
      );
      return [id, { direction, from, to, outcome, agentExtension, startedAt, answeredAt }];
    }),
  );
}

function toWanted(calls: readonly ExpectedCall[]): Map<string, object> {
  return new Map(
    calls.map(({ callUuid, direction, from, to, outcome, agentExtension, startedAt, answeredAt }) => [
      callUuid,
      {
        ...{ direction, from: parsePartyNumber(from, "ES"), to: parsePartyNumber(to, "ES") },
        ...{ outcome, agentExtension, startedAt, answeredAt },
      },
    ]),
  );
}

const sorted = (calls: Map<string, object>) => [...calls].sort(([a], [b]) => (a < b ? -1 : 1));

async function simulate(seed: number, count: number, mix = USUAL_MIX) {
  const clock = createManualClock();
  const tracker = createTracker();
  const facts: TrackedFact[] = [];
  const ended: ExpectedCall[] = [];
  const said: string[] = [];
  const { begin, sw, calls } = createFakeExchange({
    ...{ clock, seed, people, mix },
    onEnd: (expected) => ended.push(expected),
    emit: (fields) => {
      said.push(fields.join("|"));
      const item: AmiItem = { kind: "event", at: clock.now(), message: new AmiMessage(fields) };
      facts.push(...tracker.take(item));
    },
  });
  for (let begun = 0; begun < count; begun++) {
    begin();
    await clock.advance(200);
  }
  await clock.advance(30_000);
  assert.deepEqual([sw.channels.size, calls.live.size], [0, 0]);
  return { ended, facts, said, tracker };
}

test("every call of mixed traffic is in Enlace what the PBX says it was, for many seeds", async () => {
  const kinds = new Set<string>();
  for (let seed = 1; seed <= 20; seed++) {
    const { ended, facts, tracker } = await simulate(seed, 25);
    assert.equal(ended.length, 25);
    assert.deepEqual(sorted(toSeen(facts)), sorted(toWanted(ended)), `seed ${seed}`);
    assert.deepEqual(tracker.size(), { calls: 0, legs: 0, linkedIds: 0, bridges: 0 });
    for (const { kind, outcome } of ended) kinds.add(`${kind} ${outcome}`);
  }
  assert.deepEqual([...kinds].sort(), [
    ...["attended answered", "blind answered", "group answered", "group missed", "internal answered"],
    ...[
      "outgoing answered",
      "outgoing busy",
      "outgoing cancelled",
      "outgoing failed",
      "queue answered",
      "queue missed",
    ],
  ]);
});

test("the same seed says the same bytes, another seed does not", async () => {
  const [once, again, other] = [await simulate(7, 10), await simulate(7, 10), await simulate(8, 10)];
  assert.deepEqual(once.said, again.said);
  assert.notDeepEqual(once.said, other.said);
});

test("calls come at their rate and never more at once than allowed", async () => {
  const clock = createManualClock();
  let [begun, live] = [0, 0];
  const options = { clock, random: { ...systemRandom, fraction: () => 0.5 }, callsPerSecond: 50, concurrentMax: 100 };
  const begin = (): void => {
    begun++;
    live++;
  };
  const stop = startFakeTraffic({ ...options, begin, concurrent: () => live });
  await clock.advance(1_000);
  assert.ok(Math.abs(begun - 50) <= 2, `${begun}`);
  await clock.advance(10_000);
  assert.equal(begun, 100);
  stop();
  live = 0;
  await clock.advance(1_000);
  assert.equal(begun, 100);
});

test("a listener that is cut off in mid-traffic takes over what goes on from the list of channels", async () => {
  const account = { username: "enlace", secret: "test-secret" };
  const ended: ExpectedCall[] = [];
  const clock = createManualClock();
  const pbx = await startFakePbx({ clock, seed: 3, people, ...account, onEnd: (call) => ended.push(call) });
  const tracker = createTracker();
  const facts: TrackedFact[] = [];
  let snapshots = 0;
  let heard = Promise.withResolvers<void>();
  const connection = new AmiConnection({
    address: { host: "127.0.0.1", port: pbx.port, ...account },
    ...{ clock: systemClock, random: { ...systemRandom, fraction: () => 0 }, log },
    onItems: (items) => {
      for (const item of items) {
        facts.push(...tracker.take(item));
        if (item.kind === "snapshot") snapshots++;
      }
      heard.resolve();
    },
  });
  after(async () => {
    await connection.stop();
    await pbx.stop();
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      heard = Promise.withResolvers();
      await heard.promise;
    }
  };
  connection.start();
  await until(() => snapshots === 1);
  for (let begun = 0; begun < 10; begun++) pbx.exchange.begin();
  await clock.advance(1_500);
  const talking = [...pbx.exchange.calls.live.values()].filter(({ talk }) => talk).length;
  pbx.cut();
  await until(() => snapshots === 2);
  await clock.advance(30_000);
  await until(() => tracker.size().calls === 0);
  assert.ok(talking > 0, "somebody talked while nobody listened");
  assert.equal(ended.length, 10);
  const seen = toSeen(facts);
  for (const { callUuid, outcome, agentExtension } of ended) {
    const call = seen.get(callUuid) as { outcome: string; agentExtension: string };
    assert.deepEqual([call.outcome, call.agentExtension], [outcome, agentExtension], callUuid);
  }
});

test("a number of the PBX is led through a FastAGI script, and on to the extension it chose", async () => {
  const server = createAgiServer({
    ...{ host: "127.0.0.1", port: 0, allow: ["127.0.0.1"], clock: systemClock, log },
    onCall: async (agi) => {
      await agi.answer();
      const key = await agi.stream("welcome", { escape: "12" });
      await agi.setVariable("CHOSEN", key);
      const { digits } = await agi.getData("account", { timeoutMs: 1000, digitsMax: 3 });
      const extension = (await agi.getVariable("CHOSEN")) === "2" ? "105" : "101";
      await agi.verbose(`${agi.callerNumber} wants ${extension}, account ${digits} of ${agi.query.get("project")}`);
      await agi.goTo({ context: "from-internal", extension });
    },
  });
  const port = await server.start();
  after(() => server.stop(0));
  const over = Promise.withResolvers<FakeAgiEnd>();
  const ended = Promise.withResolvers<ExpectedCall>();
  const agi = {
    url: `agi://127.0.0.1:${port}/ivr?project=7`,
    args: ["one"],
    keys: "2345",
    soundMs: 2,
    onEnd: over.resolve,
  };
  const { calls } = createFakeExchange({
    ...{ clock: systemClock, seed: 1, people, emit: () => undefined, onEnd: ended.resolve },
  });
  const behaviour = { does: "answer", ringMs: 1, talkMs: 1, hangsUp: "caller" } as const;
  calls.begin({ kind: "ivr", from: "600000011", to: "900000001", agi, behaviour });
  const { status, commands } = await over.promise;
  assert.equal(status, "SUCCESS");
  assert.deepEqual(commands, [
    ...["ANSWER", 'STREAM FILE "welcome" "12"', 'SET VARIABLE "CHOSEN" "2"', 'GET DATA "account" "1000" "3"'],
    ...['GET VARIABLE "CHOSEN"', 'VERBOSE "600000011 wants 105, account 345 of 7" "1"'],
    ...['SET CONTEXT "from-internal"', 'SET EXTENSION "105"', 'SET PRIORITY "1"'],
  ]);
  const { outcome, agentExtension } = await ended.promise;
  assert.deepEqual([outcome, agentExtension], ["answered", "105"]);
});

test("without a FastAGI server the dialplan goes on and the caller is let go", async () => {
  const over = Promise.withResolvers<FakeAgiEnd>();
  const ended = Promise.withResolvers<ExpectedCall>();
  const { calls, sw } = createFakeExchange({
    ...{ clock: systemClock, seed: 1, people, emit: () => undefined, onEnd: ended.resolve },
  });
  const agi = { url: "agi://127.0.0.1:1/ivr", args: [], keys: "", soundMs: 1, onEnd: over.resolve };
  const behaviour = { does: "answer", ringMs: 1, talkMs: 1, hangsUp: "caller" } as const;
  calls.begin({ kind: "ivr", from: "600000011", to: "900000001", agi, behaviour });
  assert.deepEqual(await over.promise, { status: "FAILURE", commands: [] });
  assert.equal((await ended.promise).outcome, "missed");
  assert.equal(sw.channels.size, 0);
});
