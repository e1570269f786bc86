import type { LiveCall } from "./live-call.ts";
import type { TrunkBreakers } from "./trunk-breakers.ts";

/** The calls of this process's PBXs that have not ended, by their attempt's id. */
export interface CallBook {
  find(attemptId: string): LiveCall | undefined;
  ofPbx(pbxId: string): LiveCall[];
  /** A call that is about to be placed, or that was found alive. */
  begin(call: LiveCall): void;
  /** It is nobody's call any more, and nothing is written of it: it was never placed, or another looks after it. */
  drop(call: LiveCall): void;
  /** Takes it out, with its slots; `false` when it was out already. */
  remove(call: LiveCall): boolean;
}

export function createCallBook(breakers: TrunkBreakers): CallBook {
  const calls = new Map<string, LiveCall>();

  function remove(call: LiveCall): boolean {
    call.cancelWait();
    call.release();
    return calls.delete(call.attempt.id);
  }

  return {
    remove,
    find: (attemptId) => calls.get(attemptId),
    ofPbx: (pbxId) => [...calls.values()].filter(({ pbx }) => pbx.id === pbxId),
    begin: (call) => {
      calls.set(call.attempt.id, call);
      if (call.trunk && call.attempt.state === "dialing") breakers.begin(call.trunk.id);
    },
    drop: (call) => {
      if (remove(call) && call.trunk && call.attempt.state === "dialing") breakers.end(call.trunk.id, "unknown");
    },
  };
}
