// A dialer's calls on the simulated PBX: Originate over the trunk, and a FastAGI server that talks to whoever picks up.
import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../../test/database.ts";
import { eventually } from "../../../test/eventually.ts";
import { systemClock } from "../../kit/clock.ts";
import type { AgiChannel } from "../agi/channel.ts";
import { createAgiServer } from "../agi/server.ts";
import type { AmiMessage } from "../ami/message.ts";
import { AmiSession } from "../ami/session.ts";
import { createOriginator, type OriginateRequest, type OriginateResult } from "../originate.ts";
import type { ExpectedCall } from "./fake-call.ts";
import type { FakeCallee } from "./fake-callees.ts";
import { createFakeCallees } from "./fake-callees.ts";
import { startFakePbx } from "./fake-pbx.ts";

const account = { username: "enlace", secret: "test-secret" };
const HUMAN: FakeCallee = { does: "human", ringMs: 5, keys: "", patienceMs: 60_000 };
const people = { extensions: ["101"], queueMembers: ["101"], outside: ["600000001"], office: "0009001" };

/** A PBX whose callees behave so, and an AMI session to it; the script is what the FastAGI server does. */
async function open(callee: FakeCallee, script: (agi: AgiChannel) => Promise<void>) {
  const agi = createAgiServer({
    host: "127.0.0.1",
    port: 0,
    allow: ["127.0.0.1"],
    clock: systemClock,
    log: silentLog,
    onCall: script,
  });
  const port = await agi.start();
  const ended: ExpectedCall[] = [];
  const heard: AmiMessage[] = [];
  const pbx = await startFakePbx({
    ...{ clock: systemClock, seed: 1, people, ...account, onEnd: (call) => ended.push(call) },
    decide: () => ({ does: "answer", ringMs: 5, talkMs: 20, hangsUp: "called" }),
    outside: {
      toCallee: () => callee,
      agi: () => ({ url: `agi://127.0.0.1:${port}/ivr`, args: ["token=t"] }),
      soundMs: 10,
      amdMs: 5,
    },
  });
  const session = await AmiSession.open(
    {
      address: { host: "127.0.0.1", port: pbx.port, ...account },
      clock: systemClock,
      eventClasses: "call",
      onEvent: (message) => {
        heard.push(message);
        originator.take({ kind: "event", message, at: systemClock.now() });
      },
      onOversized: () => assert.fail("a message was too large"),
    },
    new AbortController().signal,
  );
  const originator = createOriginator({ clock: systemClock, send: (action, options) => session.send(action, options) });
  const dial = async (more: Partial<OriginateRequest> = {}) => {
    const place = {
      to: { context: "enlace-ivr", extension: "s" },
      timeoutMs: 1_000,
      callerId: { number: "900000001" },
    };
    const placed = await originator.originate({ id: "d1", channel: "PJSIP/34600000001@carrier", ...place, ...more });
    return placed.result;
  };
  const close = async (): Promise<void> => {
    session.close(new Error("over"));
    await pbx.stop();
    await agi.stop(0);
  };
  return { dial, ended, heard, pbx, close, session };
}

const toTold = ({ outcome, cause }: OriginateResult) => ({ outcome, cause });

const REFUSALS: readonly [FakeCallee["does"], number, string, number][] = [
  ["busy", 5, "busy", 17],
  ["rejects", 5, "rejected", 21],
  ["unknown", 5, "invalid_number", 1],
  ["congested", 5, "congestion", 34],
  ["ring", 5, "no_answer", 19],
  ["ring", 60_000, "no_answer", 0],
];
for (const [does, ringMs, outcome, cause] of REFUSALS) {
  test(`a callee who does "${does}" for ${ringMs} ms is told as Asterisk tells it over PJSIP: ${outcome}`, async () => {
    const pbx = await open({ ...HUMAN, does, ringMs }, async () => assert.fail("nobody picked up"));
    assert.deepEqual(toTold(await pbx.dial()), { outcome, cause });
    await eventually(() => assert.equal(pbx.ended.length, 1));
    await pbx.close();
  });
}

test("who picks up is brought to the place of the Originate, and is hung up when the script is over", async () => {
  let seen: unknown[] = [];
  const pbx = await open({ ...HUMAN, keys: "1" }, async (agi) => {
    await agi.answer();
    await agi.exec("AMD", "2500");
    seen = [agi.uniqueId, agi.context, await agi.getVariable("AMDSTATUS"), await agi.getVariable("ENLACE_ATTEMPT")];
    seen.push(await agi.stream("hello", { escape: "129" }));
    await agi.hangup();
  });
  assert.deepEqual(toTold(await pbx.dial({ variables: { ENLACE_ATTEMPT: "d1" } })), {
    outcome: "answered",
    cause: null,
  });
  await eventually(() => assert.equal(pbx.ended.length, 1));
  assert.deepEqual(seen, ["d1", "enlace-ivr", "HUMAN", "d1", "1"]);
  const hangup = await eventually(() => {
    const found = pbx.heard.find((message) => message.get("Event") === "Hangup");
    assert.ok(found, "the PBX knows of its end a moment before it has told");
    return found;
  });
  assert.deepEqual([hangup?.get("Uniqueid"), hangup?.get("Linkedid"), hangup?.get("Cause")], ["d1", "d1", "16"]);
  assert.equal(pbx.ended[0]?.outcome, "answered");
  await pbx.close();
});

test("a machine is one to AMD, and a person who loses patience hangs up in the middle of a sound", async () => {
  const statuses: (string | undefined)[] = [];
  let thrown = "";
  const script = async (agi: AgiChannel): Promise<void> => {
    await agi.exec("AMD", "2500");
    statuses.push(await agi.getVariable("AMDSTATUS"));
    try {
      for (;;) await agi.stream("a long story");
    } catch (error) {
      thrown = (error as Error).name;
      statuses.push(await agi.getVariable("AMDSTATUS")); // the variables of a dead channel are still told
    }
  };
  const pbx = await open({ ...HUMAN, does: "machine", patienceMs: 40 }, script);
  await pbx.dial();
  await eventually(() => assert.equal(pbx.ended.length, 1));
  assert.equal(thrown, "AgiHangupError");
  assert.deepEqual(statuses, ["MACHINE", "MACHINE"]);
  await pbx.close();
});

test("a script that dials an extension lets both talk, and hears how it went from the variables", async () => {
  const seen: (string | undefined)[] = [];
  const pbx = await open(HUMAN, async (agi) => {
    await agi.exec("Dial", "PJSIP/101,30,rg").catch(() => undefined);
    for (const name of ["DIALSTATUS", "DIALEDTIME", "ANSWEREDTIME"]) seen.push(await agi.getVariable(name));
  });
  await pbx.dial();
  await eventually(() => assert.equal(pbx.ended.length, 1));
  assert.equal(seen[0], "ANSWER");
  assert.equal(pbx.ended[0]?.outcome, "answered");
  assert.deepEqual(pbx.heard.filter((message) => message.get("Event") === "BridgeEnter").length, 2);
  await pbx.close();
});

test("an Originate of a live id is refused, and the action Hangup ends the session too", async () => {
  let wasGone = false;
  const pbx = await open(HUMAN, async (agi) => {
    await agi.waitForDigit(0).catch(() => undefined);
    while (!agi.isHungUp()) await agi.stream("waiting").catch(() => undefined);
    wasGone = true;
  });
  await pbx.dial();
  await assert.rejects(pbx.dial(), { code: "conflict" });
  await pbx.session.send({ name: "Hangup", fields: { Channel: "d1" } });
  await eventually(() => assert.ok(wasGone && pbx.ended.length === 1));
  await pbx.close();
});

test("the same seed gives each number the same callee in any order, and a number that does not exist never does", () => {
  const numbers = Array.from({ length: 2_000 }, (_, index) => `346${String(index).padStart(8, "0")}`);
  const [one, other] = [createFakeCallees({ seed: 7 }), createFakeCallees({ seed: 7 })];
  const first = new Map(numbers.map((number) => [number, one(number)]));
  for (const number of numbers.toReversed()) assert.deepEqual(other(number), first.get(number));
  for (const number of numbers) {
    const again = one(number).does;
    assert.equal(again === "unknown", first.get(number)?.does === "unknown");
  }
  const share = [...first.values()].filter(({ does }) => does === "human").length / numbers.length;
  assert.ok(share > 0.38 && share < 0.48, `${share} are human`);
});
