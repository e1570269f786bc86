import { type FakeBehaviour, type FakeCall, type FakeRecord, noteTalk } from "./fake-call.ts";
import { between } from "./fake-chance.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toChannelFields } from "./fake-wire.ts";

/*
 * What Dial() does, event by event and in the order in which Asterisk 16 was recorded:
 *
 *   ring ──▶ answer ──▶ (talk) ──▶ part
 *     ├──▶ giveUp    the caller hangs up first
 *     └──▶ refuse    busy, unknown, or nobody answered: the dialplan goes on
 */
type Steps<T = void> = Generator<number | Promise<unknown>, T, void>;

/** Whom Dial() rings: an extension, or an outside number over the trunk. */
export type FakeTarget = { extension: string } | { number: string };

export interface FakeDial {
  targets: readonly FakeTarget[];
  does: FakeBehaviour["does"];
}

export interface FakeDialplan {
  /** Phones that are busy or unknown do not ring. */
  ring(call: FakeCall, caller: FakeChannel, dial: FakeDial): Steps<FakeChannel[]>;
  answer(call: FakeCall, winner: FakeChannel): void;
  /** The talk, and its end by one of the two. */
  talk(call: FakeCall, behaviour: FakeBehaviour): Steps;
  part(call: FakeCall, by: "caller" | "called"): void;
  giveUp(call: FakeCall): void;
  refuse(call: FakeCall, leg: FakeChannel, why: "busy" | "unknown" | "ring"): void;
  /** The dialplan has nothing more for it: the caller is hung up. */
  finish(call: FakeCall, cause: number): void;
}

/** Trunk of every outside call. */
export const TRUNK = "trunk";
export const toAgentName = (extension: string): string => `Agent ${extension}`;
const REFUSALS = {
  busy: { status: "BUSY", cause: 17, disposition: "BUSY" },
  unknown: { status: "NOANSWER", cause: 1, disposition: "NO ANSWER" },
  ring: { status: "NOANSWER", cause: 0, disposition: "NO ANSWER" },
} as const;

export function createFakeDialplan(sw: FakeSwitch): FakeDialplan {
  const { clock, random, say, tell } = sw;
  const dial = (event: string, caller: FakeChannel, leg: FakeChannel, more: readonly string[]): void =>
    tell(event, toChannelFields(caller), toChannelFields(leg, "Dest"), more);
  const moment = (): number => between(random, [1, 5]);

  function openLeg(caller: FakeChannel, target: FakeTarget): FakeChannel {
    const outgoing = { state: 0, linkedId: caller.linkedId, application: "AppDial", data: "(Outgoing Line)" } as const;
    if ("extension" in target) {
      const { extension } = target;
      const leg = sw.open({
        ...{ ...outgoing, channel: `PJSIP/${extension}`, context: "from-internal", exten: "s" },
        ...{ number: extension, name: toAgentName(extension) },
      });
      leg.exten = caller.exten;
      sw.connect(leg, caller.number, caller.callerName);
      return leg;
    }
    const leg = sw.open({ ...outgoing, channel: `PJSIP/${TRUNK}`, context: "from-trunk", exten: "s" });
    Object.assign(leg, { number: caller.exten, exten: caller.exten });
    Object.assign(leg, { connectedNumber: caller.number, connectedName: caller.callerName });
    say("NewCallerid", leg, PRESENTED);
    sw.connect(leg, caller.number, caller.callerName);
    return leg;
  }

  function* ring(call: FakeCall, caller: FakeChannel, targets: readonly FakeTarget[]): Steps<FakeChannel[]> {
    caller.application = "Dial";
    caller.data = `${targets
      .map(toDialed)
      .map((dialed) => `PJSIP/${dialed}`)
      .join("&")},20,tT`;
    yield moment();
    const legs = targets.map((target) => openLeg(caller, target));
    for (const [index, leg] of legs.entries()) {
      dial("DialBegin", caller, leg, ["DialString", toDialed(targets[index] ?? { extension: leg.peer })]);
      call.records.push(toRecord(leg, caller.data, clock.now()));
    }
    const [only] = legs;
    if (only && legs.length === 1) sw.connect(caller, only.number, only.callerName);
    call.ringing = { caller, legs };
    return legs;
  }

  function* signal(call: FakeCall): Steps {
    yield moment();
    const { caller, legs } = call.ringing ?? { legs: [] };
    for (const leg of legs) {
      sw.state(leg, 5);
      if (caller) dial("DialState", caller, leg, ["DialStatus", "RINGING"]);
    }
  }

  function* ringAndSignal(call: FakeCall, caller: FakeChannel, { targets, does }: FakeDial): Steps<FakeChannel[]> {
    const legs = yield* ring(call, caller, targets);
    if (does === "answer" || does === "ring") yield* signal(call);
    return legs;
  }

  function answer(call: FakeCall, winner: FakeChannel): void {
    const { caller, legs } = takeRinging(call);
    sw.state(winner, 6);
    if (legs.length > 1) sw.connect(caller, winner.number, winner.callerName);
    winner.exten = "";
    const others = legs.filter((leg) => leg !== winner);
    for (const leg of others) dial("DialEnd", caller, leg, ["DialStatus", "CANCEL"]);
    dial("DialEnd", caller, winner, ["DialStatus", "ANSWER"]);
    if (caller.state !== 6) sw.state(caller, 6);
    for (const leg of others) sw.hangUp(leg, 26);
    join(call, caller, winner);
  }

  /** Puts two into a bridge of their own, and the records with it. */
  function join(call: FakeCall, caller: FakeChannel, leg: FakeChannel): void {
    const bridge = sw.bridge();
    sw.enter(bridge, leg);
    sw.enter(bridge, caller);
    call.talk = { caller, leg };
    const record = call.records.findLast((each) => each.leg === leg);
    if (record) Object.assign(record, { answeredAt: clock.now(), disposition: "ANSWERED" });
    noteTalk(call, leg, clock.now());
  }

  function part(call: FakeCall, by: "caller" | "called"): void {
    const { talk } = call;
    if (!talk) return;
    const { caller, leg } = talk;
    const { bridge } = leg;
    const [first, second] = by === "called" ? [leg, caller] : [caller, leg];
    say("HangupRequest", first, NORMAL);
    sw.leave(first);
    sw.leave(second);
    say("SoftHangupRequest", caller, NORMAL);
    if (bridge) sw.destroy(bridge);
    call.talk = undefined;
    sw.hangUp(second, 16);
    sw.hangUp(first, 16);
  }

  return {
    ring: ringAndSignal,
    answer,
    talk: function* (call, { talkMs, hangsUp }) {
      yield talkMs;
      part(call, hangsUp);
    },
    part,
    giveUp: (call) => {
      const { caller, legs } = takeRinging(call);
      say("HangupRequest", caller, INTERWORKING);
      for (const leg of legs) dial("DialEnd", caller, leg, ["DialStatus", "CANCEL"]);
      say("SoftHangupRequest", caller, NORMAL);
      for (const leg of legs) sw.hangUp(leg, 127);
      sw.hangUp(caller, 127);
    },
    refuse: (call, leg, why) => {
      const { caller } = takeRinging(call);
      const { status, cause, disposition } = REFUSALS[why];
      if (why !== "ring") say("HangupRequest", leg);
      dial("DialEnd", caller, leg, ["DialStatus", status]);
      sw.hangUp(leg, cause);
      const record = call.records.findLast((each) => each.leg === leg);
      if (record) record.disposition = disposition;
      caller.priority++;
    },
    finish: (call, cause) => {
      say("SoftHangupRequest", call.origin, NORMAL);
      sw.hangUp(call.origin, cause);
    },
  };
}

export const PRESENTED = ["CID-CallingPres", "0 (Presentation Allowed, Not Screened)"] as const;
export const NORMAL = ["Cause", "16"] as const;
const INTERWORKING = ["Cause", "127"] as const;

export function takeRinging(call: FakeCall): NonNullable<FakeCall["ringing"]> {
  const { ringing } = call;
  if (!ringing) throw new RangeError(`nobody rings in ${call.expected.callUuid}`);
  call.ringing = undefined;
  return ringing;
}

export const toDialed = (target: FakeTarget): string =>
  "extension" in target ? target.extension : `${target.number}@${TRUNK}`;

export const toRecord = (leg: FakeChannel | undefined, data: string, startedAt: Date): FakeRecord => ({
  ...{ leg, startedAt, answeredAt: undefined, disposition: "NO ANSWER" },
  data: `Dial(${data})`,
});
