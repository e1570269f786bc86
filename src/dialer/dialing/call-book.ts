import type { LiveCall } from "./live-call.ts";
import type { TrunkBreakers } from "./trunk-breakers.ts";

/** The calls of this process's PBXs that have not ended, by their attempt's id. */
export interface CallBook {
  find(attemptId: string): LiveCall | undefined;
  /** By the id of its first channel. */
  findChannel(channelId: string): LiveCall | undefined;
  /** A call file placed it: its channel has another id. */
  rename(call: LiveCall, channelId: string): void;
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
  /** Of those that have another id than their attempt. */
  const byChannel = new Map<string, LiveCall>();

  function remove(call: LiveCall): boolean {
    call.cancelWait();
    call.release();
    byChannel.delete(call.channelId);
    return calls.delete(call.attempt.id);
  }

  return {
    remove,
    find: (attemptId) => calls.get(attemptId),
    findChannel: (channelId) => byChannel.get(channelId) ?? calls.get(channelId),
    rename: (call, channelId) => {
      call.channelId = channelId;
      if (calls.has(call.attempt.id)) byChannel.set(channelId, call);
    },
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
