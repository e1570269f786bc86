import { type FakeBehaviour, type FakeCall, noteTalk } from "./fake-call.ts";
import { between } from "./fake-chance.ts";
import { NORMAL, takeRinging, toAgentName } from "./fake-dialplan.ts";
import type { FakeScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toChannelFields } from "./fake-wire.ts";

/** Answer() and Queue(): music, all members ring, one takes the call or the caller gives up. */
export interface FakeQueue {
  run(call: FakeCall, members: readonly string[], taken: FakeBehaviour & { by: string }): FakeScript;
  /** The caller hangs up while they ring. */
  abandon(call: FakeCall): void;
}

export function createFakeQueue(sw: FakeSwitch, name: string): FakeQueue {
  const { random, clock, say, tell } = sw;
  let waiting = 0;

  function toAgentFields(caller: FakeChannel, leg: FakeChannel): string[][] {
    const member = `PJSIP/${leg.peer}`;
    return [
      toChannelFields(caller),
      toChannelFields(leg, "Dest"),
      ["Queue", name, "Interface", member, "MemberName", member],
    ];
  }

  function callMember(call: FakeCall, member: string): FakeChannel {
    const { origin } = call;
    const leg = sw.open({
      ...{ channel: `PJSIP/${member}`, state: 0, linkedId: origin.linkedId, context: "from-internal", exten: "s" },
      ...{ number: member, name: toAgentName(member), application: "AppQueue", data: "(Outgoing Line)" },
    });
    const shown = { ...leg, exten: origin.exten, connectedNumber: origin.number };
    tell("AgentCalled", ...toAgentFields(origin, shown));
    tell("DialBegin", toChannelFields(origin), toChannelFields(leg, "Dest"), ["DialString", `PJSIP/${member}`]);
    Object.assign(leg, { exten: origin.exten, connectedNumber: origin.number, connectedName: origin.callerName });
    const data = `Queue(${name},tT,,,8)`;
    call.records.push({ leg, data, startedAt: clock.now(), answeredAt: undefined, disposition: "NO ANSWER" });
    return leg;
  }

  function ringAll(call: FakeCall): void {
    for (const leg of call.ringing?.legs ?? []) {
      sw.state(leg, 5);
      say("NewConnectedLine", leg);
      end("DialState", call.origin, leg, "RINGING");
    }
  }

  const end = (event: string, caller: FakeChannel, leg: FakeChannel, status: string): void =>
    tell(event, toChannelFields(caller), toChannelFields(leg, "Dest"), ["DialStatus", status]);

  function leave(caller: FakeChannel): void {
    say("QueueCallerLeave", caller, ["Queue", name, "Position", "1", "Count", String(--waiting)]);
  }

  function connect(call: FakeCall, winner: FakeChannel, waitedMs: number): void {
    const { legs } = takeRinging(call);
    const { origin } = call;
    const others = legs.filter((leg) => leg !== winner);
    sw.state(winner, 6);
    end("DialEnd", origin, winner, "ANSWER");
    for (const leg of others) end("DialEnd", origin, leg, "CANCEL");
    sw.connect(origin, winner.number, winner.callerName);
    for (const leg of others) end("DialEnd", origin, leg, "CANCEL");
    say("MusicOnHoldStop", origin);
    leave(origin);
    const seconds = String(Math.floor(waitedMs / 1000));
    tell("AgentConnect", ...toAgentFields(origin, winner), ["HoldTime", seconds, "RingTime", seconds]);
    const bridge = sw.bridge();
    sw.enter(bridge, winner);
    sw.enter(bridge, origin);
    for (const leg of others) sw.hangUp(leg, 26);
    const record = call.records.find((each) => each.leg === winner);
    if (record) Object.assign(record, { answeredAt: clock.now(), disposition: "ANSWERED" });
    call.talk = { caller: origin, leg: winner };
    noteTalk(call, winner, clock.now());
  }

  function part(call: FakeCall, { talkMs, ringMs, hangsUp }: FakeBehaviour): void {
    const { origin, talk } = call;
    if (!talk) return;
    const { leg } = talk;
    const { bridge } = leg;
    const [first, second] = hangsUp === "called" ? [leg, origin] : [origin, leg];
    say("HangupRequest", first, NORMAL);
    const reason = hangsUp === "called" ? "agent" : "caller";
    const seconds = (ms: number): string => String(Math.floor(ms / 1000));
    const told = ["HoldTime", seconds(ringMs), "TalkTime", seconds(talkMs), "Reason", reason];
    tell("AgentComplete", ...toAgentFields(origin, leg), told);
    sw.leave(first);
    sw.leave(second);
    if (bridge) sw.destroy(bridge);
    say("SoftHangupRequest", origin, NORMAL);
    call.talk = undefined;
    sw.hangUp(leg, 16);
    sw.hangUp(origin, 16);
  }

  function abandon(call: FakeCall): void {
    const { legs } = takeRinging(call);
    const { origin } = call;
    say("HangupRequest", origin, NORMAL);
    say("MusicOnHoldStop", origin);
    for (let time = 0; time < 2; time++) for (const leg of legs) end("DialEnd", origin, leg, "CANCEL"); // the real one says it twice
    say("QueueCallerAbandon", origin, ["Queue", name, "Position", "1", "OriginalPosition", "1", "HoldTime", "0"]);
    leave(origin);
    for (const leg of legs) sw.hangUp(leg, 0);
    say("SoftHangupRequest", origin, NORMAL);
    sw.hangUp(origin, 16);
  }

  return {
    abandon,
    run: function* (call, members, taken) {
      const { origin } = call;
      sw.state(origin, 6);
      yield between(random, [10, 40]);
      Object.assign(origin, { priority: 2, application: "Queue", data: `${name},tT,,,8` });
      say("QueueCallerJoin", origin, ["Queue", name, "Position", "1", "Count", String(++waiting)]);
      say("MusicOnHoldStart", origin, ["Class", "default"]);
      yield 1;
      call.ringing = { caller: origin, legs: members.map((member) => callMember(call, member)) };
      yield between(random, [1, 5]);
      ringAll(call);
      yield taken.ringMs;
      const winner = call.ringing.legs.find(({ peer }) => peer === taken.by);
      if (taken.does !== "answer" || !winner) return abandon(call);
      connect(call, winner, taken.ringMs);
      yield taken.talkMs;
      part(call, taken);
    },
  };
}
