import { type FakeBehaviour, type FakeCall, noteTalk } from "./fake-call.ts";
import { type FakeDialplan, NORMAL, PRESENTED, takeRinging, toAgentName, toRecord } from "./fake-dialplan.ts";
import type { FakeScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toBridgeFields, toChannelFields, UNKNOWN } from "./fake-wire.ts";

/** Handing a talking or ringing call on. Each script goes on until the call is over. */
export interface FakeTransfers {
  blind(call: FakeCall, extension: string, next: FakeBehaviour): FakeScript;
  /** The agent asks `extension` first and hands over after `consultMs`. */
  attended(call: FakeCall, extension: string, next: FakeBehaviour & { consultMs: number }): FakeScript;
  /** The action Redirect: whoever rings or talks with the caller is let go. */
  redirect(call: FakeCall, place: { context: string; extension: string }, next: FakeBehaviour): FakeScript;
}

export function createFakeTransfers(sw: FakeSwitch, plan: FakeDialplan): FakeTransfers {
  const { say, tell, clock } = sw;

  function moveTo(caller: FakeChannel, context: string, extension: string): void {
    Object.assign(caller, { context, exten: extension, priority: 1 });
  }

  function* goOn(call: FakeCall, caller: FakeChannel, extension: string, next: FakeBehaviour): FakeScript {
    const [leg] = yield* plan.ring(call, caller, { targets: [{ extension }], does: next.does });
    yield next.does === "busy" ? 2 : next.ringMs;
    if (!leg) return;
    if (next.does === "answer") {
      plan.answer(call, leg);
      return yield* plan.talk(call, next);
    }
    plan.refuse(call, leg, next.does);
    plan.finish(call, next.does === "busy" ? 17 : 16);
  }

  return {
    blind: function* (call, extension, next) {
      const { caller, leg } = takeTalk(call);
      const { bridge } = leg;
      say("Unhold", leg);
      const sides = [toChannelFields(leg, "Transferer"), toChannelFields(caller, "Transferee")];
      const place = ["IsExternal", "Yes", "Context", "from-internal", "Extension", extension];
      tell("BlindTransfer", ["Result", "Success"], ...sides, bridge ? toBridgeFields(bridge) : [], place);
      sw.leave(leg);
      moveTo(caller, "from-internal", extension);
      sw.leave(caller);
      if (bridge) sw.destroy(bridge);
      sw.hangUp(leg, 16);
      yield* goOn(call, caller, extension, next);
    },
    redirect: function* (call, { context, extension }, next) {
      const caller = call.ringing?.caller ?? call.talk?.caller ?? call.origin;
      moveTo(caller, context, extension);
      if (call.ringing) {
        const { legs } = takeRinging(call);
        for (const leg of legs) {
          tell("DialEnd", toChannelFields(caller), toChannelFields(leg, "Dest"), ["DialStatus", "CANCEL"]);
          sw.hangUp(leg, 16);
        }
      } else if (call.talk) {
        const { leg } = takeTalk(call);
        const { bridge } = leg;
        sw.leave(caller);
        sw.leave(leg);
        if (bridge) sw.destroy(bridge);
        sw.hangUp(leg, 16);
      }
      yield 2;
      yield* goOn(call, caller, extension, next);
    },
    attended: function* (call, extension, next) {
      const { caller, leg: agent } = takeTalk(call);
      const first = agent.bridge;
      say("Hold", agent);
      yield 2;
      say("MusicOnHoldStart", caller, ["Class", "default"]);
      yield 130;
      const consult = yield* consultation(agent, extension);
      call.records.push(toRecord(consult.colleague, `PJSIP/${extension},20,tT`, clock.now()));
      yield next.ringMs;
      const third = answer(consult);
      yield next.consultMs;
      if (!first) return;
      complete({ caller, agent, consult, first });
      noteTalk(call, consult.colleague, clock.now());
      yield next.talkMs;
      end({ caller, consult, first, third });
    },
  };

  interface Consultation {
    one: FakeChannel;
    two: FakeChannel;
    colleague: FakeChannel;
    second: ReturnType<FakeSwitch["bridge"]>;
  }

  /** The agent dials through a Local channel while the caller hears music. */
  function* consultation(agent: FakeChannel, extension: string): Generator<number, Consultation, void> {
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

  function answer({ one, two, colleague }: Consultation): Consultation["second"] {
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

  interface Parties {
    caller: FakeChannel;
    consult: Consultation;
    first: Consultation["second"];
  }

  /** The agent hangs up: the caller and the colleague are joined through the Local channel. */
  function complete({ caller, agent, consult, first }: Parties & { agent: FakeChannel }): void {
    const { one, colleague, second } = consult;
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
  function end({ caller, consult, first, third }: Parties & { third: Consultation["second"] }): void {
    const { one, two, colleague } = consult;
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
}

function takeTalk(call: FakeCall): NonNullable<FakeCall["talk"]> {
  const { talk } = call;
  if (!talk) throw new RangeError(`nobody talks in ${call.expected.callUuid}`);
  call.talk = undefined;
  return talk;
}
