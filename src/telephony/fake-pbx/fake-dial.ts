import type { ExpectedCall, FakeBehaviour, FakeCall } from "./fake-call.ts";
import type { FakeDialplan, FakeTarget } from "./fake-dialplan.ts";
import type { FakeScript } from "./fake-script.ts";
import type { FakeChannel } from "./fake-wire.ts";

export interface DialOn {
  caller: FakeChannel;
  targets: readonly FakeTarget[];
  /** Who of them decides; by default the first. */
  by?: string;
  behaviour: FakeBehaviour;
}

/** What a refused outgoing or internal call comes to. */
const REFUSED: Readonly<Record<"busy" | "unknown" | "ring", ExpectedCall["outcome"]>> = {
  busy: "busy",
  unknown: "failed",
  ring: "missed",
};

/** Rings, and goes on to the end of the call as whoever is called wants it. */
export function* dialOn(plan: FakeDialplan, call: FakeCall, { caller, targets, by, behaviour }: DialOn): FakeScript {
  const { does, ringMs, hangsUp } = behaviour;
  const { direction } = call.expected;
  const legs = yield* plan.ring(call, caller, { targets, does });
  const leg = legs.find(({ peer }) => peer === by) ?? legs[0];
  if (!leg) return;
  yield does === "busy" || does === "unknown" ? 3 : ringMs;
  if (does === "answer") {
    plan.answer(call, leg);
    return yield* plan.talk(call, behaviour);
  }
  if (does === "ring" && (hangsUp === "caller" || legs.length > 1)) {
    call.unanswered = direction === "outbound" ? "cancelled" : "missed";
    return plan.giveUp(call);
  }
  if (direction !== "inbound") call.unanswered = REFUSED[does];
  plan.refuse(call, leg, does);
  plan.finish(call, does === "busy" ? 17 : does === "unknown" ? 1 : 16);
}
