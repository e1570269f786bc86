import { AppError, toFieldError } from "../core/errors.ts";
import { PbxRefusal } from "./ask-pbx.ts";
import type { CallCommands, CallCommandsOptions } from "./call-commands.ts";
import type { FoundCall } from "./call-finder.ts";
import { fillDialTemplate, fillNumberTemplate } from "./dial-template.ts";
import type { OriginateResult } from "./originate.ts";
import { say } from "./words.ts";

/** How calls are placed on a PBX. */
export interface DialSettings {
  /** `PJSIP/${extension}`, or `Local/${extension}@originate-skipvm/n` so that a mailbox does not answer for the agent. */
  extension: string;
  /** Context in which phones dial: `from-internal`. */
  context: string;
  /** What a phone dials for an outside number: `${number}`, `9${number}`. */
  number: string;
  /** What `number` is filled with; see core/pbx-record.ts. */
  form?: "local" | "e164";
}

export interface ClickToCall {
  /** The call's id from request to CRM; see `OriginateRequest.id`. */
  id: string;
  /** Rings first. */
  extension: string;
  /** As the PBX's phones dial it, before the template. Dialled once the extension has picked up, and shown to it. */
  number: string;
  /** Default 30,000. */
  ringMs?: number;
}

export interface PlacedCall {
  /** Of the call to be; `null` when it was placed by a call file and the PBX has not said its id in time. */
  callUuid: string | null;
  /** How the extension took it; never rejects. */
  result: Promise<OriginateResult>;
}

/** Ids of supervisors' own legs begin so; they are nobody's call. */
export const SPY_ID = "spy-";
const RING_MS = 30_000;
/** `q`: no beep; `u`: the channel is named by its id; `E`: it ends with the call. */
const SPY_OPTIONS = { listen: "quE", whisper: "quEw", barge: "quEB" } as const;

/** The commands that ring somebody: click-to-call, and a supervisor who listens in. */
export function createCallPlacing(
  { dial, callIdPrefix, originate, placeByFile, isExtension }: CallCommandsOptions,
  find: (callUuid: string) => FoundCall,
): Pick<CallCommands, "clickToCall" | "listenIn"> {
  return {
    clickToCall: async ({ id, extension, number, ringMs = RING_MS }, signal) => {
      checkExtension(isExtension, extension);
      const channel = fillDialTemplate(dial.extension, { extension });
      const to = { context: dial.context, extension: fillNumberTemplate(dial.number, number) };
      const request = { id, channel, to, callerId: { number }, timeoutMs: ringMs };
      try {
        const { result } = await originate(request, signal);
        return { callUuid: `${callIdPrefix}${id}`, result };
      } catch (error) {
        if (!placeByFile || !(error instanceof PbxRefusal)) throw error;
        const { linkedId, result } = await placeByFile(request);
        return { callUuid: linkedId && `${callIdPrefix}${linkedId}`, result };
      }
    },
    listenIn: async (callUuid, { id, extension, mode }) => {
      checkExtension(isExtension, extension);
      const { talking, call } = find(callUuid);
      if (talking === undefined) throw new AppError("conflict", say("nobodyHeard"));
      const agent = call.people.find((leg) => leg.id === talking)?.party ?? "";
      if (agent === extension) throw toFieldError("extension", say("talksThere"));
      await originate({
        id,
        channel: fillDialTemplate(dial.extension, { extension }),
        to: { application: "ChanSpy", data: `${talking},${SPY_OPTIONS[mode]}` },
        callerId: { name: `Enlace: ${mode}`, number: agent },
        timeoutMs: RING_MS,
      });
    },
  };
}

/** Throws `AppError("invalid_field")` unless the PBX has it. */
export function checkExtension(isExtension: (extension: string) => boolean, extension: string): void {
  if (!isExtension(extension)) throw toFieldError("extension", "is not known");
}
