// The simulated PBX at its manager port: what it lets in, what it answers, and what an action does to a call.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, test } from "node:test";
import { createManualClock } from "../../../test/manual-clock.ts";
import { systemClock } from "../../kit/clock.ts";
import { AmiSession } from "../ami/session.ts";
import type { ExpectedCall, FakeBehaviour } from "./fake-call.ts";
import { startFakePbx } from "./fake-pbx.ts";

const account = { username: "enlace", secret: "test-secret" };
const people = {
  extensions: ["101", "102", "103"],
  queueMembers: ["101", "102"],
  outside: ["600000001"],
  office: "900000001",
};
const answers: FakeBehaviour = { does: "answer", ringMs: 300, talkMs: 5000, hangsUp: "called" };
const inbound = { kind: "group", from: "600000001", to: "900000001", members: ["101"], by: "101" } as const;

async function open() {
  const clock = createManualClock();
  const ended: ExpectedCall[] = [];
  const onEnd = (call: ExpectedCall): void => void ended.push(call);
  const pbx = await startFakePbx({ clock, seed: 1, people, ...account, decide: () => answers, onEnd });
  const session = await AmiSession.open(
    {
      address: { host: "127.0.0.1", port: pbx.port, ...account },
      clock: systemClock,
      eventClasses: "call",
      onEvent: () => undefined,
      onOversized: () => assert.fail("a message was too large"),
    },
    new AbortController().signal,
  );
  after(async () => {
    session.close(new Error("over"));
    await pbx.stop();
  });
  const ask = async (name: string, fields: Record<string, string | number> = {}): Promise<string | undefined> =>
    (await session.send({ name, fields })).get("Message");
  return { pbx, clock, ended, session, ask, calls: pbx.exchange.calls };
}

/** As a client writes it, without our own code between. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("utf8");
  });
  socket.write(bytes);
  socket.write("Action: Logoff\r\n\r\n");
  await once(socket, "close");
  return text;
}

test("a wrong secret is refused, in plain text and in MD5, and nothing is done before a login", async () => {
  const { pbx } = await open();
  const login = "Action: Login\r\nUsername: enlace\r\nSecret:";
  assert.match(
    await exchange(pbx.port, `${login} wrong-wrong\r\n\r\n`),
    /Response: Error\r\nMessage: Authentication failed/,
  );
  assert.match(
    await exchange(pbx.port, `${login} test-secret\r\n\r\n`),
    /Message: Authentication accepted[\s\S]*FullyBooted/,
  );
  const md5 =
    "Action: Challenge\r\nAuthType: MD5\r\n\r\nAction: Login\r\nAuthType: MD5\r\nUsername: enlace\r\nKey: 00\r\n\r\n";
  assert.match(
    await exchange(pbx.port, md5),
    /Challenge: \d{9}\r\n\r\nResponse: Error\r\nMessage: Authentication failed/,
  );
  assert.match(await exchange(pbx.port, "Action: CoreShowChannels\r\n\r\n"), /Permission denied/);
});

test("its lists say what goes on, and what it does not know it says as Asterisk does", async () => {
  const { session, ask, calls, clock } = await open();
  calls.begin({ ...inbound, behaviour: answers });
  await clock.advance(1_000);
  const { items } = await session.list({ name: "CoreShowChannels" });
  const shown = items.map((item) =>
    ["Channel", "ChannelStateDesc", "Application", "Duration"].map((name) => item.get(name)),
  );
  assert.deepEqual(shown, [
    ["PJSIP/trunk-00000000", "Up", "Dial", "00:00:01"],
    ["PJSIP/101-00000001", "Up", "AppDial", "00:00:00"],
  ]);
  assert.equal(new Set(items.map((item) => item.get("BridgeId"))).size, 1);
  const status = await session.list({ name: "Status" });
  assert.deepEqual([status.items.length, status.items[0]?.get("Seconds")], [2, "1"]);
  const queue = await session.list({ name: "QueueStatus" });
  assert.deepEqual(
    queue.items.map((item) => item.get("Event")),
    ["QueueParams", "QueueMember", "QueueMember"],
  );
  assert.equal((await session.send({ name: "CoreStatus" })).get("CoreCurrentCalls"), "1");
  assert.match((await session.send({ name: "ListCommands" })).get("Originate") ?? "", /Priv: originate/);
  assert.match((await ask("FlyAway")) ?? "", /^Invalid\/unknown command: FlyAway\./);
  const channel = items[0]?.get("Uniqueid") ?? "";
  assert.equal(await ask("Setvar", { Channel: channel, Variable: "PROJECT", Value: "77" }), "Variable Set");
  const value = await session.send({ name: "Getvar", fields: { Channel: channel, Variable: "PROJECT" } });
  assert.equal(value.get("Value"), "77");
});

test("channels that are not there are refused in Asterisk's words", async () => {
  const { ask, session } = await open();
  const Channel = "PJSIP/none-1";
  assert.equal(await ask("Hangup", { Channel }), "No such channel");
  assert.equal(await ask("Redirect", { Channel, Exten: "101" }), `Channel does not exist: ${Channel}`);
  assert.equal(await ask("BlindTransfer", { Channel, Exten: "101" }), "Channel specified does not exist");
  assert.equal(await ask("Atxfer", { Channel, Exten: "101" }), "Channel specified does not exist");
  assert.equal((await session.send({ name: "Ping" })).get("Ping"), "Pong");
});

const ACTIONS: Record<string, { fields: Record<string, string>; talked: string[] }> = {
  BlindTransfer: { fields: { Exten: "102", Context: "from-internal" }, talked: ["101", "102"] },
  Atxfer: { fields: { Exten: "103", Context: "from-internal" }, talked: ["101", "103"] },
  Redirect: { fields: { Exten: "102", Context: "from-internal", Priority: "1" }, talked: ["101", "102"] },
  Hangup: { fields: { Cause: "16" }, talked: ["101"] },
};

for (const [name, { fields, talked }] of Object.entries(ACTIONS)) {
  test(`${name} on a talking channel leaves one call, which ${talked.join(" and ")} talked in`, async () => {
    const { ask, calls, clock, ended, pbx } = await open();
    const { origin } = calls.begin({ ...inbound, behaviour: { ...answers, talkMs: 60_000 } });
    await clock.advance(1_000);
    assert.match((await ask(name, { Channel: origin.uniqueId, ...fields })) ?? "", /succ|queued|Hungup/);
    await clock.advance(30_000);
    assert.deepEqual(
      ended.map((call) => [call.outcome, call.talked]),
      [["answered", talked]],
    );
    assert.equal(pbx.exchange.sw.channels.size, 0);
  });
}

test("an agent who hangs up while asking a colleague hands the caller over at once", async () => {
  const { ask, calls, clock, ended } = await open();
  const { origin, talk } = calls.begin({ ...inbound, behaviour: { ...answers, talkMs: 60_000 } });
  assert.equal(talk, undefined);
  await clock.advance(1_000);
  const agent = calls.callOf(origin)?.talk?.leg.name ?? "";
  await ask("Atxfer", { Channel: agent, Exten: "102", Context: "from-internal" });
  await clock.advance(700); // 102 has answered and is being asked
  assert.equal(await ask("Hangup", { Channel: agent }), "Channel Hungup");
  assert.deepEqual(calls.callOf(origin)?.expected.talked, ["101", "102"]);
  await clock.advance(30_000);
  assert.deepEqual(
    ended.map(({ agentExtension }) => agentExtension),
    ["102"],
  );
});

test("an Originate with a living id, or to a phone that is not there, calls nobody", async () => {
  const { session, ask, calls, clock } = await open();
  const place = { Context: "from-internal", Exten: "600000001", Priority: 1, Async: "true", ChannelId: "c-1" };
  assert.equal(await ask("Originate", { Channel: "PJSIP/101", ...place }), "Originate successfully queued");
  assert.equal(await ask("Originate", { Channel: "PJSIP/102", ...place }), "Uniqueid is already in use");
  assert.equal(
    await ask("Originate", { Channel: "PJSIP/999", ...place, ChannelId: "c-2" }),
    "Originate successfully queued",
  );
  assert.equal(calls.live.size, 1);
  assert.equal(await ask("Hangup", { Channel: "/^PJSIP\\/101-.*$/" }), "Channel Hungup");
  await clock.advance(1_000);
  assert.equal((await session.list({ name: "CoreShowChannels" })).items.length, 0);
});

test("a caller who is hung up while the queue rings has abandoned it", async () => {
  const { ask, calls, clock, ended, session } = await open();
  const members = ["101", "102"];
  const { origin } = calls.begin({
    ...inbound,
    kind: "queue",
    members,
    by: "102",
    behaviour: { ...answers, ringMs: 9_000 },
  });
  await clock.advance(1_000);
  const waiting = async () => (await session.list({ name: "QueueStatus" })).items[0]?.get("Calls");
  assert.equal(await waiting(), "1");
  assert.equal(await ask("Hangup", { Channel: origin.uniqueId }), "Channel Hungup");
  assert.deepEqual([await waiting(), ended.map(({ outcome }) => outcome)], ["0", ["missed"]]);
  assert.equal((await session.list({ name: "CoreShowChannels" })).items.length, 0);
});
