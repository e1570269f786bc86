import { converseAgi, type FakeAgiEnd } from "./fake-agi-dialog.ts";
import type { FakeBehaviour, FakeCall } from "./fake-call.ts";
import type { FakeDialplan } from "./fake-dialplan.ts";
import type { FakeScript } from "./fake-script.ts";
import type { FakeSwitch } from "./fake-switch.ts";

/** The FastAGI server that a number of the dialplan leads to. */
export interface FakeAgiPlace {
  /** `agi://host:port/script?query` */
  url: string;
  args: readonly string[];
  keys: string;
  soundMs: number;
  /** Hears how the session went. */
  onEnd?(end: FakeAgiEnd): void;
}

interface AfterAgi {
  isExtension(text: string): boolean;
  /** Of the extension to which the script sent the caller. */
  behaviour: FakeBehaviour;
}

/** `AGI(agi://…)` and then wherever the script left the channel: an extension is dialled, anything else hangs up. */
export function createFakeAgi(sw: FakeSwitch, plan: FakeDialplan) {
  return {
    run: function* (call: FakeCall, place: FakeAgiPlace, { isExtension, behaviour }: AfterAgi): FakeScript {
      const { origin: channel } = call;
      Object.assign(channel, { application: "AGI", data: place.url });
      const dialed = channel.exten;
      let end: FakeAgiEnd | undefined;
      const answer = (): void => {
        if (channel.state !== 6) sw.state(channel, 6);
      };
      const isLive = (): boolean => sw.channels.has(channel.uniqueId);
      yield converseAgi({ ...place, channel, clock: sw.clock, isLive, onAnswer: answer }).then((ended) => {
        end = ended;
        place.onEnd?.(ended);
      });
      if (end?.status !== "HANGUP" && channel.exten !== dialed && isExtension(channel.exten)) {
        const { does } = behaviour;
        const [leg] = yield* plan.ring(call, channel, { targets: [{ extension: channel.exten }], does });
        yield behaviour.ringMs;
        if (leg && does === "answer") {
          plan.answer(call, leg);
          return yield* plan.talk(call, behaviour);
        }
        if (leg) plan.refuse(call, leg, does === "answer" ? "ring" : does);
      }
      plan.finish(call, 16);
    },
  };
}
