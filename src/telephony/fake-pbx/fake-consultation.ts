import { NORMAL, PRESENTED, toAgentName } from "./fake-dialplan.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeBridge, type FakeChannel, toBridgeFields, toChannelFields, UNKNOWN } from "./fake-wire.ts";

/** An agent asks a colleague through a Local channel. */
export interface Consultation {
  one: FakeChannel;
  two: FakeChannel;
  colleague: FakeChannel;
  /** Where the agent sits while he asks. */
  second: FakeBridge;
}

/** The agent dials through a Local channel while the caller hears music. */
export function* consult(sw: FakeSwitch, agent: FakeChannel, extension: string): Generator<number, Consultation, void> {
  const { say, tell } = sw;
  const local = `Local/${extension}@from-internal`;
  const half = { channel: local, context: "from-internal", exten: extension, linkedId: agent.linkedId };
  const name = `${local}-${agent.uniqueId.split(".").at(-1)?.padStart(8, "0")}`;
  const one = sw.open({ ...half, half: `${name};1`, state: 0, application: "AppDial2", data: "(Outgoing Line)" });
  const two = sw.open({
    ...half,
    half: `${name};2`,
    state: 4,
    application: "Dial",
    data: `PJSIP/${extension},20,tT`,
  });
  const second = sw.bridge();
  Object.assign(two, { number: agent.number, callerName: agent.callerName });
  say("NewCallerid", two, PRESENTED);
  const halves = [toChannelFields(one, "LocalOne"), toChannelFields(two, "LocalTwo")];
  tell("LocalBridge", ...halves, ["Context", "from-internal", "Exten", extension, "LocalOptimization", "Yes"]);
  sw.connect(one, agent.number, agent.callerName);
  sw.enter(second, one);
  yield 1;
  const colleague = sw.open({
    ...{ channel: `PJSIP/${extension}`, state: 0, number: extension, name: toAgentName(extension), exten: "s" },
    ...{ context: "from-internal", linkedId: agent.linkedId, application: "AppDial", data: "(Outgoing Line)" },
  });
  colleague.exten = extension;
  sw.connect(colleague, agent.number, agent.callerName);
  const dialled = ["DialString", extension];
  tell("DialBegin", toChannelFields(two), toChannelFields(colleague, "Dest"), dialled);
  sw.connect(two, colleague.number, colleague.callerName);
  sw.leave(agent);
  sw.enter(second, agent);
  Object.assign(one, { number: colleague.number, callerName: colleague.callerName });
  say("NewCallerid", one, PRESENTED);
  sw.connect(agent, colleague.number, colleague.callerName);
  yield 5;
  sw.state(colleague, 5);
  sw.state(one, 5);
  tell("DialState", toChannelFields(one, "Dest"), ["DialStatus", "RINGING"]);
  tell("DialState", toChannelFields(two), toChannelFields(colleague, "Dest"), ["DialStatus", "RINGING"]);
  return { one, two, colleague, second };
}

/** The colleague picks up. Resolves with the bridge in which he sits. */
export function answerConsultation(sw: FakeSwitch, { one, two, colleague }: Consultation): FakeBridge {
  const { tell } = sw;
  sw.state(colleague, 6);
  colleague.exten = "";
  tell("DialEnd", toChannelFields(two), toChannelFields(colleague, "Dest"), ["DialStatus", "ANSWER"]);
  sw.state(two, 6);
  const third = sw.bridge();
  sw.state(one, 6);
  tell("DialEnd", toChannelFields(one, "Dest"), ["DialStatus", "ANSWER"]);
  sw.enter(third, colleague);
  sw.enter(third, two);
  return third;
}

export interface Parties {
  caller: FakeChannel;
  consultation: Consultation;
  /** Where the caller waits. */
  first: FakeBridge;
}

/** The agent hangs up: the caller and the colleague are joined through the Local channel. */
export function completeTransfer(
  sw: FakeSwitch,
  { caller, agent, consultation, first }: Parties & { agent: FakeChannel },
): void {
  const { say, tell } = sw;
  const { one, colleague, second } = consultation;
  sw.leave(agent);
  tell("BridgeMerge", toBridgeFields(first, "To"), toBridgeFields(second, "From"));
  sw.leave(one);
  say("MusicOnHoldStop", caller);
  sw.enter(first, one);
  const parties = [
    ...toChannelFields(agent, "OrigTransferer"),
    ...toBridgeFields(first, "Orig"),
    ...toChannelFields(agent, "SecondTransferer"),
    ...toBridgeFields(second, "Second"),
    ...toChannelFields(caller, "Transferee"),
  ];
  const destination = ["IsExternal", "No", "DestType", "Bridge", "DestBridgeUniqueid", first.id];
  tell("AttendedTransfer", ["Result", "Success"], parties, destination);
  sw.connect(one, caller.number, caller.callerName);
  sw.destroy(second);
  sw.connect(colleague, caller.number, caller.callerName);
  sw.hangUp(agent, 16);
  sw.connect(caller, colleague.number, colleague.callerName);
}

/** The caller hangs up, and the chain behind falls. */
export function endTransferred(
  sw: FakeSwitch,
  { caller, consultation, first, third }: Parties & { third: FakeBridge },
): void {
  const { say } = sw;
  const { one, two, colleague } = consultation;
  say("HangupRequest", caller, NORMAL);
  sw.leave(caller);
  say("SoftHangupRequest", caller, NORMAL);
  sw.hangUp(caller, 16);
  sw.leave(one);
  sw.destroy(first);
  Object.assign(two, { number: caller.number, callerName: UNKNOWN });
  say("HangupRequest", two, NORMAL);
  sw.hangUp(one, 16);
  say("NewCallerid", two, PRESENTED);
  sw.leave(two);
  say("SoftHangupRequest", two, NORMAL);
  sw.hangUp(two, 16);
  sw.leave(colleague);
  sw.destroy(third);
  sw.hangUp(colleague, 16);
}
