import { z } from "zod";
import { RELOADABLE } from "./reload.ts";

/** What can be asked of a PBX: the form in which an order travels to the process that listens to it. */

/** As a phone of the PBX dials it. */
const dialable = z.string().regex(/^\+?[\d*#]{1,32}$/);
const extension = z.string().regex(/^\d{2,10}$/);
const callUuid = z.string().min(1).max(200);
/** Extensions of the agent who asks: only a call that one of them is part of may be touched. `null`: any call. */
const onlyFor = z.array(extension).max(100).nullable().default(null);

export const RECORDING_ACTIONS = ["start", "stop", "pause", "resume"] as const;
export const SPY_MODES = ["listen", "whisper", "barge"] as const;

export const pbxCommand = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("originate"), id: z.string().max(31), extension, number: dialable }),
  z.object({ kind: z.literal("hangup"), callUuid, onlyFor }),
  z.object({
    ...{ kind: z.literal("transfer"), callUuid, onlyFor, way: z.enum(["blind", "attended"]) },
    to: z.union([z.object({ extension }), z.object({ number: dialable })]),
  }),
  z.object({ kind: z.literal("cancel_transfer"), callUuid, onlyFor }),
  z.object({ kind: z.literal("redirect"), callUuid, extension }),
  /** The same for a caller whom nobody has answered yet, to an extension or a queue. */
  z.object({ kind: z.literal("divert"), callUuid, to: extension }),
  z.object({ kind: z.literal("park"), callUuid, onlyFor, lot: z.string().max(60).nullable().default(null) }),
  z.object({
    ...{ kind: z.literal("dtmf"), callUuid, onlyFor, to: z.enum(["customer", "agent"]) },
    digits: z.string().regex(/^[0-9A-D*#]{1,32}$/),
  }),
  z.object({ kind: z.literal("recording"), callUuid, onlyFor, action: z.enum(RECORDING_ACTIONS) }),
  z.object({
    ...{ kind: z.literal("spy"), callUuid, id: z.string().max(31), extension, mode: z.enum(SPY_MODES) },
  }),
  z.object({
    ...{ kind: z.literal("reload"), module: z.enum(RELOADABLE) },
    endpoints: z.array(z.string().regex(/^[A-Za-z0-9_-]{1,40}$/)).max(200),
  }),
]);
export type PbxCommand = z.output<typeof pbxCommand>;
/** Who asks may leave out what has a default. */
export type AskedCommand = z.input<typeof pbxCommand>;

/** What was done, in the words of the order; a field that an order does not tell is absent. */
export const commandAnswer = z.object({
  /** Of the call that was placed; `null` when nobody can tell yet. */
  callUuid: z.string().nullable().optional(),
  /** Where a call is parked; `null` when the PBX did not say. */
  space: z.string().nullable().optional(),
  lot: z.string().nullable().optional(),
  /** The recording, below the PBX's folder of recordings; `null` when another process began it. */
  file: z.string().nullable().optional(),
  /** Endpoints that the PBX does not know after a reload. */
  missing: z.array(z.string()).optional(),
});
export type CommandAnswer = z.output<typeof commandAnswer>;
