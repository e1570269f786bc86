// The Asterisk door against real Asterisk: see README.md for the two that run and who plays which part.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Call } from "../../../src/core/call.ts";
import type { CallDetails } from "../../../src/core/call-details.ts";
import { AppError } from "../../../src/core/errors.ts";
import { toPartyText } from "../../../src/core/phone-number.ts";
import { isSuccess } from "../../../src/telephony/ami/session.ts";
import { type Asterisk, startAsterisks } from "./asterisk.ts";
import { type CuttableLine, startCuttableLine } from "./cuttable-line.ts";
import { openProduct, type Product } from "./product.ts";
import { connect, isReady, openWorld, until, type World } from "./world.ts";

const started = await startAsterisks();
const skip = typeof started === "string" && started;
// Only looked at by scenarios, which are skipped without Asterisk.
const { pbx: asterisk, far } = (started ?? {}) as { pbx: Asterisk; far: Asterisk };
const line = (skip === false ? await startCuttableLine(asterisk.amiPort) : undefined) as CuttableLine;
const behindLine = { ...asterisk, amiPort: line?.port };
const world = (skip === false ? await openWorld({ pbx: behindLine, far }) : undefined) as World;
const product = (skip === false ? await openProduct(behindLine) : undefined) as Product;

const scenario = (name: string, run: () => Promise<void>): void => {
  test(name, { skip, timeout: 90_000 }, async () => {
    await world.reset();
    await product.forget();
    await run();
  });
};

/** The one call that resulted, as Enlace keeps it and as its connectors got it. */
async function onlyCall(): Promise<Call> {
  const calls = await world.settle();
  assert.equal(calls.size, 1);
  await product.check(calls);
  return [...calls.values()][0] as Call;
}

function describe(call: Call): string {
  const [from, to] = [call.from, call.to].map((party) => party && toPartyText(party));
  return `${call.direction} ${from} > ${to} ${call.outcome} by ${call.agentExtension} on ${call.trunk}`;
}
const story = () => world.told.findLast(({ fact }) => fact.endedAt)?.fact.details as CallDetails;
const isTalking = (extension: string) =>
  until(
    () =>
      world.told.some(({ fact, raw }) => fact.status === "in_progress" && JSON.parse(raw).extension === extension) ||
      undefined,
    `${extension} talks`,
  );
const isRinging = (extension: string) =>
  until(
    () => world.told.some(({ raw }) => raw.includes(`"ring","extension":"${extension}"`)) || undefined,
    `${extension} rings`,
  );
const channelOf = async (extension: string): Promise<string> => {
  const { items } = await world.tester.list({ name: "CoreShowChannels" });
  return items.map((item) => item.get("Channel") ?? "").find((name) => name.startsWith(`PJSIP/${extension}-`)) ?? "";
};

scenario("an answered call has its people, its trunk and its seconds", async () => {
  await world.callIn("0009001");
  const call = await onlyCall();
  assert.equal(describe(call), "inbound +34600000001 > 0009001 answered by 101 on trunk");
  assert.ok(Math.abs((call.talkSeconds ?? 0) - 2) <= 1, `${call.talkSeconds}`);
});

scenario("a ring group that nobody answers before the caller gives up is one missed call", async () => {
  for (const extension of ["101", "102", "103"]) await world.phone(extension, "ring");
  const hangUp = await world.callIn("0009002");
  await isRinging("103");
  await hangUp();
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009002 missed by null on trunk");
  assert.deepEqual(
    story()
      .rings.map(({ extension }) => extension)
      .sort(),
    ["101", "102", "103"],
  );
});

scenario("a cascade keeps its order and is answered by the last", async () => {
  await world.phone("101", "ring");
  await world.phone("102", "busy");
  await world.callIn("0009003");
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009003 answered by 103 on trunk");
  const rings = story().rings.map(({ extension, result }) => `${extension} ${result}`);
  assert.deepEqual(rings, ["101 no_answer", "102 busy", "103 answered"]);
});

scenario("a call that is ended from here is over for both sides", async () => {
  await world.talkSeconds(60);
  await world.callIn("0009001");
  await isTalking("101");
  await world.pbx.commands().hangUp(world.told[0]?.callUuid ?? "");
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009001 answered by 101 on trunk");
});

scenario("a queue tells who waited and who took the call", async () => {
  await world.phone("101", "ring");
  await world.callIn("0009004");
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009004 answered by 102 on trunk");
  const { queue, outcome, extension } = story().queues[0] ?? {};
  assert.deepEqual([queue, outcome, extension], ["support", "connected", "102"]);
});

scenario("a caller who hangs up in the greeting is a missed call that rang nobody", async () => {
  const hangUp = await world.callIn("0009005");
  await until(() => world.told.length > 0 || undefined, "the call began");
  await hangUp();
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009005 missed by null on trunk");
  assert.deepEqual(story().rings, []);
});

scenario(
  "a ring group of Local channels is one call, and Local channels that optimise themselves away change nothing",
  async () => {
    await world.phone("101", "ring");
    await world.callIn("0009006");
    assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009006 answered by 102 on trunk");
    await world.reset();
    await world.callIn("0009008");
    assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009008 answered by 101 on trunk");
    assert.equal(story().talks.length, 1);
  },
);

scenario("follow-me to a mobile stays the one incoming call", async () => {
  await world.phone("101", "ring");
  await world.callIn("0009007");
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009007 answered by null on trunk");
  assert.equal(story().talks[0]?.number, "600000011");
});

scenario("outgoing calls end as answered, busy, unknown number, congested or given up", async () => {
  const outcomes: Record<string, string> = {};
  for (const last of ["1", "3", "5", "6"]) {
    await world.dial("101", `960000001${last}`);
    outcomes[last] = describe(await onlyCall());
    await world.reset();
  }
  const hangUp = await world.dial("101", "9600000014");
  await until(() => world.told.length >= 2 || undefined, "it rings");
  await hangUp();
  outcomes["4"] = describe(await onlyCall());
  assert.deepEqual(outcomes, {
    1: "outbound 101 > +34600000011 answered by 101 on trunk",
    3: "outbound 101 > +34600000013 busy by 101 on trunk",
    4: "outbound 101 > +34600000014 cancelled by 101 on trunk",
    5: "outbound 101 > +34600000015 failed by 101 on trunk",
    6: "outbound 101 > +34600000016 failed by 101 on trunk",
  });
});

scenario("a call between extensions is internal", async () => {
  await world.dial("101", "102");
  assert.equal(describe(await onlyCall()), "internal 101 > 102 answered by 102 on null");
});

scenario("a blind transfer is one call whose agent is the last who talked", async () => {
  await world.callIn("0009001");
  await isTalking("101");
  await world.pbx.commands().transfer(world.told[0]?.callUuid ?? "", "102", "blind");
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009001 answered by 102 on trunk");
  assert.deepEqual(
    story().talks.map(({ extension }) => extension),
    ["101", "102"],
  );
});

scenario("an attended transfer is one call; the consultation is not talk with the customer", async () => {
  await world.talkSeconds(12);
  const hangUp = await world.callIn("0009001");
  await isTalking("101");
  const agent = await channelOf("101");
  await world.pbx.commands().transfer(world.told[0]?.callUuid ?? "", "102", "attended");
  await until(
    () =>
      world.heard.some(
        (event) => event.get("Event") === "BridgeEnter" && event.get("Channel")?.startsWith("PJSIP/102-"),
      ) || undefined,
    "102 is consulted",
  );
  await world.tester.send({ name: "Hangup", fields: { Channel: agent } });
  await isTalking("102");
  await hangUp();
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009001 answered by 102 on trunk");
  assert.deepEqual([story().transfers[0]?.kind, story().transfers[0]?.from], ["attended", "101"]);
});

scenario("a pickup gives the call to the one who picked it up", async () => {
  await world.phone("101", "ring");
  const hangUp = await world.callIn("0009001");
  await isRinging("101");
  const hangUpToo = await world.dial("102", "*8");
  await isTalking("102");
  await hangUp();
  await hangUpToo();
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009001 answered by 102 on trunk");
  assert.deepEqual([story().pickups[0]?.by, story().pickups[0]?.from], ["102", "101"]);
});

scenario("a ringing call that is redirected is answered by the one it was sent to", async () => {
  await world.phone("101", "ring");
  await world.callIn("0009001");
  await isRinging("101");
  await world.pbx.commands().redirect(world.told[0]?.callUuid ?? "", "103");
  assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009001 answered by 103 on trunk");
});

scenario("click-to-call rings the agent first and is one outgoing call under our id", async () => {
  const startedMs = performance.now();
  const request = { id: "t1-click.1", extension: "101", number: "600000011" };
  const { result } = await world.pbx.commands().clickToCall(request);
  assert.ok(performance.now() - startedMs < 1_000);
  assert.equal((await result).outcome, "answered");
  const calls = await world.settle();
  await product.check(calls);
  assert.deepEqual(
    [...calls].map(([id, call]) => `${id} ${describe(call)}`),
    ["t1-click.1 outbound 101 > +34600000011 answered by 101 on trunk"],
  );
});

scenario("an originate tells busy, no answer, unknown number, congestion and a living id apart", async () => {
  const outcomes: Record<string, unknown> = {};
  for (const last of ["3", "4", "5", "6"]) {
    for (const way of ["PJSIP/60000001#@trunk", "Local/960000001#@from-internal"]) {
      const channel = way.replace("#", last);
      const id = `o-${last}-${way.slice(0, 1)}`;
      const placed = await world.pbx.originate({
        id,
        channel,
        to: { context: "long", extension: "s" },
        timeoutMs: 2_000,
      });
      outcomes[`${last} ${way.slice(0, 5)}`] = (await placed.result).outcome;
    }
  }
  assert.deepEqual(outcomes, {
    "3 PJSIP": "busy",
    "3 Local": "busy",
    "4 PJSIP": "no_answer",
    "4 Local": "no_answer",
    "5 PJSIP": "invalid_number",
    "5 Local": "invalid_number",
    "6 PJSIP": "congestion",
    "6 Local": "congestion",
  });
  const request = {
    id: "o-twice",
    channel: "Local/wait-3@far",
    to: { context: "long", extension: "s" },
    timeoutMs: 5_000,
  };
  assert.equal((await (await world.pbx.originate(request)).result).outcome, "answered");
  const again = await world.pbx.originate(request).then(
    ({ result }) => result,
    (error: unknown) => error,
  );
  const isRefused =
    again instanceof AppError ? again.code === "conflict" : (again as { outcome: string }).outcome === "unavailable";
  assert.ok(isRefused, "an id that lives is not called twice");
});

scenario("whatever is put into a variable arrives unchanged, and nothing of it becomes an action", async () => {
  const values = [
    "Pérez, Juan",
    'say "hi"',
    "back\\slash",
    "a;b#c",
    "$" + "{EXTEN} $[1+1]",
    "x=y",
    "(open",
    "tab|pipe&amp",
    "😀 ñ",
    "'",
    "[x]",
    "\\,",
    '\\"',
    "a,b,c,",
  ];
  for (const [index, value] of values.entries()) {
    const fields = { Channel: "Local/wait-1@far", Context: "long", Exten: "s", Priority: 1, Async: true };
    const ChannelId = `v-${index}`;
    await world.tester.send({ name: "Originate", fields: { ...fields, ChannelId }, variables: { VALUE: value } });
    assert.equal(await readVariable(ChannelId), value);
  }
  await assert.rejects(world.tester.send({ name: "Ping", fields: { Data: "x\r\n\r\nAction: Logoff" } }), AppError);
  const longest = "x".repeat(1024 - "Variable: A=\r\n".length);
  const response = await world.tester.send({
    name: "Originate",
    fields: { Channel: "Local/wait-0@far", Application: "Wait", Data: "0", Async: true },
    variables: { A: longest },
  });
  assert.ok(isSuccess(response), "1,024 bytes are taken");
});

scenario(
  "Enlace's own AMI user can do its work and cannot run commands; a weaker one still hears of calls",
  async () => {
    const rights = await world.pbx.loadRights();
    assert.deepEqual([rights.missing, rights.dangerous], [[], []]);
    const weak = connect(asterisk, "weak");
    await isReady(weak);
    assert.equal(isSuccess(await weak.send({ name: "CoreShowChannels" })), false);
    assert.equal(isSuccess(await weak.send({ name: "Command", fields: { Command: "core show uptime" } })), false);
  },
);

async function readVariable(channel: string): Promise<string | undefined> {
  const fields = { Channel: channel, Variable: "VALUE" };
  return (
    await until(async () => {
      const answer = await world.tester.send({ name: "Getvar", fields });
      return isSuccess(answer) && answer.get("Value") !== "" ? answer : undefined;
    }, `VALUE of ${channel}`)
  ).get("Value");
}

scenario(
  "AMI sessions that are cut in mid-traffic lose nothing: what ended meanwhile is closed, what goes on is one call with one end",
  async () => {
    await world.talkSeconds(60);
    const talks = (count: number) =>
      until(() => world.told.filter(({ raw }) => raw.includes('"talk"')).length >= count || undefined, `${count} talk`);
    const hangUpFirst = await world.callIn("0009001");
    await talks(1);
    const hangUpSecond = await world.callIn("0009003");
    await talks(2);
    const before = world.pbx.status().ami?.sessions ?? 0;
    line.cut();
    await until(() => world.pbx.status().ami?.state !== "ready" || undefined, "Enlace hears nothing");
    await hangUpFirst();
    line.mend();
    await until(
      () =>
        ((world.pbx.status().ami?.sessions ?? 0) > before && world.pbx.status().ami?.state === "ready") || undefined,
      "back",
      40_000,
    );
    await until(() => world.told.some(({ fact }) => fact.source === "recovery") || undefined, "the first is closed");
    await isReady(world.tester);
    await hangUpSecond();
    const calls = await world.settle();
    await product.check(calls, 60); // the line of the other listener was cut: it counts until it hears again
    assert.deepEqual([...calls.values()].map(describe).sort(), [
      "inbound +34600000001 > 0009001 answered by 101 on trunk",
      "inbound +34600000001 > 0009003 answered by 101 on trunk",
    ]);
  },
);

scenario(
  "after a restart of Asterisk in mid-call Enlace is back, the broken call is closed, and new calls are heard",
  async () => {
    await world.talkSeconds(60);
    await world.callIn("0009001");
    await isTalking("101");
    const before = world.pbx.status().ami?.sessions ?? 0;
    await asterisk.cli("core restart now");
    await until(
      () =>
        ((world.pbx.status().ami?.sessions ?? 0) > before && world.pbx.status().ami?.state === "ready") || undefined,
      "back",
      40_000,
    );
    await isReady(world.tester);
    const call = await onlyCall();
    assert.equal(describe(call), "inbound +34600000001 > 0009001 answered by 101 on trunk");
    await world.reset();
    await world.callIn("0009001");
    assert.equal(describe(await onlyCall()), "inbound +34600000001 > 0009001 answered by 101 on trunk");
  },
);
