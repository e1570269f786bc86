import { converseAgi, type FakeAgiEnd, type FakeExec } from "./fake-agi-dialog.ts";
import type { FakeBehaviour, FakeCall } from "./fake-call.ts";
import type { FakeCallee } from "./fake-callees.ts";
import { type FakeDialplan, PRESENTED } from "./fake-dialplan.ts";
import { type FakeScript, runScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toChannelFields, UNKNOWN } from "./fake-wire.ts";

/** An Originate over a trunk that was received: what a dialer asks for. */
export interface FakeOutcall {
  id: string | undefined;
  number: string;
  trunk: string;
  /** Number that the callee is shown. */
  shown: string;
  ringMsMax: number;
  place: { context: string; extension: string };
  /** OriginateResponse. */
  onEnd(isAnswered: boolean, reason: number, leg: FakeChannel): void;
}

/** The world outside, and where the dialplan sends who picks up there. */
export interface FakeOutside {
  toCallee(number: string): FakeCallee;
  /** Absent: nobody speaks to them, and they are hung up. */
  agi(): { url: string; args: readonly string[] } | undefined;
  /** How long a sound is. */
  soundMs: number;
  /** How long AMD listens. */
  amdMs?: number;
  /** Hears how each session went. */
  onSession?(end: FakeAgiEnd, callee: FakeCallee): void;
}

export interface OutcallTools {
  sw: FakeSwitch;
  plan: FakeDialplan;
  outside: FakeOutside;
  isExtension(text: string): boolean;
  /** How an extension behaves that the script rings. */
  decide(who: string): FakeBehaviour;
}

/** How a call ends that is not picked up: DialEnd and the cause of the Hangup, as Asterisk says them over PJSIP. */
const UNREACHED = {
  busy: { status: "BUSY", cause: 17, outcome: "busy" },
  rejects: { status: "BUSY", cause: 21, outcome: "missed" },
  unknown: { status: "NOANSWER", cause: 1, outcome: "failed" },
  congested: { status: "CONGESTION", cause: 34, outcome: "failed" },
  ring: { status: "NOANSWER", cause: 19, outcome: "missed" },
} as const;
/** The carrier's answer takes a moment. */
const REFUSED_AFTER_MS = 20;
const AMD_MS = 300;

/** The trunk leg rings, and whoever picks up is talked to by the FastAGI server. */
export function* outcallOn(
  tools: OutcallTools,
  call: FakeCall,
  { outcall, callee }: { outcall: FakeOutcall; callee: FakeCallee },
): FakeScript {
  const { sw, outside, plan } = tools;
  const leg = call.origin;
  const { does, ringMs } = callee;
  const { ringMsMax, onEnd } = outcall;
  const tellDial = (event: string, status: string): void =>
    sw.tell(event, toChannelFields(leg, "Dest"), ["DialStatus", status]);
  leg.number = outcall.shown;
  sw.say("NewCallerid", leg, PRESENTED);
  sw.connect(leg, outcall.shown, UNKNOWN);
  sw.tell("DialBegin", toChannelFields(leg, "Dest"), ["DialString", `${outcall.number}@${outcall.trunk}`]);
  const refuse = ({ status, cause, outcome }: (typeof UNREACHED)[keyof typeof UNREACHED]): void => {
    call.unanswered = outcome;
    sw.say("HangupRequest", leg);
    onEnd(false, 0, leg);
    tellDial("DialEnd", status);
    sw.hangUp(leg, cause);
  };
  yield REFUSED_AFTER_MS;
  if (does !== "human" && does !== "machine" && does !== "ring") return refuse(UNREACHED[does]);
  sw.state(leg, 5);
  tellDial("DialState", "RINGING");
  yield Math.min(ringMs, ringMsMax);
  if (ringMs > ringMsMax) {
    call.unanswered = "missed";
    sw.hangUp(leg, 0);
    return onEnd(false, 3, leg);
  }
  if (does === "ring") return refuse(UNREACHED.ring);
  call.unanswered = "answered";
  sw.state(leg, 6);
  tellDial("DialEnd", "ANSWER");
  Object.assign(leg, { context: outcall.place.context, exten: outcall.place.extension, application: "AGI" });
  call.expected.answeredAt = sw.clock.now();
  onEnd(true, 4, leg);
  yield talkTo(tools, call, callee);
  if (sw.channels.has(leg.uniqueId)) plan.finish(call, outside.agi() ? 16 : 41);
}

/** The person with the IVR, until one of them hangs up. */
async function talkTo(tools: OutcallTools, call: FakeCall, callee: FakeCallee): Promise<void> {
  const { sw, outside } = tools;
  const place = outside.agi();
  if (!place) return;
  const gone = new AbortController();
  call.onClose = () => gone.abort();
  const release = sw.clock.after(callee.patienceMs, () => {
    if (!call.talk && !call.ringing) gone.abort();
  });
  const end = await converseAgi({
    ...place,
    channel: call.origin,
    ...{ keys: callee.keys, soundMs: outside.soundMs, clock: sw.clock },
    onAnswer: () => undefined,
    isLive: () => sw.channels.has(call.origin.uniqueId) && !gone.signal.aborted,
    gone: gone.signal,
    exec: createExec(tools, call, callee),
  });
  release();
  outside.onSession?.(end, callee);
}

/** The applications that the IVR runs and whose variables it reads. */
function createExec(
  { sw, plan, isExtension, decide, outside }: OutcallTools,
  call: FakeCall,
  callee: FakeCallee,
): FakeExec {
  const { variables } = call.origin;

  /** Rings a phone of ours; who picks up talks, and then both hang up. */
  async function ring(extension: string): Promise<void> {
    const behaviour = decide(extension);
    const startedMs = sw.clock.monotonicMs();
    const { promise, resolve } = Promise.withResolvers<void>();
    const seconds = (fromMs: number): string => String(Math.round((sw.clock.monotonicMs() - fromMs) / 1000));
    function* script(): FakeScript {
      const [leg] = yield* plan.ring(call, call.origin, { targets: [{ extension }], does: behaviour.does });
      yield behaviour.ringMs;
      if (leg && behaviour.does === "answer") {
        plan.answer(call, leg);
        const answeredMs = sw.clock.monotonicMs();
        yield behaviour.talkMs;
        variables
          .set("DIALSTATUS", "ANSWER")
          .set("ANSWEREDTIME", seconds(answeredMs))
          .set("DIALEDTIME", seconds(startedMs));
        return plan.part(call, behaviour.hangsUp);
      }
      if (leg && behaviour.does !== "answer") plan.refuse(call, leg, behaviour.does);
      variables
        .set("DIALSTATUS", behaviour.does === "busy" ? "BUSY" : "NOANSWER")
        .set("DIALEDTIME", seconds(startedMs));
    }
    const run = runScript(script(), sw.clock, resolve);
    const { onClose } = call;
    call.onClose = () => {
      run.cut();
      onClose?.();
      resolve();
    };
    await promise;
  }

  return async (application, argument) => {
    if (application === "AMD") {
      const isMachine = callee.does === "machine";
      variables
        .set("AMDSTATUS", isMachine ? "MACHINE" : "HUMAN")
        .set("AMDCAUSE", isMachine ? "MAXWORDS-3-3" : "HUMAN-800-800");
      return { afterMs: outside.amdMs ?? AMD_MS };
    }
    if (application !== "Dial") return { afterMs: application === "WaitForSilence" ? 1_000 : 0 };
    const [, extension = ""] = /^(?:PJSIP|SIP)\/([^@/,]+)(?:,|$)/.exec(argument) ?? [];
    if (isExtension(extension)) await ring(extension);
    else variables.set("DIALSTATUS", "CHANUNAVAIL").set("DIALEDTIME", "0");
    return { afterMs: 0 };
  };
}
