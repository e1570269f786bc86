import { createFakeAgi, type FakeAgiPlace } from "./fake-agi-call.ts";
import { closeFakeCall, createFakeCall, type ExpectedCall, type FakeBehaviour, type FakeCall } from "./fake-call.ts";
import { clickOn, type FakeClick } from "./fake-click.ts";
import { dialOn } from "./fake-dial.ts";
import { createFakeDialplan, type FakeTarget, TRUNK, toAgentName } from "./fake-dialplan.ts";
import { type FakeOutcall, type FakeOutside, outcallOn } from "./fake-outcall.ts";
import { createFakeQueue } from "./fake-queue.ts";
import { type FakeScript, runScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { createFakeTransfers } from "./fake-transfers.ts";
import { type FakeChannel, toChannelFields } from "./fake-wire.ts";

/** One call to make up. `to` is what was dialled; `members` ring, and `by` of them behaves as said. */
export type FakeOrder =
  | { kind: "group"; from: string; to: string; members: readonly string[]; by: string; behaviour: FakeBehaviour }
  | { kind: "queue"; from: string; to: string; members: readonly string[]; by: string; behaviour: FakeBehaviour }
  | { kind: "outgoing"; from: string; to: string; behaviour: FakeBehaviour }
  | { kind: "internal"; from: string; to: string; behaviour: FakeBehaviour }
  | { kind: "ivr"; from: string; to: string; agi: FakeAgiPlace; behaviour: FakeBehaviour }
  | ({ kind: "blind" | "attended"; from: string; to: string; by: string; behaviour: FakeBehaviour } & FakeHandOver);

interface FakeHandOver {
  /** Who gets the call, and when. */
  next: FakeBehaviour & { extension: string; afterMs: number; consultMs: number };
}

export interface FakeCalls {
  begin(order: FakeOrder): FakeCall;
  /** Rings the extension, then dials for it. */
  click(click: FakeClick): FakeCall;
  /** Calls somebody outside, who is then talked to; `undefined`: there is no outside. */
  outcall(outcall: FakeOutcall): FakeCall | undefined;
  /** Calls that are going on, by Linkedid. */
  live: ReadonlyMap<string, FakeCall>;
  callOf(channel: FakeChannel): FakeCall | undefined;
  hangUp(channel: FakeChannel): void;
  /** False when nobody is there to be sent on. */
  redirect(channel: FakeChannel, place: { context: string; extension: string }): boolean;
  transfer(channel: FakeChannel, extension: string, kind: "blind" | "attended"): boolean;
}

export interface FakeCallsOptions {
  sw: FakeSwitch;
  queueName: string;
  isExtension(text: string): boolean;
  /** What phones dial before an outside number; empty for none. */
  outsidePrefix: string;
  /** How somebody behaves whom an action calls. */
  decide(who: string): FakeBehaviour;
  /** Whom a dialer calls; absent: Originate rings phones of ours only. */
  outside?: FakeOutside;
  onEnd(expected: ExpectedCall): void;
}

export function createFakeCalls(options: FakeCallsOptions): FakeCalls {
  const { sw, queueName, isExtension, outsidePrefix, decide, onEnd } = options;
  const plan = createFakeDialplan(sw);
  const queue = createFakeQueue(sw, queueName);
  const transfers = createFakeTransfers(sw, plan);
  const agi = createFakeAgi(sw, plan);
  const live = new Map<string, FakeCall>();

  const toOutside = (dialed: string): string =>
    dialed.startsWith(outsidePrefix) ? dialed.slice(outsidePrefix.length) : dialed;
  const toTarget = (dialed: string): FakeTarget =>
    isExtension(dialed) ? { extension: dialed } : { number: toOutside(dialed) };

  const enter = (peer: string, number: string, exten: string): FakeChannel =>
    sw.open({
      ...{ channel: `PJSIP/${peer}`, state: 4, number, exten, application: "Dial", data: "" },
      ...(peer === TRUNK ? { context: "from-trunk" } : { context: "from-internal", name: toAgentName(peer) }),
    });

  function play(call: FakeCall, script: FakeScript): void {
    live.set(call.expected.callUuid, call);
    call.run?.cut();
    call.run = runScript(script, sw.clock, () => close(call));
  }

  function close(call: FakeCall): void {
    if (!live.delete(call.expected.callUuid)) return;
    call.onClose?.();
    closeFakeCall(sw, call);
    onEnd(call.expected);
  }

  function* handOver(call: FakeCall, order: Extract<FakeOrder, FakeHandOver>): FakeScript {
    const { next, by, behaviour, kind } = order;
    const [leg] = yield* plan.ring(call, call.origin, { targets: [{ extension: by }], does: "answer" });
    yield behaviour.ringMs;
    if (!leg) return;
    plan.answer(call, leg);
    yield next.afterMs;
    yield* kind === "blind"
      ? transfers.blind(call, next.extension, next)
      : transfers.attended(call, next.extension, next);
  }

  function script(call: FakeCall, order: FakeOrder): FakeScript {
    const { origin } = call;
    switch (order.kind) {
      case "group": {
        const targets = order.members.map((extension) => ({ extension }));
        return dialOn(plan, call, { caller: origin, targets, by: order.by, behaviour: order.behaviour });
      }
      case "queue":
        return queue.run(call, order.members, { ...order.behaviour, by: order.by });
      case "outgoing":
      case "internal":
        return dialOn(plan, call, { caller: origin, targets: [toTarget(order.to)], behaviour: order.behaviour });
      case "ivr":
        return agi.run(call, order.agi, { isExtension, behaviour: order.behaviour });
      default:
        return handOver(call, order);
    }
  }

  return {
    live,
    begin: (order) => {
      const isInside = order.kind === "outgoing" || order.kind === "internal";
      const origin = enter(isInside ? order.from : TRUNK, order.from, order.to);
      const direction = order.kind === "outgoing" ? "outbound" : order.kind === "internal" ? "internal" : "inbound";
      const to = direction === "outbound" ? toOutside(order.to) : order.to;
      const call = createFakeCall({ kind: order.kind, direction, from: order.from, to, origin });
      play(call, script(call, order));
      return call;
    },
    click: (click) => {
      const { extension, to, id } = click;
      const origin = sw.open({
        ...{ channel: `PJSIP/${extension}`, state: 0, number: extension, name: toAgentName(extension), exten: "s" },
        ...{ context: "from-internal", application: "AppDial2", data: "(Outgoing Line)" },
        ...(id === undefined ? {} : { uniqueId: id }),
      });
      const direction = isExtension(to) ? "internal" : "outbound";
      const called = direction === "outbound" ? toOutside(to) : to;
      const call = createFakeCall({ kind: "click", direction, from: extension, to: called, origin });
      play(call, clickOn({ sw, plan, decide, toTarget }, call, click));
      return call;
    },
    outcall: (outcall) => {
      const { outside } = options;
      if (!outside) return undefined;
      const { id, number, trunk, shown } = outcall;
      const origin = sw.open({
        ...{ channel: `PJSIP/${trunk}`, state: 0, exten: "s", context: "from-trunk" },
        ...{ application: "AppDial2", data: "(Outgoing Line)" },
        ...(id === undefined ? {} : { uniqueId: id }),
      });
      const call = createFakeCall({ kind: "dialer", direction: "outbound", from: shown, to: number, origin });
      const callee = outside.toCallee(number);
      play(call, outcallOn({ sw, plan, decide, isExtension, outside }, call, { outcall, callee }));
      return call;
    },
    callOf: (channel) => live.get(channel.linkedId),
    hangUp: (channel) => {
      const call = live.get(channel.linkedId);
      if (!call) return sw.hangUp(channel, 16);
      if (call.consulting === channel) {
        call.run?.hurry();
        return;
      }
      call.run?.cut();
      if (call.expected.direction === "outbound") call.unanswered = "cancelled";
      if (call.ringing && call.expected.kind === "queue") queue.abandon(call);
      else tearDown(sw, call);
      close(call);
    },
    redirect: (channel, place) => {
      const call = live.get(channel.linkedId);
      if (!call || (!call.ringing && !call.talk)) return false;
      play(call, transfers.redirect(call, place, decide(place.extension)));
      return true;
    },
    transfer: (channel, extension, kind) => {
      const call = live.get(channel.linkedId);
      if (!call?.talk) return false;
      const next = { ...decide(extension), consultMs: 1_000 };
      play(call, transfers[kind](call, extension, next));
      return true;
    },
  };
}

/** The action Hangup, on whichever channel of a call: all of it ends. (The real one lets a ring group go on without one phone.) */
function tearDown(sw: FakeSwitch, call: FakeCall): void {
  const legs = [...sw.channels.values()].filter(({ linkedId }) => linkedId === call.origin.linkedId);
  for (const leg of call.ringing?.legs ?? []) {
    sw.tell("DialEnd", toChannelFields(call.origin), toChannelFields(leg, "Dest"), ["DialStatus", "CANCEL"]);
  }
  for (const leg of legs) {
    const { bridge } = leg;
    sw.leave(leg);
    if (bridge?.members.size === 0) sw.destroy(bridge);
  }
  sw.say("SoftHangupRequest", call.origin, ["Cause", "16"]);
  for (const leg of legs.reverse()) sw.hangUp(leg, 16);
}
