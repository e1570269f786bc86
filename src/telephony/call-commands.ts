import { AppError } from "../core/errors.ts";
import type { Clock } from "../kit/clock.ts";
import type { AmiAction } from "./ami/action.ts";
import type { AmiMessage } from "./ami/message.ts";
import { type AskPbx, createAskPbx } from "./ask-pbx.ts";
import { type AttendedTransfers, createAttendedTransfers } from "./attended-transfer.ts";
import type { PlaceByFile } from "./call-file.ts";
import { createCallFinder, type FoundCall } from "./call-finder.ts";
import {
  type ClickToCall,
  checkExtension,
  createCallPlacing,
  type DialSettings,
  type PlacedCall,
} from "./call-placing.ts";
import { createCallRecorder } from "./call-recorder.ts";
import { fillNumberTemplate } from "./dial-template.ts";
import type { EventWaits } from "./event-waits.ts";
import type { Originator } from "./originate.ts";
import type { AskedCommand } from "./pbx-command.ts";
import type { TrackedFact } from "./tracker/call-facts.ts";
import type { CallTracker } from "./tracker/call-tracker.ts";
import { say } from "./words.ts";

type Asked<Kind extends AskedCommand["kind"]> = Omit<
  Extract<AskedCommand, { kind: Kind }>,
  "kind" | "callUuid" | "onlyFor"
>;

/**
 * What people do to calls. All throw `AppError`: `not_found`, `forbidden` (not a call of the one who asks), `invalid_field`,
 * `unavailable`, `conflict` (the PBX says no).
 */
export interface CallCommands {
  clickToCall(request: ClickToCall, signal?: AbortSignal): Promise<PlacedCall>;
  hangUp(callUuid: string): Promise<void>;
  /** Sends the customer to an extension, ringing or talking; whoever rings stops. */
  redirect(callUuid: string, extension: string): Promise<void>;
  /** Sends a caller whom nobody has answered yet to an extension or queue; `conflict` once somebody has. */
  divert(callUuid: string, to: string): Promise<void>;
  /** The agent who talks hands the customer to an extension or number: at once, or after talking to it first. */
  transfer(callUuid: string, to: string | Asked<"transfer">["to"], way: "blind" | "attended"): Promise<void>;
  /** The agent who consults somebody before handing over goes back to the customer, and is there. `conflict` when nobody does. */
  cancelTransfer(callUuid: string): Promise<void>;
  /** Leaves the customer in a parking lot; the phone of the agent hears which space it is, and rings when nobody comes. */
  park(callUuid: string, lot?: string | null): Promise<{ space: string | null; lot: string | null }>;
  /** Presses keys for the other side to hear. Resolves when all are pressed, five a second. */
  pressKeys(callUuid: string, keys: Asked<"dtmf">): Promise<void>;
  record(callUuid: string, action: Asked<"recording">["action"]): Promise<{ file: string | null }>;
  /** Rings an extension and lets it hear the agent's call: unheard, heard by the agent alone, or heard by both. */
  listenIn(callUuid: string, listener: Asked<"spy">): Promise<void>;
}

export interface CallCommandsOptions {
  pbx: string;
  dial: DialSettings;
  callIdPrefix: string;
  isExtension(extension: string): boolean;
  tracker: Pick<CallTracker, "calls">;
  originate: Originator["originate"];
  send(action: AmiAction): Promise<AmiMessage>;
  events: Pick<EventWaits, "next">;
  /** The way for an AMI user who may not originate; absent where the PBX has none. */
  placeByFile?: PlaceByFile | undefined;
  /** Facts that no event tells. */
  tell(facts: readonly TrackedFact[]): Promise<void>;
  clock: Clock;
}

const KEY_MS = 100;
const PARKED_WAIT_MS = 2_000;

/** Commands for one who asks: `onlyFor` are the extensions whose calls may be touched, `null` all calls. */
export type CommandsFor = (onlyFor: readonly string[] | null) => CallCommands;

export function createCallCommands(options: CallCommandsOptions): CommandsFor {
  const ask = createAskPbx(options.send);
  const findCall = createCallFinder(options.tracker, options.callIdPrefix);
  const isGoingOn = (id: string): boolean => options.tracker.calls().some((call) => call.id === id);
  const recorder = createCallRecorder({ ...options, ask, isGoingOn });
  const attended = createAttendedTransfers({ ...options, ask });
  return (onlyFor) => {
    const find = (callUuid: string): FoundCall => findCall(callUuid, onlyFor);
    return {
      ...createCallPlacing(options, find),
      ...createCallSteering(options, { ask, find, attended }),
      record: async (callUuid, action) => recorder.run(find(callUuid), action),
    };
  };
}

function createCallSteering(
  { dial, isExtension, events, clock }: CallCommandsOptions,
  { ask, find, attended }: { ask: AskPbx; find(callUuid: string): FoundCall; attended: AttendedTransfers },
): Pick<CallCommands, "hangUp" | "redirect" | "divert" | "transfer" | "cancelTransfer" | "park" | "pressKeys"> {
  function toDialed(to: string | Asked<"transfer">["to"]): string {
    if (typeof to === "object" && "number" in to) return fillNumberTemplate(dial.number, to.number);
    const extension = typeof to === "object" ? to.extension : to;
    checkExtension(isExtension, extension);
    return extension;
  }

  return {
    hangUp: async (callUuid) => {
      const { customers, agents } = find(callUuid);
      const leg = customers[0] ?? agents[0];
      if (!leg) throw new AppError("not_found", say("callGone"));
      await ask("Hangup", { Channel: leg.id, Cause: 16 });
    },
    redirect: async (callUuid, extension) => {
      checkExtension(isExtension, extension);
      const { id } = toCustomer(find(callUuid));
      await ask("Redirect", { Channel: id, Context: dial.context, Exten: extension, Priority: 1 });
    },
    divert: async (callUuid, to) => {
      const found = find(callUuid);
      if (found.call.talks.length > 0) throw new AppError("conflict", say("callTaken"));
      await ask("Redirect", { Channel: toCustomer(found).id, Context: dial.context, Exten: to, Priority: 1 });
    },
    transfer: async (callUuid, to, way) => {
      const Exten = toDialed(to);
      const found = find(callUuid);
      if (way === "attended") return attended.begin(found, { Context: dial.context, Exten });
      if (found.talking === undefined) throw new AppError("conflict", say("nobodyTransfers"));
      await ask("BlindTransfer", { Channel: found.talking, Context: dial.context, Exten });
    },
    cancelTransfer: (callUuid) => attended.giveUp(find(callUuid)),
    park: async (callUuid, lot) => {
      const found = find(callUuid);
      const { id } = toCustomer(found);
      const agent = await ask("Getvar", { Channel: found.talking ?? id, Variable: "CHANNEL(name)" });
      const parked = events.next(
        (event) => event.get("Event") === "ParkedCall" && event.get("ParkeeUniqueid") === id,
        PARKED_WAIT_MS,
      );
      const fields = { Channel: id, TimeoutChannel: agent.get("Value"), Parkinglot: lot ?? undefined };
      await ask("Park", fields).catch((error: unknown) => {
        parked.drop();
        throw error;
      });
      const event = await parked.event;
      return { space: event?.get("ParkingSpace") ?? null, lot: event?.get("Parkinglot") ?? null };
    },
    pressKeys: async (callUuid, { digits, to }) => {
      const found = find(callUuid);
      const Channel = to === "agent" ? found.talking : toCustomer(found).id;
      if (Channel === undefined) throw new AppError("conflict", say("nobodyHears"));
      for (const [index, Digit] of [...digits].entries()) {
        if (index > 0) await clock.sleep(KEY_MS);
        await ask("PlayDTMF", { Channel, Digit, Duration: KEY_MS });
      }
    },
  };
}

function toCustomer({ customers }: FoundCall) {
  const [customer] = customers;
  if (!customer) throw new AppError("conflict", say("nobodyThere"));
  return customer;
}
