import { AppError } from "../core/errors.ts";
import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";
import { AmiUnansweredError, isSuccess } from "./ami/session.ts";
import { fillDialTemplate, fillNumberTemplate } from "./dial-template.ts";
import type { Originator } from "./originate.ts";
import type { CallTracker } from "./tracker/call-tracker.ts";
import { type Leg, splitSides, type TrackedCall } from "./tracker/tracked-call.ts";

/** How calls are placed on a PBX. */
export interface DialSettings {
  /** `PJSIP/${extension}`, or `Local/${extension}@originate-skipvm/n` so that a mailbox does not answer for the agent. */
  extension: string;
  /** Context in which phones dial: `from-internal`. */
  context: string;
  /** What a phone dials for an outside number: `${number}`, `9${number}`. */
  number: string;
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

/** What people do to calls. All throw `AppError`: `not_found`, `invalid_field`, `unavailable`, `conflict` (the PBX says no). */
export interface CallCommands {
  clickToCall(request: ClickToCall, signal?: AbortSignal): ReturnType<Originator["originate"]>;
  hangUp(callUuid: string): Promise<void>;
  /** Sends the customer to an extension, ringing or talking; whoever rings stops. */
  redirect(callUuid: string, extension: string): Promise<void>;
  /** The agent who talks hands the customer to an extension: at once, or after talking to it first. */
  transfer(callUuid: string, extension: string, kind: "blind" | "attended"): Promise<void>;
}

export interface CallCommandsOptions {
  dial: DialSettings;
  callIdPrefix: string;
  isExtension(extension: string): boolean;
  tracker: Pick<CallTracker, "calls">;
  originate: Originator["originate"];
  send(action: AmiAction): Promise<AmiMessage>;
}

export function createCallCommands(options: CallCommandsOptions): CallCommands {
  const { dial, callIdPrefix, isExtension, tracker, originate, send } = options;

  function find(callUuid: string): TrackedCall {
    const call = tracker.calls().find(({ id }) => `${callIdPrefix}${id}` === callUuid);
    if (call) return call;
    throw new AppError("not_found", "this call is not going on");
  }

  /** Channels are named by Uniqueid: Asterisk takes it for the name, and it never changes hands. */
  async function ask(name: string, fields: Readonly<Record<string, string | number>>): Promise<void> {
    let response: AmiMessage;
    try {
      response = await send({ name, fields });
    } catch (error) {
      if (error instanceof AmiUnansweredError)
        throw new AppError("unavailable", error.message, { retryAfterSeconds: 5 });
      throw error;
    }
    if (!isSuccess(response)) throw new AppError("conflict", `the PBX says: ${response.get("Message") ?? "no"}`);
  }

  function checkExtension(extension: string): void {
    if (isExtension(extension)) return;
    throw new AppError("invalid_field", "no such extension", {
      fields: [{ path: "extension", message: "is not known" }],
    });
  }

  return {
    clickToCall: async ({ id, extension, number, ringMs = 30_000 }, signal) => {
      checkExtension(extension);
      const channel = fillDialTemplate(dial.extension, { extension });
      const to = { context: dial.context, extension: fillNumberTemplate(dial.number, number) };
      return originate({ id, channel, to, callerId: { number }, timeoutMs: ringMs }, signal);
    },
    hangUp: async (callUuid) => {
      const call = find(callUuid);
      const { customers, agents } = liveSides(call);
      const leg = customers[0] ?? agents[0];
      if (!leg) throw new AppError("not_found", "this call is not going on");
      await ask("Hangup", { Channel: leg.id, Cause: 16 });
    },
    redirect: async (callUuid, extension) => {
      checkExtension(extension);
      const { customers } = liveSides(find(callUuid));
      const [customer] = customers;
      if (!customer) throw new AppError("conflict", "there is nobody to send on");
      await ask("Redirect", { Channel: customer.id, Context: dial.context, Exten: extension, Priority: 1 });
    },
    transfer: async (callUuid, extension, kind) => {
      checkExtension(extension);
      const call = find(callUuid);
      const talking = call.talks.findLast(({ endedAt, extension: agent }) => endedAt === null && agent !== null);
      if (!talking) throw new AppError("conflict", "nobody is talking who could transfer");
      const name = kind === "blind" ? "BlindTransfer" : "Atxfer";
      await ask(name, { Channel: talking.leg, Context: dial.context, Exten: extension });
    },
  };
}

function liveSides(call: TrackedCall): { customers: Leg[]; agents: Leg[] } {
  const direction = call.origin.kind === "trunk" && call.origin.entered ? "inbound" : "outbound";
  const { customers, agents } = splitSides(call, direction);
  const isLive = ({ id }: Leg): boolean => call.live.has(id);
  return { customers: customers.filter(isLive), agents: agents.filter(isLive) };
}
