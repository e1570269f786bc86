import type { FakeBehaviour, FakeCall } from "./fake-call.ts";
import { dialOn } from "./fake-dial.ts";
import { type FakeDialplan, type FakeTarget, PRESENTED } from "./fake-dialplan.ts";
import type { FakeScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toChannelFields, UNKNOWN } from "./fake-wire.ts";

/** An Originate that was received. */
export interface FakeClick {
  id: string | undefined;
  extension: string;
  to: string;
  /** Number that the extension's phone shows. */
  shown: string;
  ringMsMax: number;
  /** OriginateResponse. */
  onEnd(isAnswered: boolean, reason: number, leg: FakeChannel): void;
}

interface ClickTools {
  sw: FakeSwitch;
  plan: FakeDialplan;
  decide(who: string): FakeBehaviour;
  toTarget(dialed: string): FakeTarget;
}

/** What Originate does: the agent's phone first; once it is picked up, it dials like any phone. */
export function* clickOn({ sw, plan, decide, toTarget }: ClickTools, call: FakeCall, click: FakeClick): FakeScript {
  const leg = call.origin;
  const { ringMsMax, onEnd, to } = click;
  const { does, ringMs } = decide(click.extension);
  const tellDial = (event: string, status: string): void =>
    sw.tell(event, toChannelFields(leg, "Dest"), ["DialStatus", status]);
  leg.number = click.shown;
  sw.say("NewCallerid", leg, PRESENTED);
  sw.connect(leg, click.shown, UNKNOWN);
  sw.tell("DialBegin", toChannelFields(leg, "Dest"), ["DialString", click.extension]);
  yield 3;
  if (does === "busy" || does === "unknown") {
    call.unanswered = "busy";
    sw.say("HangupRequest", leg);
    onEnd(false, 0, leg);
    tellDial("DialEnd", "BUSY");
    return sw.hangUp(leg, 17);
  }
  call.unanswered = "cancelled";
  sw.state(leg, 5);
  tellDial("DialState", "RINGING");
  yield Math.min(ringMs, ringMsMax);
  if (does === "ring" || ringMs > ringMsMax) {
    sw.hangUp(leg, 0);
    return onEnd(false, 3, leg);
  }
  sw.state(leg, 6);
  tellDial("DialEnd", "ANSWER");
  leg.exten = to;
  onEnd(true, 4, leg);
  yield* dialOn(plan, call, { caller: leg, targets: [toTarget(to)], behaviour: decide(to) });
}
