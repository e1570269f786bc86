import { toErrorMessage } from "../../core/errors.ts";
import type { Log } from "../../kit/log.ts";
import type { AmiAction } from "../ami/action.ts";
import { AmiMessage } from "../ami/message.ts";
import type { AmiItem } from "../ami/stream.ts";

/**
 * Asterisk says that a channel is recorded (MixMonitorStart, since 16.20) but names the file only in a variable of the channel.
 * Whoever may see VarSet events hears of it; for all others this asks, which needs no right beyond `reporting`.
 */
export interface RecordingNames {
  /** Never throws and never waits; the answer comes as an item of its own. */
  take(item: AmiItem): void;
}

export interface RecordingNamesOptions {
  send(action: AmiAction): Promise<AmiMessage>;
  /** Takes the name as the VarSet event that we may not see. */
  onName(item: AmiItem): Promise<void>;
  log: Log;
}

const VARIABLE = "MIXMONITOR_FILENAME";
/** More at once is a PBX that goes mad; its recordings are found by other means. */
const ASKED_MAX = 200;

export function createRecordingNames({ send, onName, log }: RecordingNamesOptions): RecordingNames {
  let asked = 0;

  async function ask(started: AmiMessage, at: Date): Promise<void> {
    const channel = started.get("Channel") ?? "";
    const answer = await send({ name: "Getvar", fields: { Channel: channel, Variable: VARIABLE } });
    const file = answer.get("Response") === "Success" ? answer.get("Value") : undefined;
    if (!file) return;
    const ids = ["Uniqueid", started.get("Uniqueid") ?? "", "Linkedid", started.get("Linkedid") ?? ""];
    const fields = ["Event", "VarSet", "Channel", channel, ...ids, "Variable", VARIABLE, "Value", file];
    await onName({ kind: "event", at, message: new AmiMessage(fields) });
  }

  return {
    take: (item) => {
      if (item.kind !== "event" || item.message.get("Event") !== "MixMonitorStart" || asked >= ASKED_MAX) return;
      asked++;
      ask(item.message, item.at)
        .catch((error: unknown) => log.debug({ reason: toErrorMessage(error) }, "pbx.recording_name_unknown"))
        .finally(() => asked--);
    },
  };
}
