import { type FakeBehaviour, type FakeCall, noteTalk } from "./fake-call.ts";
import { answerConsultation, completeTransfer, consult, endTransferred } from "./fake-consultation.ts";
import { type FakeDialplan, takeRinging, toRecord } from "./fake-dialplan.ts";
import type { FakeScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";
import { type FakeChannel, toBridgeFields, toChannelFields } from "./fake-wire.ts";

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
      const consultation = yield* consult(sw, agent, extension);
      call.records.push(toRecord(consultation.colleague, `PJSIP/${extension},20,tT`, clock.now()));
      yield next.ringMs;
      const third = answerConsultation(sw, consultation);
      call.consulting = agent; // who hangs up now hands over
      yield next.consultMs;
      call.consulting = undefined;
      if (!first) return;
      completeTransfer(sw, { caller, agent, consultation, first });
      noteTalk(call, consultation.colleague, clock.now());
      yield next.talkMs;
      endTransferred(sw, { caller, consultation, first, third });
    },
  };
}

function takeTalk(call: FakeCall): NonNullable<FakeCall["talk"]> {
  const { talk } = call;
  if (!talk) throw new RangeError(`nobody talks in ${call.expected.callUuid}`);
  call.talk = undefined;
  return talk;
}
