import { z } from "zod";
import { FIELD_SENTENCES } from "../core/field-words.ts";
import { rowIdField } from "../http/wire.ts";
import { RECORDING_ACTIONS, SPY_MODES } from "./pbx-command.ts";

const extension = z.string().regex(/^\d{2,10}$/, FIELD_SENTENCES.extension);
const number = z.string().trim().min(2).max(40);

export const newCall = z.strictObject({
  extension: extension.meta({ description: "Rings first; an agent's own" }),
  number: number.meta({ description: "Dialled once the extension has picked up" }),
  pbx_id: rowIdField.optional().meta({ description: "By default the first PBX that the answering process listens to" }),
  despite_suppression: z.string().trim().min(3).max(300).optional().meta({
    description:
      "Why a number on the do-not-call list, or outside its hours, is called all the same; supervisors and programs only, kept in the log of changes",
  }),
});

export const newCallHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, "must be 1 to 200 visible characters")
    .optional()
    .meta({ description: "The same key of the same caller means the same call, however often it is sent" }),
});

export const placedCall = z.object({
  call_uuid: z.string().nullable().meta({
    description:
      "Of the call to be, in GET /api/v1/calls and in every CRM; null: placed by a call file, and the PBX has not said it",
  }),
  pbx_id: z.string(),
});

export const transferBody = z
  .strictObject({
    extension: extension.optional().meta({ description: "Of this tenant" }),
    number: number.optional().meta({ description: "Outside, in place of an extension" }),
    kind: z
      .enum(["blind", "attended"])
      .default("blind")
      .meta({ description: "attended: the agent talks to the target first, and hands over by hanging up" }),
  })
  .refine((body) => (body.extension === undefined) !== (body.number === undefined), {
    path: ["extension"],
    message: "give an extension or a number",
  });

export const redirectBody = z.strictObject({ extension });

export const parkBody = z.strictObject({
  lot: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,60}$/, "is not the name of a parking lot")
    .nullable()
    .default(null)
    .meta({ description: "By default the PBX's own" }),
});

export const parkedCall = z.object({
  space: z.string().nullable().meta({ description: "Dial it to fetch the call; null: the PBX has not said" }),
  lot: z.string().nullable(),
});

export const keysBody = z.strictObject({
  digits: z.string().regex(/^[0-9A-D*#]{1,32}$/, "must be 1 to 32 of 0-9 A-D * #"),
  to: z.enum(["customer", "agent"]).default("customer").meta({ description: "Who hears them" }),
});

export const recordingBody = z.strictObject({ action: z.enum(RECORDING_ACTIONS) });

export const recordingAnswer = z.object({
  file: z.string().nullable().meta({
    description: "Below the PBX's folder of recordings; null: another process, or the PBX itself, began it",
  }),
});

export const spyBody = z.strictObject({
  extension: extension.meta({ description: "Your own: it rings, and hears the call" }),
  mode: z
    .enum(SPY_MODES)
    .default("listen")
    .meta({ description: "listen: unheard; whisper: the agent alone hears you; barge: both do" }),
});
